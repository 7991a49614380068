package attack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"hongbao/loadtest/attack"
)

const echoed = `{"order":"o-1234567890","amount_fen":188,"state":"pending"}`

// echo is a target that answers a small JSON with itself.
func echo(tb testing.TB) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b)
	}))
	tb.Cleanup(s.Close)
	return s.URL
}

// plainVegeta returns the highest rate of vegeta as it comes: rate unlimited, so many workers.
func plainVegeta(url string, workers uint64, d time.Duration) float64 {
	a := vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(workers), vegeta.Connections(int(workers)))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodPost, URL: url, Body: []byte(echoed),
		Header: http.Header{"Content-Type": {"application/json"}}})
	var m vegeta.Metrics
	for r := range a.Attack(target, vegeta.ConstantPacer{}, d, "") {
		m.Add(r)
	}
	m.Close()
	return m.Throughput
}

// overHTTP sends each operation to url.
func overHTTP(tr *attack.Transport, url string) sendFunc {
	return func(ctx context.Context, _ attack.Op[int]) attack.Outcome {
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

// BenchmarkHTTP compares the highest rate of plain vegeta with what is offered here, over HTTP to the same target.
func BenchmarkHTTP(b *testing.B) {
	const d = 3 * time.Second
	url := echo(b)
	for b.Loop() {
		highest := 0.0
		for _, workers := range []uint64{16, 64, 256} {
			v := plainVegeta(url, workers, d)
			b.Logf("vegeta, %d workers: %.0f/s", workers, v)
			highest = max(highest, v)
		}
		for _, ratio := range []float64{1, 1.25, 1.5, 1.75, 2} {
			tr := newTransport(b, attack.TransportConfig{URL: url})
			_, err := tr.Warm(b.Context(), 64)
			require.NoError(b, err)
			rate := int(highest * ratio)
			r, err := attack.Run(b.Context(), attack.Config{Kinds: []string{"echo"}, Duration: d, MaxInFlight: 1024}, steady(rate, d), overHTTP(tr, url))
			require.NoError(b, err)
			b.Logf("offered %d/s: ok %.0f/s, unsent %.2f%%, p50 %d µs, p99 %d µs, late p99 %d µs, cpu %.0f%%, workers %d, %v", rate, float64(r.Kinds[0].OK)/r.Elapsed.Seconds(),
				float64(r.Unsent())/float64(r.Scheduled())*100, r.Kinds[0].Corrected.ValueAtPercentile(50), r.Kinds[0].Corrected.ValueAtPercentile(99),
				r.Health.Lateness.ValueAtPercentile(99), r.Health.CPUShare*100, r.Health.Workers, r.Health.Saturated)
			fmt.Fprint(io.Discard, r)
			tr.CloseIdleConnections()
		}
	}
}
