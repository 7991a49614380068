package attack_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"hongbao/loadtest/attack"
)

// cpu returns the processor time of this process.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// throughput is the result of one measurement.
type throughput struct {
	rate   float64       // successful responses a second
	each   time.Duration // the generator's processor time for one response
	unsent float64       // share
}

func (p throughput) String() string {
	return fmt.Sprintf("%.0f/s at %s each, %.2f%% unsent", p.rate, p.each, 100*p.unsent)
}

func (p throughput) orBetter(q throughput) throughput {
	if q.rate > p.rate {
		return q
	}
	return p
}

// vegetaClient returns a client with vegeta's default settings whose connections can be closed. An attacker's own idle
// connections, some nine thousand, stay open, and after a few rounds the process has no file descriptors left, or the
// machine no ports. Closing with a reset avoids waiting ports.
func vegetaClient() *http.Client {
	dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: vegeta.DefaultLocalAddr.IP}, KeepAlive: 30 * time.Second}
	return &http.Client{Timeout: vegeta.DefaultTimeout, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: vegeta.DefaultTLSConfig,
		MaxIdleConnsPerHost: vegeta.DefaultConnections, MaxConnsPerHost: vegeta.DefaultMaxConnections,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial.DialContext(ctx, network, address)
			if t, ok := c.(*net.TCPConn); ok {
				err = t.SetLinger(0)
			}
			return c, err
		},
	}}
}

// plainVegeta measures vegeta's highest rate: its rate is unlimited.
func plainVegeta(tb testing.TB, url string, d time.Duration, options ...func(*vegeta.Attacker)) throughput {
	client := vegetaClient()
	defer client.CloseIdleConnections()
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodPost, URL: url, Body: []byte(echoed),
		Header: http.Header{"Content-Type": {"application/json"}}})
	var m vegeta.Metrics
	before := cpu(tb)
	for r := range vegeta.NewAttacker(append(options, vegeta.Client(client))...).Attack(target, vegeta.ConstantPacer{}, d, "") {
		m.Add(r)
	}
	m.Close()
	return throughput{rate: m.Throughput, each: (cpu(tb) - before) / time.Duration(m.Requests)}
}

// overHTTP sends each operation to url, and calls failed with each error.
func overHTTP(tr *attack.Transport, url string, failed func(error)) sendFunc {
	send := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(echoed))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := tr.Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != echoed || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d, %d bytes: %w", resp.StatusCode, len(b), err)
		}
		return nil
	}
	return func(ctx context.Context, _ attack.Op[int]) attack.Outcome {
		if err := send(ctx); err != nil {
			failed(err)
			return attack.Failed
		}
		return attack.OK
	}
}

// offered offers a rate and measures the result.
func offered(tb testing.TB, url string, rate, inFlight int, d time.Duration) throughput {
	tr := newTransport(tb, attack.TransportConfig{URL: url})
	defer tr.CloseIdleConnections()
	_, err := tr.Warm(tb.Context(), min(inFlight, 64))
	require.NoError(tb, err)
	var once sync.Once
	var why error // the first error
	before := cpu(tb)
	r, err := attack.Run(tb.Context(), attack.Config{Kinds: []string{"echo"}, Duration: d, MaxInFlight: inFlight}, steady(rate, d), overHTTP(tr, url, func(err error) { once.Do(func() { why = err }) }))
	require.NoError(tb, err)
	require.Zero(tb, r.Kinds[0].Failed, "the first: %v", why)
	return throughput{rate: float64(r.Kinds[0].OK) / r.Elapsed.Seconds(), each: (cpu(tb) - before) / time.Duration(max(r.Kinds[0].OK, 1)),
		unsent: float64(r.Unsent()) / float64(r.Scheduled())}
}

// BenchmarkHTTP compares the highest rate of plain vegeta with that of this package, over HTTP to the same target in a
// separate process: vegeta with its defaults, and with the number of workers that suits this machine best, which is not
// known beforehand. Then it offers one and a half times vegeta's rate, open loop. Rounds alternate, so that other load
// on the machine affects both.
func BenchmarkHTTP(b *testing.B) {
	const d, rounds = 1500 * time.Millisecond, 3
	url := startEcho(b)
	workers := []int{16, 64, 128}
	for b.Loop() {
		var plain, tuned, ours throughput
		for range rounds {
			plain = plain.orBetter(plainVegeta(b, url, d))
			for _, n := range workers {
				tuned = tuned.orBetter(plainVegeta(b, url, d, vegeta.Workers(uint64(n)), vegeta.MaxWorkers(uint64(n))))
			}
			for _, n := range workers {
				ours = ours.orBetter(offered(b, url, int(2*tuned.rate), n, d))
			}
		}
		half := offered(b, url, int(1.5*plain.rate), attack.DefaultInFlight, 2*d)
		b.Logf("vegeta with defaults %v; tuned %v; this package %v; offered %.0f/s, %v", plain, tuned, ours, 1.5*plain.rate, half)
		b.ReportMetric(ours.rate, "req/s")
		b.ReportMetric(ours.rate/plain.rate, "x-vegeta")
		b.ReportMetric(ours.rate/tuned.rate, "x-tuned-vegeta")
		b.ReportMetric(tuned.each.Seconds()/ours.each.Seconds(), "x-cheaper-than-tuned")
		b.ReportMetric(100*half.unsent, "%unsent-at-1.5x")
	}
}
