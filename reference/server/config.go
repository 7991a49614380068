package server

import (
	"errors"
	"fmt"
	"net"
	"time"

	"hongbao/reference/server/auth"
)

// Config is how a server listens and what it bears. What is left zero gets the value that its comment names.
type Config struct {
	// Addr is where the API listens: host:port; port 0 lets the system choose.
	Addr string

	// TLSCert and TLSKey name PEM files. Both or neither; without them the API is spoken in clear, for use behind
	// something that ends TLS. HTTP/1.1 and HTTP/2 are spoken either way.
	TLSCert, TLSKey string

	// DebugAddr is where pprof and the metrics listen; a missing host means loopback. Empty: nowhere.
	DebugAddr string

	// MaxBody is the largest request body in bytes; 1 MiB.
	MaxBody int64

	// Deadline is the longest that a request may take, its body not counted; a client may ask for less. 3 s.
	Deadline time.Duration

	// BodyTimeout is how long a request may take to arrive in full; 10 s.
	BodyTimeout time.Duration

	// MaxInFlight is how many requests of upstreams, and as many of users, are worked on at once (L1). More are refused
	// with wallet.ErrOverloaded and nothing done: a queue here would only turn refusals into time-outs. 1024.
	MaxInFlight int

	// MaxEveryday is the same of upstreams whose key says that their traffic is not the festival's (L3): they have places
	// of their own, which no flood of the festival's takes. 256.
	MaxEveryday int

	// MaxConnections bounds open connections; more wait to be accepted. 10,000.
	MaxConnections int

	// DrainDelay is how long the server, told to stop, still serves while /readyz says no, so that load balancers
	// look elsewhere. DrainTimeout bounds how long it then waits for what runs; 10 s.
	DrainDelay, DrainTimeout time.Duration

	// Keys are those who may ask.
	Keys auth.Keys
}

// defaults fills in what was left zero.
func (c *Config) defaults() {
	setDefault(&c.MaxBody, 1<<20)
	setDefault(&c.Deadline, 3*time.Second)
	setDefault(&c.BodyTimeout, 10*time.Second)
	setDefault(&c.MaxInFlight, 1024)
	setDefault(&c.MaxEveryday, 256)
	setDefault(&c.MaxConnections, 10_000)
	setDefault(&c.DrainTimeout, 10*time.Second)
	if host, port, err := net.SplitHostPort(c.DebugAddr); err == nil && host == "" {
		c.DebugAddr = net.JoinHostPort("127.0.0.1", port)
	}
}

func setDefault[T int | int64 | time.Duration](to *T, value T) {
	if *to == 0 {
		*to = value
	}
}

// validate returns every fault.
func (c *Config) validate() error {
	var faults []error
	if (c.TLSCert == "") != (c.TLSKey == "") {
		faults = append(faults, errors.New("server: TLS needs a certificate and a key, there is one of them"))
	}
	if c.MaxBody < 0 || c.Deadline < 0 || c.BodyTimeout < 0 || c.MaxInFlight < 0 || c.MaxEveryday < 0 || c.MaxConnections < 0 || c.DrainDelay < 0 || c.DrainTimeout < 0 {
		faults = append(faults, fmt.Errorf("server: a limit is below zero: body %d bytes, deadline %s, body time-out %s, in flight %d, connections %d, drain %s and %s",
			c.MaxBody, c.Deadline, c.BodyTimeout, c.MaxInFlight, c.MaxConnections, c.DrainDelay, c.DrainTimeout))
	}
	return errors.Join(append(faults, c.Keys.Validate())...)
}
