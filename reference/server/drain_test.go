package server

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scrape returns the metrics.
func scrape(t *testing.T, f *fixture) string {
	got, err := f.client.Get(f.server.DebugURL() + "/metrics")
	require.NoError(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return string(text)
}

// TestDrain: told to stop, a server is first not ready and still serves; then it refuses what comes and finishes what
// runs.
func TestDrain(t *testing.T) {
	s := newSlow()
	f := start(t, slowService(s), func(c *Config, _ *Ports) { c.DrainDelay = 300 * time.Millisecond })
	running := later(f, f.request("WalletService/WalletPage", `{}`, f.session(1, 1)))
	<-s.entered
	f.stop()
	ready := func() int {
		got, err := f.client.Get(f.url + "/readyz")
		if err != nil {
			return 0
		}
		defer got.Body.Close()
		return got.StatusCode
	}
	require.Eventually(t, func() bool { return ready() == http.StatusServiceUnavailable }, 5*time.Second, time.Millisecond)
	require.False(t, f.server.draining.Load(), "it is not ready first")
	require.Equal(t, "ok", f.as("viewer", "OperatorService/Status", `{}`).reason(), "and serves meanwhile")

	require.Eventually(t, f.server.draining.Load, 5*time.Second, time.Millisecond)
	r := f.request("WalletService/WalletPage", `{}`, f.session(1, 2))
	require.ErrorIs(t, f.server.check(r, &call{endpoint: f.server.endpoints[r.URL.Path]}), errDraining)
	require.Eventually(t, func() bool { return ready() == 0 }, 5*time.Second, time.Millisecond, "nobody can come in any more")
	select {
	case <-running:
		require.Fail(t, "it was still running")
	default:
	}
	close(s.leave)
	require.Equal(t, "5", (<-running).text("balance_fen"))
	err := <-f.stopped
	require.NoError(t, err)
	f.stopped <- err // for the fixture's end
}

// TestDrainIsBounded: what does not end is not waited for for ever, and the caller of Serve is told.
func TestDrainIsBounded(t *testing.T) {
	s := newSlow()
	f := start(t, slowService(s), func(c *Config, _ *Ports) { c.DrainTimeout, c.Deadline = 50*time.Millisecond, time.Minute })
	gone := make(chan error, 1)
	go func() {
		got, err := f.client.Do(f.request("WalletService/WalletPage", `{}`, f.session(1, 1)))
		if err == nil {
			got.Body.Close()
		}
		gone <- err
	}()
	<-s.entered
	f.stop()
	require.ErrorContains(t, <-f.stopped, "still running")
	require.Error(t, <-gone)
	f.stopped <- nil
}

// TestPortTaken: a server that cannot listen says so and leaves nothing open.
func TestPortTaken(t *testing.T) {
	f := start(t)
	for _, taken := range []change{
		func(c *Config, _ *Ports) { c.Addr = f.url[len("http://"):] },
		func(c *Config, _ *Ports) { c.DebugAddr = f.server.DebugURL()[len("http://"):] },
	} {
		c, p := Config{Addr: "127.0.0.1:0", Keys: f.keys}, Ports{Service: f.node, Clock: f.clock}
		taken(&c, &p)
		s, err := New(c, p)
		require.NoError(t, err)
		require.ErrorContains(t, s.Serve(t.Context()), "in use")
	}
}

// TestConfig: a half-configured server does not start.
func TestConfig(t *testing.T) {
	f := start(t)
	for _, c := range []struct {
		why    string
		change change
		want   string
	}{
		{"a certificate without its key", func(c *Config, _ *Ports) { c.TLSCert = "cert.pem" }, "TLS needs a certificate and a key"},
		{"files that are not there", func(c *Config, _ *Ports) { c.TLSCert, c.TLSKey = "no", "no" }, "no such file"},
		{"no keys", func(c *Config, _ *Ports) { c.Keys.SessionKey = nil }, "session_key"},
		{"a negative limit", func(c *Config, _ *Ports) { c.MaxInFlight = -1 }, "below zero"},
		{"no service", func(_ *Config, p *Ports) { p.Service = nil }, "a service and a clock"},
	} {
		config, ports := Config{Keys: f.keys}, Ports{Service: f.node, Clock: f.clock}
		c.change(&config, &ports)
		_, err := New(config, ports)
		require.ErrorContains(t, err, c.want, c.why)
	}
	s, err := New(Config{Keys: f.keys, DebugAddr: ":9"}, Ports{Service: f.node, Clock: f.clock})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9", s.config.DebugAddr, "loopback unless asked otherwise")
	require.False(t, s.endpoints["/hongbao.v1.QueryService/Balance"].served)
	require.False(t, s.endpoints["/hongbao.v1.OperatorService/SetSwitch"].served, "no audit log, no operators")
}
