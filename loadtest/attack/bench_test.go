package attack_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"hongbao/loadtest/attack"
)

const benchDuration = 3 * time.Second

// BenchmarkOffered offers several rates to a sender that does nothing, and reports the share that was sent. The highest
// is more than two processors can do, which the report must show.
func BenchmarkOffered(b *testing.B) {
	for _, rate := range []int{100_000, 200_000, 400_000, 800_000} {
		b.Run(fmt.Sprintf("%dk", rate/1000), func(b *testing.B) {
			for b.Loop() {
				r, err := attack.Run(b.Context(), attack.Config{Kinds: oneKind, Duration: benchDuration, MaxInFlight: 512}, steady(rate, benchDuration), sendFunc(ok))
				require.NoError(b, err)
				b.ReportMetric(float64(r.Sent())/r.Elapsed.Seconds(), "ops/s")
				b.ReportMetric(float64(r.Unsent())/float64(r.Scheduled())*100, "%unsent")
				b.ReportMetric(float64(r.Health.Lateness.ValueAtPercentile(50)), "µs-late-p50")
				b.ReportMetric(float64(r.Health.Lateness.ValueAtPercentile(99)), "µs-late-p99")
				b.ReportMetric(r.Health.CPUShare*100, "%cpu")
				b.ReportMetric(float64(len(r.Health.Saturated)), "reasons")
			}
		})
	}
}

// nothing is a RoundTripper that sends nothing.
type nothing struct{}

func (nothing) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// BenchmarkOfferedByVegeta offers rates with vegeta alone and its own metrics, which do not count unsent hits.
func BenchmarkOfferedByVegeta(b *testing.B) {
	for _, rate := range []int{200_000, 400_000} {
		b.Run(fmt.Sprintf("%dk", rate/1000), func(b *testing.B) {
			for b.Loop() {
				a := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: nothing{}}), vegeta.MaxWorkers(512))
				var m vegeta.Metrics
				start := time.Now()
				for r := range a.Attack(vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://target"}), vegeta.Rate{Freq: rate, Per: time.Second}, benchDuration, "") {
					m.Add(r)
				}
				m.Close()
				sent := float64(m.Requests)
				b.ReportMetric(sent/time.Since(start).Seconds(), "ops/s")
				b.ReportMetric(100-sent/(float64(rate)*benchDuration.Seconds())*100, "%unsent")
			}
		})
	}
}
