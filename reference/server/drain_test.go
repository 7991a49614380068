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
	got, err := f.client.Get(f.server.debugURL() + "/metrics")
	require.NoError(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return string(text)
}

// TestDrain: a stopping server is first not ready but still serves; then it refuses new requests and finishes the
// running ones.
func TestDrain(t *testing.T) {
	s := newSlow()
	f := start(t, slowService(s), func(c *Config, _ *Ports) { c.DrainDelay = 300 * time.Millisecond })
	running := sendAsync(f, f.request("WalletService/WalletPage", `{}`, f.session(1, 1)))
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
	require.False(t, f.server.draining.Load(), "first it is only not ready")
	require.Equal(t, "ok", f.callAs("viewer", "OperatorService/Status", `{}`).reason(), "and still serves")

	require.Eventually(t, f.server.draining.Load, 5*time.Second, time.Millisecond)
	r := f.request("WalletService/WalletPage", `{}`, f.session(1, 2))
	require.ErrorIs(t, f.server.check(r, &call{endpoint: f.server.endpoints[r.URL.Path]}), errDraining)
	require.Eventually(t, func() bool { return ready() == 0 }, 5*time.Second, time.Millisecond, "new connections are refused")
	select {
	case <-running:
		require.Fail(t, "the running request ended too early")
	default:
	}
	close(s.leave)
	require.Equal(t, "5", (<-running).text("balance_fen"))
	err := <-f.stopped
	require.NoError(t, err)
	f.stopped <- err // for the cleanup of the fixture
}

// TestDrainIsBounded: a request that does not end is not awaited beyond DrainTimeout, and Serve returns an error.
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

// TestPortTaken: a server that cannot listen returns an error and leaves nothing open.
func TestPortTaken(t *testing.T) {
	f := start(t)
	for _, taken := range []option{
		func(c *Config, _ *Ports) { c.Addr = f.url[len("http://"):] },
		func(c *Config, _ *Ports) { c.DebugAddr = f.server.debugURL()[len("http://"):] },
	} {
		c, p := Config{Addr: "127.0.0.1:0", Keys: f.keys}, Ports{Service: f.node, Clock: f.clock}
		taken(&c, &p)
		s, err := New(c, p)
		require.NoError(t, err)
		require.ErrorContains(t, s.Serve(t.Context()), "in use")
	}
}

// TestConfig: an incomplete configuration is refused.
func TestConfig(t *testing.T) {
	f := start(t)
	for _, c := range []struct {
		why    string
		change option
		want   string
	}{
		{"a certificate without its key", func(c *Config, _ *Ports) { c.TLSCert = "cert.pem" }, "TLS needs a certificate and a key"},
		{"missing files", func(c *Config, _ *Ports) { c.TLSCert, c.TLSKey = "no", "no" }, "no such file"},
		{"no keys", func(c *Config, _ *Ports) { c.Keys.SessionKey = nil }, "session_key"},
		{"a negative limit", func(c *Config, _ *Ports) { c.MaxInFlight = -1 }, "is negative"},
		{"no service", func(_ *Config, p *Ports) { p.Service = nil }, "a service and a clock"},
	} {
		config, ports := Config{Keys: f.keys}, Ports{Service: f.node, Clock: f.clock}
		c.change(&config, &ports)
		_, err := New(config, ports)
		require.ErrorContains(t, err, c.want, c.why)
	}
	s, err := New(Config{Keys: f.keys, DebugAddr: ":9"}, Ports{Service: f.node, Clock: f.clock})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9", s.config.DebugAddr, "loopback by default")
	require.False(t, s.endpoints["/hongbao.v1.QueryService/Balance"].accepted)
	require.False(t, s.endpoints["/hongbao.v1.OperatorService/SetSwitch"].accepted, "without an audit log operators' calls are not served")
}
