package plot_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/plot"
)

// TestSecondsPlot draws a single second, seconds in which no operation ended, and more seconds than the plot has points.
func TestSecondsPlot(t *testing.T) {
	for _, c := range []struct {
		why   string
		n     int
		value int64
		lines int // of latency
	}{
		{"a single second", 1, 5_000, 3},
		{"nothing ended", 30, 0, 0},
		{"more seconds than points", 20_000, 7_000_000, 3},
	} {
		var l reports.Load
		for _, list := range l.Seconds.Lists() {
			for range c.n {
				*list = append(*list, c.value)
			}
		}
		plots, err := plot.SecondsPlots(&l)
		require.NoError(t, err, c.why)
		require.Len(t, plots, 2)
		drawn := string(plots[0].Drawn)
		require.Equal(t, c.lines, strings.Count(drawn, "fill:none;stroke:var(--s"), c.why)
		require.Less(t, len(drawn), 100_000, c.why)
		require.NotContains(t, drawn, "NaN", c.why)
	}
}
