package k6

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/crowd"
	"hongbao/sim/oracle"
)

// TestNeeds: only a check of something that nobody did, or that other instances take part in, may stay unknown.
func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		check string
		kind  uint8 // the subject of the check
		why   string
	}{
		{"withdraw-whole", crowd.Withdraw, "somebody withdrew"}, {"reward-use-once", crowd.Use, "somebody used a reward"},
		{"packet-exact", crowd.Send, "somebody sent a packet"},
	} {
		f := &festival{}
		require.False(t, f.needs(c.check, true), c.check)
		f.asked[c.kind].Store(true)
		require.True(t, f.needs(c.check, true), c.why)
	}
	f := &festival{}
	require.True(t, f.needs("budget-accuracy", true))
	require.False(t, f.needs("budget-accuracy", false), "other instances spend from it")
	for _, check := range []string{"order-once", "reward-once", "stock-never-over", "user-view"} {
		require.True(t, f.needs(check, false), check)
	}
}

// TestConclude: a run passes if a win was sent, nothing is violated, and no needed check is unknown.
func TestConclude(t *testing.T) {
	check := func(result string, violations int64, needed bool) Check {
		return Check{Name: "a", Result: result, Evaluations: 1, Violations: violations, Needed: needed}
	}
	good := check(oracle.Pass, 0, true)
	for _, c := range []struct {
		why       string
		sent      int64
		checks    []Check
		problem   error
		passed    bool
		violated  int64
		unknown   int64
		evaluated int64
	}{
		{"all pass", 1, []Check{good, good}, nil, true, 0, 0, 2},
		{"nothing was sent", 0, []Check{good}, nil, false, 0, 0, 1},
		{"one is violated", 1, []Check{good, check(oracle.Fail, 3, true)}, nil, false, 3, 0, 2},
		{"a check that is not needed is violated", 1, []Check{good, check(oracle.Fail, 1, false)}, nil, false, 1, 0, 2},
		{"one is unknown", 1, []Check{good, check(oracle.Unknown, 0, true)}, nil, false, 0, 1, 1},
		{"a check that is not needed is unknown", 1, []Check{good, check(oracle.Unknown, 0, false)}, nil, true, 0, 0, 1},
		{"not everything could be requested, but all evaluated checks pass", 1, []Check{good}, errors.New("gone"), false, 0, 1, 1},
	} {
		v := &Verdict{Sent: c.sent, Checks: c.checks}
		v.conclude(c.problem)
		require.Equal(t, c.passed, v.Passed, c.why)
		require.Equal(t, c.violated, v.Violations, c.why)
		require.Equal(t, c.unknown, v.Unknown, c.why)
		require.Equal(t, c.evaluated, v.evaluated(), c.why)
		require.Equal(t, c.problem != nil, v.Problem != "", c.why)
	}
}
