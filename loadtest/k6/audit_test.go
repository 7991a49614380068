package k6

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/crowd"
	"hongbao/sim/oracle"
)

// TestNeeds: what nobody did, or others take part in, may stay unknown, and nothing else.
func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		check string
		kind  uint8 // what it is about
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
	require.False(t, f.needs("budget-accuracy", false), "others take from it")
	for _, check := range []string{"order-once", "reward-once", "stock-never-over", "user-view"} {
		require.True(t, f.needs(check, false), check)
	}
}

// TestConclude: a pass takes that somebody was sent, nothing is violated, and nothing is unknown that the run needs.
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
		{"all is well", 1, []Check{good, good}, nil, true, 0, 0, 2},
		{"nobody was sent", 0, []Check{good}, nil, false, 0, 0, 1},
		{"one is violated", 1, []Check{good, check(oracle.Fail, 3, true)}, nil, false, 3, 0, 2},
		{"one is violated that was not needed", 1, []Check{good, check(oracle.Fail, 1, false)}, nil, false, 1, 0, 2},
		{"one is unknown", 1, []Check{good, check(oracle.Unknown, 0, true)}, nil, false, 0, 1, 1},
		{"one is unknown that was not needed", 1, []Check{good, check(oracle.Unknown, 0, false)}, nil, true, 0, 0, 1},
		{"not everything could be asked, though what was is right", 1, []Check{good}, errors.New("gone"), false, 0, 1, 1},
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
