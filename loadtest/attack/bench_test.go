package attack_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
)

// BenchmarkOffered offers rates to a sender that does nothing.
func BenchmarkOffered(b *testing.B) {
	for _, rate := range []int{100_000, 200_000, 400_000, 600_000} {
		b.Run(fmt.Sprintf("%dk", rate/1000), func(b *testing.B) {
			const d = 3 * time.Second
			for b.Loop() {
				r, err := attack.Run(b.Context(), attack.Config{Kinds: []string{"nothing"}, Duration: d, MaxInFlight: 512}, steady(rate, d), sendFunc(ok))
				require.NoError(b, err)
				b.ReportMetric(float64(r.Sent())/r.Elapsed.Seconds(), "ops/s")
				b.ReportMetric(float64(r.Unsent())/float64(r.Scheduled())*100, "%unsent")
				b.ReportMetric(float64(r.Health.Lateness.ValueAtPercentile(99)), "µs-late-p99")
				b.ReportMetric(r.Health.CPUShare*100, "%cpu")
			}
		})
	}
}
