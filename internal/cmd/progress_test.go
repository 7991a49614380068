package cmd

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/sim"
)

// TestProgressLine: the line shows the virtual time and the rate, backlog and violations of all runs, and is removed at the end.
func TestProgressLine(t *testing.T) {
	var out bytes.Buffer
	start := time.Now()
	p := &simProgress{progressLine{bar: newBar(&out), drawn: start}, make([]sim.Progress, 2)}
	eight := time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC) // 20:00 in Shanghai
	p.report(0, sim.Progress{Strategy: "sync", Now: eight, Done: 500, Total: 5_000, Backlog: 30, Violations: 1}, start.Add(redrawInterval/2))
	require.Empty(t, out.String(), "too soon to redraw")
	p.report(1, sim.Progress{Strategy: "token", Now: eight, Done: 2_000, Total: 5_000, Backlog: 12, Violations: 2}, start.Add(time.Second))
	require.Contains(t, out.String(), "token at 01-31 20:00:00 · 2.5 k grants/s · backlog 42 · violations 3")
	require.Contains(t, out.String(), "25%", "2,500 of 10,000")
	out.Reset()
	p.report(0, sim.Progress{Strategy: "sync", Now: eight, Done: 1_500, Total: 5_000}, start.Add(2*time.Second))
	require.Contains(t, out.String(), "1.0 k grants/s", "the rate since the last update")
	out.Reset()
	p.done()
	require.NotContains(t, out.String(), "grants/s")
	require.Contains(t, out.String(), "\x1b[", "the line is removed")
}

// TestProgressElsewhere: if the output is not a terminal, no progress is shown and no colours are used.
func TestProgressElsewhere(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		var out bytes.Buffer
		p := &simProgress{newProgressLine(&out, quiet), make([]sim.Progress, 1)}
		require.Nil(t, p.of(0))
		p.done()
		require.Empty(t, out.String())
		require.False(t, colours(&out))
	}
}
