package server

import (
	"errors"
	"fmt"
	"net"
	"time"

	"hongbao/reference/server/auth"
)

// Config is how a server listens, and its limits. A zero field gets the default that its comment names.
type Config struct {
	// Addr is the API's listen address, host:port. With port 0 the system chooses the port.
	Addr string

	// TLSCert and TLSKey name PEM files: both or neither. Without them the API is served in clear text, for use behind
	// a TLS proxy. HTTP/1.1 and HTTP/2 are served in both cases.
	TLSCert, TLSKey string

	// DebugAddr is the listen address of pprof and the metrics. Without a host it is loopback. Empty: no debug
	// listener.
	DebugAddr string

	// MaxBody is the largest request body, in bytes. Default: 1 MiB.
	MaxBody int64

	// Deadline is the longest time for handling a request, after its body arrived. A client may ask for less.
	// Default: 3 s.
	Deadline time.Duration

	// BodyTimeout is the longest time for a request to arrive in full. Default: 10 s.
	BodyTimeout time.Duration

	// MaxInFlight bounds the concurrent requests of upstreams, and separately those of users (L1). Further requests are
	// refused with wallet.ErrOverloaded and change nothing: a queue here would only turn refusals into timeouts.
	// Default: 1024.
	MaxInFlight int

	// MaxEveryday bounds the concurrent requests of upstreams whose key is marked as everyday traffic (L3). They have a
	// separate pool, which festival traffic cannot use up. Default: 256.
	MaxEveryday int

	// MaxConnections bounds open connections. Further ones wait to be accepted. Default: 10,000.
	MaxConnections int

	// DrainDelay is how long a stopping server still serves while /readyz reports "not ready", so that load balancers
	// remove it. Default: 0. DrainTimeout bounds the wait for running requests after that. Default: 10 s.
	DrainDelay, DrainTimeout time.Duration

	// Keys holds the credentials of callers, operators and sessions.
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

// validate returns all configuration errors.
func (c *Config) validate() error {
	var faults []error
	if (c.TLSCert == "") != (c.TLSKey == "") {
		faults = append(faults, errors.New("server: TLS needs a certificate and a key, only one of them is set"))
	}
	if c.MaxBody < 0 || c.Deadline < 0 || c.BodyTimeout < 0 || c.MaxInFlight < 0 || c.MaxEveryday < 0 || c.MaxConnections < 0 || c.DrainDelay < 0 || c.DrainTimeout < 0 {
		faults = append(faults, fmt.Errorf("server: a limit is negative: body %d bytes, deadline %s, body time-out %s, in flight %d, connections %d, drain %s and %s",
			c.MaxBody, c.Deadline, c.BodyTimeout, c.MaxInFlight, c.MaxConnections, c.DrainDelay, c.DrainTimeout))
	}
	return errors.Join(append(faults, c.Keys.Validate())...)
}
