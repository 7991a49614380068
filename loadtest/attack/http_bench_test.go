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

func (p pushed) String() string {
	return fmt.Sprintf("%.0f/s at %s each, %.2f%% unsent", p.rate, p.each, 100*p.unsent)
}

func (p pushed) orBetter(q pushed) pushed {
	if q.rate > p.rate {
		return q
	}
	return p
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

// BenchmarkHTTP compares, over HTTP to the same target in a process of its own, the highest rate of plain vegeta with
// what is reached here: vegeta as it comes, and with the number of workers that suits this machine best, which nobody knows
// beforehand. Then it offers one and a half times vegeta's rate, open loop. Rounds alternate, so that whatever else the
// machine does meets both.
func BenchmarkHTTP(b *testing.B) {
	const d, rounds = 1500 * time.Millisecond, 3
	url := startEcho(b)
	workers := []int{16, 64, 128}
	for b.Loop() {
		var plain, tuned, ours pushed
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
		b.Logf("vegeta as it comes %v; tuned %v; here %v; offered %.0f/s, %v", plain, tuned, ours, 1.5*plain.rate, half)
		b.ReportMetric(ours.rate, "req/s")
		b.ReportMetric(ours.rate/plain.rate, "x-vegeta")
		b.ReportMetric(ours.rate/tuned.rate, "x-tuned-vegeta")
		b.ReportMetric(tuned.each.Seconds()/ours.each.Seconds(), "x-cheaper-than-tuned")
		b.ReportMetric(100*half.unsent, "%unsent-at-1.5x")
	}
}
