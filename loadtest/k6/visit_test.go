package k6

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"hongbao/loadtest/crowd"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// TestSeedsAreDifferentPeople: a run with another seed has other people, so the remains of earlier runs do not matter.
// Instances with the same seed have the same people.
func TestSeedsAreDifferentPeople(t *testing.T) {
	keys := keysFile(t)
	user := func(seed int) wallet.UserID {
		f := newJS(t, New()).must("hongbao.festival({scenario: %q, target: 'http://h', keys: %q, peak: 50, duration: 2, seed: %d})", scenarioFile, keys, seed).(*visitor).festival
		require.NoError(t, f.connect())
		return f.crowd.User(crowd.Visit{App: wallet.Douyin})
	}
	require.Equal(t, user(1), user(1))
	require.NotEqual(t, user(1), user(2))
}

// TestVisit runs the operations of two people one by one against a real service.
func TestVisit(t *testing.T) {
	s := serve(t)
	m := New()
	j := newJS(t, m)
	j.must("const f = hongbao.festival({scenario: %q, target: %q, keys: %q, peak: 50, duration: 2, seed: %d})", scenarioFile, s.url, s.keys, time.Now().UnixNano()&maxSeed)
	n := j.must("f.scheduled().douyin").(int64)
	require.Positive(t, n)
	j.iterate("douyin")
	j.must("f.begin()")
	require.Equal(t, "ok", j.must("const won = f.win(); won.outcome"))
	require.Equal(t, "douyin", j.must("won.app"))
	require.Regexp(t, `^\d+_rain_\d+_\d+_3$`, j.must("won.order"))
	require.Equal(t, j.must("won.amount"), j.must("const seen = f.look(); seen.amount"))
	require.EqualValues(t, 1, j.must("seen.lines"))
	require.Equal(t, j.must("won.amount"), j.must("const out = f.withdraw(); out.amount"))
	require.Nil(t, j.must("f.withdraw()"), "no balance is left")
	_, err := j.do("f.win()")
	require.ErrorContains(t, err, "once in an iteration")

	j.index = uint64(n)
	require.Nil(t, j.must("f.win()"), "no win is left")
	j.index = 1
	require.Equal(t, "ok", j.must("f.win().outcome"))

	got := j.metrics()
	require.Equal(t, 2.0, got[metricGrants])
	require.Equal(t, 5.0, got[metricCalls], "two wins, a page, two withdrawals with their pages")
	require.Positive(t, got[metricLatency])
	require.Zero(t, got[metricViolations])
	require.Zero(t, got[metricFailed])
	require.Equal(t, 1.0, got[metricRefused], "the withdrawal without a balance")

	v := j.must("f.audit()").(*Verdict)
	require.True(t, v.Passed, "%+v", v)
	require.EqualValues(t, 2, v.Sent)
	require.Greater(t, v.Scheduled, v.Sent)
	require.False(t, j.VU.State().TestStatus.Failed())
	got = j.metrics()
	require.Equal(t, 12.0, got[metricChecks], "the oracle's ten, production and the clean-up")
	require.Equal(t, float64(v.Scheduled-2)/float64(v.Scheduled), got[metricUnsent], "two of all wins")
	require.Equal(t, "pass", j.must("f.audit().checks.find(c => c.name === 'withdraw-whole').result"), "a further call returns the same")
	require.Equal(t, "pass", j.must("f.audit().checks.find(c => c.name === 'load-cleaned-up').result"))
}

// TestRewardVisit makes people use rewards, send packets and open them one by one against a real service, until each has
// happened.
func TestRewardVisit(t *testing.T) {
	s := serve(t, "--scenario", rewardsFile)
	j := newJS(t, New())
	j.must("const f = hongbao.festival({scenario: %q, target: %q, keys: %q, play: 'rain', peak: 200, duration: 2, seed: %d})", rewardsFile, s.url, s.keys, time.Now().UnixNano()&maxSeed)
	n := j.must("f.scheduled().douyin").(int64)
	j.iterate("douyin")
	j.must("f.begin(); const did = {use: 0, send: 0, open: 0}; let won, call")
	for i := range n {
		j.index = uint64(i)
		require.Equal(t, "ok", j.must("won = f.win(); won.outcome"))
		if j.must("f.wants('use')").(bool) {
			require.Positive(t, j.must("f.rewards().lines"))
			require.Regexp(t, "^(ok|not_usable)$", j.must("call = f.use(); did.use += call.outcome === 'ok'; call.reason || call.outcome"))
			require.Zero(t, j.must("won.amount"), "it is not money")
		} else if j.must("f.wants('send')").(bool) && j.must("won.amount").(int64) > 3 {
			require.Nil(t, j.must("f.use()"), "cash is not used")
			require.Positive(t, j.must("call = f.send(); call.amount"))
			j.must("did.send++; for (const c of f.open()) { did.open += c.outcome === 'ok' && c.user !== won.user }")
			require.Nil(t, j.must("f.withdraw()?.amount > won.amount ? 1 : null"), "the amount sent is gone")
		}
		j.metrics()
	}
	for _, what := range []string{"use", "send", "open"} {
		require.Positive(t, j.must("did.%s", what), what)
	}
	v := j.must("f.audit()").(*Verdict)
	require.True(t, v.Passed, "%+v", v)
	for _, name := range []string{"reward-once", "reward-use-once", "packet-exact", "stock-never-over"} {
		if i := slices.IndexFunc(v.Checks, func(c Check) bool { return c.Name == name }); i >= 0 {
			require.Equal(t, "pass", v.Checks[i].Result, name)
			require.Positive(t, v.Checks[i].Evaluations, name)
			continue
		}
		require.Equal(t, "stock-never-over", name, "the rain grants no coupon with a stock")
	}
}

// TestToken: if a page lacks a grant whose token the app holds, the app requests it again with the token, and the person
// sees the second answer.
func TestToken(t *testing.T) {
	s := proxy(t, serve(t), "WalletPage", func(n int64, body []byte) []byte {
		m := &pb.WalletPageReply{}
		if n != 1 || proto.Unmarshal(body, m) != nil {
			return body
		}
		m.Lines, m.IncomeFen, m.BalanceFen = nil, 0, 0
		body, _ = proto.Marshal(m)
		return body
	})
	keeping := changed(t, "keep_tokens: 90%", "keep_tokens: 100%")
	j := newJS(t, New())
	j.must("const f = hongbao.festival({scenario: %q, target: %q, keys: %q, peak: 50, duration: 2, seed: %d})", keeping, s.url, s.keys, time.Now().UnixNano()&maxSeed)
	j.iterate("douyin")
	require.Equal(t, "ok", j.must("f.win().outcome"))
	require.EqualValues(t, 1, j.must("f.look().lines"))
	require.Zero(t, j.metrics()[metricViolations], "the first answer was not shown")
}

// TestGone: if the service is unreachable, the audit reports that, and does not request everybody's page for hours.
func TestGone(t *testing.T) {
	var asked atomic.Int64
	s := proxy(t, serve(t), "WalletPage", func(_ int64, body []byte) []byte {
		asked.Add(1)
		return []byte("gone")
	})
	j := newJS(t, New())
	j.must("const f = hongbao.festival({scenario: %q, target: %q, keys: %q, peak: 600, duration: 2, tries: 1, seed: %d})", scenarioFile, s.url, s.keys, time.Now().UnixNano()&maxSeed)
	n := j.must("f.scheduled().douyin").(int64)
	require.Greater(t, n, int64(200))
	j.iterate("douyin")
	for i := range n {
		j.index = uint64(i)
		require.Equal(t, "ok", j.must("f.win().outcome"))
		j.metrics()
	}
	v := j.must("f.audit()").(*Verdict)
	require.False(t, v.Passed)
	require.Positive(t, v.Unknown)
	require.Equal(t, n, v.Sent)
	require.Contains(t, v.Problem, "could not be read")
	require.Less(t, asked.Load(), n, "most pages are not requested")
}
