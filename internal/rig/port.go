package rig

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	host = "127.0.0.1"

	// The ports are below those that the kernel assigns to outgoing connections. Otherwise a client that dials a stopped
	// server could be assigned the server's port, and would be connected to itself.
	firstPort, lastPort = 20000, 31999
	// portTries bounds the search: on a busy machine one in a thousand ports is used.
	portTries = 100
	// startTries bounds the starts of a server on other ports, because another program may take a port before the server.
	startTries = 3
)

// FreePort returns a port of the loopback interface on which nothing listens now.
func FreePort() (int, error) {
	var err error
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		var l net.Listener
		if l, err = net.Listen("tcp", addr(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("rig: no free port: %w", err)
}

func addr(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// started calls start until it succeeds, at most startTries times.
func started[T any](start func() (T, error)) (T, error) {
	var faults []error
	for range startTries {
		v, err := start()
		if err == nil {
			return v, nil
		}
		faults = append(faults, err)
		if !errors.Is(err, errGone) {
			break // The process did not end by itself, so its port was not the problem.
		}
	}
	var none T
	return none, errors.Join(faults...)
}
