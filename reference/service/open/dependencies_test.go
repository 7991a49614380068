package open_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/degrade"
	dswire "hongbao/reference/downstream/wire"
	limiting "hongbao/reference/limit"
	"hongbao/reference/service/open"
	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// TestServeDependencies holds the table of dependencies (D4) against a service that runs: the breakers that it names are
// those that there are, each once, and none else; and every reward system is behind its gate.
func TestServeDependencies(t *testing.T) {
	t.Parallel()
	debug := servetest.ClosedAddr(t)
	s := servetest.Start(t, func(c *open.Config) { c.Debug = debug })
	got, err := s.Client.Get("http://" + debug + "/ops.json")
	require.NoError(t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	var v open.OpsStatus
	require.NoError(t, json.Unmarshal(body, &v))
	var wired, named []string
	for _, b := range v.Breakers {
		require.NotContains(t, wired, b.Name, "twice")
		wired = append(wired, b.Name)
	}
	require.Len(t, v.Dependencies, len(degrade.Dependencies()))
	for _, d := range v.Dependencies {
		require.NotEmpty(t, d.Limit.ZH, d.Name)
		require.NotEmpty(t, d.Isolation.EN, d.Name)
		for _, b := range d.Breakers {
			if !slices.Contains(named, b) {
				named = append(named, b)
			}
		}
	}
	require.ElementsMatch(t, named, wired)
}

// TestDependencyFigures: the figures in the table are those of the defaults in the code.
func TestDependencyFigures(t *testing.T) {
	c := open.Default()
	for _, f := range []struct {
		dependency, figure string
	}{
		{"ledger", fmt.Sprintf("%d connections", c.MySQL.MaxConns)},
		{"token store", fmt.Sprintf("%.0f s per call", redis.DefaultTimeout.Seconds())},
		{"reward systems", fmt.Sprintf("%.0f s per call", dswire.DefaultTimeout.Seconds())},
		{"reward systems", fmt.Sprintf("%d concurrent calls", limiting.SystemCalls)},
		{"bank", fmt.Sprintf("%d concurrent calls", limiting.SystemCalls)},
		{"client tokens", fmt.Sprintf("%d tokens", wallet.MaxClientTokens)},
		{"wallet page", fmt.Sprintf("%d,%03d concurrent requests", c.MaxInFlight/1000, c.MaxInFlight%1000)},
	} {
		at := slices.IndexFunc(degrade.Dependencies(), func(d degrade.Dependency) bool { return d.Name == f.dependency })
		require.GreaterOrEqual(t, at, 0, f.dependency)
		d := degrade.Dependencies()[at]
		require.Contains(t, d.Limit.EN+" "+d.Isolation.EN, f.figure, f.dependency)
	}
	held := 13 * limiting.SystemCalls
	require.Less(t, held, c.MaxInFlight/4, "what all systems of others that hang can hold")
	require.LessOrEqual(t, degrade.DefaultRules().Strong.OpenTimeout, time.Second, "an outage lasts little longer than it does")
}
