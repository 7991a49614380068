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

	// The ports lie below those that the kernel gives to outgoing connections. Among them, a client that dials a server
	// that is down could be given the server's own port, and would be connected to itself.
	firstPort, lastPort = 20000, 31999
	// portTries bounds the search: one in a thousand ports is taken on a busy machine.
	portTries = 100
	// startTries bounds how often a server is started on other ports, because somebody took the first ones in between.
	startTries = 3
)

// FreePort returns a port of the loopback that nobody listens on now.
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
			break // It did not end by itself, so it was not for want of its port.
		}
	}
	var none T
	return none, errors.Join(faults...)
}
