package scenarios_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// TestLimits: the shipped comparison is read as written, and scaled.
func TestLimits(t *testing.T) {
	s, err := loader.Load("limits.yaml")
	require.NoError(t, err)
	l := s.Limits
	require.Equal(t, 40, l.Instances)
	require.Equal(t, scenarios.Ratio{3, 4}, l.HotTraffic)
	require.Equal(t, scenarios.LimitCase{"high", scenarios.Ratio{60_000, 1}, scenarios.Ratio{100_000, 1}}, l.Cases[1])
	small, err := scenarios.Scale(s, 1, 10)
	require.NoError(t, err)
	require.Equal(t, scenarios.Ratio{3_000, 1}, small.Limits.KeyRate)
	require.Equal(t, scenarios.Ratio{6, 1}, small.Limits.Cases[0].Limit)
	require.Equal(t, 40, small.Limits.Pools.Room)
	require.Equal(t, 40, small.Limits.Instances, "the division of the load does not change")
	require.Equal(t, scenarios.Ratio{30_000, 1}, s.Limits.KeyRate, "the original is not changed")
}

// TestLimitsFaults: the loader finds each fault of the section.
func TestLimitsFaults(t *testing.T) {
	src, err := os.ReadFile("limits.yaml")
	require.NoError(t, err)
	for _, c := range []struct{ why, from, to, want string }{
		{"one instance divides nothing", "instances: 40", "instances: 1", "not between 2 and"},
		{"a counter that answers nothing", "key_rate: 30k/s", "key_rate: 0/s", "the rate is zero"},
		{"an outage beyond the end", "outage_from: 6s", "outage_from: 9s", "ends after"},
		{"a flood beyond the end", "flood_for: 4s", "flood_for: 8s", "ends after"},
		{"a name twice", "name: high", "name: low", "appears twice"},
		{"a limit of zero", "limit: 60/s", "limit: 0/s", "lets nothing pass"},
		{"all the room reserved", "everyday_room: 100", "everyday_room: 400", "is not between 1 and 399"},
		{"more requests than a run can process", "offered: 100k/s", "offered: 9M/s", "requests are more than"},
		{"no time", "  takes: 10s", "  takes: 0s", "is not between"},
	} {
		text := strings.Replace(string(src), c.from, c.to, 1)
		require.NotEqual(t, string(src), text, c.why)
		_, err := loader.Parse("limits.yaml", []byte(text))
		require.ErrorContains(t, err, c.want, c.why)
	}
}
