package attack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// pushed is what a generator reached.
type pushed struct {
	rate   float64       // answered well, a second
	each   time.Duration // the generator's processor time for one
	unsent float64       // share
}

// plainVegeta pushes as hard as vegeta can: its rate unlimited.
func plainVegeta(tb testing.TB, url string, d time.Duration, options ...func(*vegeta.Attacker)) pushed {
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodPost, URL: url, Body: []byte(echoed),
		Header: http.Header{"Content-Type": {"application/json"}}})
	var m vegeta.Metrics
	before := cpu(tb)
	for r := range vegeta.NewAttacker(options...).Attack(target, vegeta.ConstantPacer{}, d, "") {
		m.Add(r)
	}
	m.Close()
	return pushed{rate: m.Throughput, each: (cpu(tb) - before) / time.Duration(m.Requests)}
}

// overHTTP sends each operation to url.
func overHTTP(tr *attack.Transport, url string) sendFunc {
	return func(ctx context.Context, _ attack.Op[int]) attack.Outcome {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(echoed))
		if err != nil {
			return attack.Failed
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := tr.Do(r)
		if err != nil {
			return attack.Failed
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != echoed || resp.StatusCode != http.StatusOK {
			return attack.Failed
		}
		return attack.OK
	}
}

// offered offers a rate.
func offered(tb testing.TB, url string, rate, inFlight int, d time.Duration) pushed {
	tr := newTransport(tb, attack.TransportConfig{URL: url})
	defer tr.CloseIdleConnections()
	_, err := tr.Warm(tb.Context(), min(inFlight, 64))
	require.NoError(tb, err)
	before := cpu(tb)
	r, err := attack.Run(tb.Context(), attack.Config{Kinds: []string{"echo"}, Duration: d, MaxInFlight: inFlight}, steady(rate, d), overHTTP(tr, url))
	require.NoError(tb, err)
	require.Zero(tb, r.Kinds[0].Failed)
	return pushed{rate: float64(r.Kinds[0].OK) / r.Elapsed.Seconds(), each: (cpu(tb) - before) / time.Duration(max(r.Kinds[0].OK, 1)),
		unsent: float64(r.Unsent()) / float64(r.Scheduled())}
}

// BenchmarkHTTP compares, over HTTP to the same target in a process of its own, the highest rate of plain vegeta with the
// highest that is offered here with less than one in a thousand unsent.
func BenchmarkHTTP(b *testing.B) {
	const d = 2 * time.Second
	url := startEcho(b)
	for b.Loop() {
		asItComes := plainVegeta(b, url, d)
		b.Logf("vegeta as it comes: %.0f/s, %s each", asItComes.rate, asItComes.each)
		tuned := pushed{}
		for _, n := range []uint64{8, 32, 128} {
			if v := plainVegeta(b, url, d, vegeta.Workers(n), vegeta.MaxWorkers(n)); v.rate > tuned.rate {
				tuned = v
				b.Logf("vegeta, %d workers: %.0f/s, %s each", n, v.rate, v.each)
			}
		}
		best := pushed{}
		for _, n := range []int{32, 128} {
			v := offered(b, url, int(3*tuned.rate), n, d)
			b.Logf("pushed with %d in flight: %.0f/s, %s each", n, v.rate, v.each)
			if v.rate > best.rate {
				best = v
			}
		}
		kept := 0.0
		for share := 0.7; share < 1.1; share += 0.1 {
			v := offered(b, url, int(share*best.rate), 0+4096, d)
			b.Logf("offered %.0f/s: %.0f/s, %s each, %.2f%% unsent", share*best.rate, v.rate, v.each, 100*v.unsent)
			if v.unsent < 0.001 {
				kept = max(kept, v.rate)
			}
		}
		b.ReportMetric(best.rate/asItComes.rate, "x-vegeta")
		b.ReportMetric(best.rate/tuned.rate, "x-vegeta-tuned")
		b.ReportMetric(kept/asItComes.rate, "x-vegeta-kept")
		b.ReportMetric(asItComes.each.Seconds()/best.each.Seconds(), "x-cheaper")
		b.ReportMetric(tuned.each.Seconds()/best.each.Seconds(), "x-cheaper-tuned")
		fmt.Fprint(io.Discard)
	}
}
