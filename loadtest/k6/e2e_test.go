package k6

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pb "hongbao/reference/server/hongbaopb"
)

// The exit codes of k6 that these tests expect.
const (
	exitThresholds = 99  // a threshold was crossed
	exitStopped    = 105 // it was interrupted
	exitScript     = 107 // an exception in the init context or setup
	exitFailed     = 110 // the audit failed the run
)

// late requires that a run passed, or crossed only thresholds that a busy machine may cross, and returns the number of wins
// that k6 dropped.
func (r run) late(t testing.TB) int {
	t.Helper()
	if r.exit != 0 {
		require.Equal(t, exitThresholds, r.exit, r.out)
		crossed := regexp.MustCompile(`thresholds on metrics '([^']+)' have been crossed`).FindStringSubmatch(r.out)
		require.Len(t, crossed, 2, r.out)
		for metric := range strings.SplitSeq(crossed[1], ", ") {
			require.Regexp(t, `^(dropped_iterations|hongbao_unsent|hongbao_latency\{operation:\w+\})$`, metric, r.out)
		}
	}
	dropped := regexp.MustCompile(`dropped_iterations\.+: (\d+) `).FindStringSubmatch(r.out)
	require.Len(t, dropped, 2, r.out)
	n, err := strconv.Atoi(dropped[1])
	require.NoError(t, err)
	return n
}

// TestScripts runs every script against hongbao serve, including its audit.
func TestScripts(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		script   string
		duration string
	}{
		{"rain", "10s"}, {"friend-rain", "3s"}, {"card-collection", "3s"}, {"card-lottery", "3s"}, {"fireworks", "3s"}, {"smoke", ""},
	} {
		t.Run(c.script, func(t *testing.T) {
			// At such a low rate a threshold on withdrawals may have no samples; rain has enough.
			r := s.k6(t, "scripts/"+c.script+".js", "PEAK=100/s", "DURATION="+c.duration)
			dropped := r.late(t)
			for _, name := range []string{"order-once", "no-over-issuance", "budget-accuracy", "nothing-lost", "zero-sum", "user-view", "phase-isolation", "reconciled",
				"production-untouched", "load-cleaned-up"} {
				require.Regexp(t, `hongbao: pass +`+name+` +evaluated [1-9]`, r.out, "the audit is printed")
			}
			sent := regexp.MustCompile(`hongbao: (\d+) of (\d+) wins sent`).FindStringSubmatch(r.out)
			require.Len(t, sent, 3, r.out)
			n, err := strconv.Atoi(sent[1])
			require.NoError(t, err)
			require.Positive(t, n)
			require.Equal(t, sent[2], strconv.Itoa(n+dropped), "k6's integer rates give exactly the scenario's wins")
		})
	}
}

// TestRewardCentre runs the script with rewards other than cash and packets, and judges both.
func TestRewardCentre(t *testing.T) {
	s := serve(t, "--scenario", rewardsFile)
	r := s.k6(t, "scripts/reward-centre.js", "SCENARIO="+rewardsFile, "PEAK=50/s", "DURATION=4s")
	r.late(t)
	for _, name := range []string{"order-once", "nothing-lost", "zero-sum", "user-view", "reconciled", "reward-once", "reward-use-once", "packet-exact", "production-untouched", "load-cleaned-up"} {
		require.Regexp(t, `hongbao: pass +`+name+` +evaluated [1-9]`, r.out)
	}
	lie := proxy(t, s, "OpenPacket", func(n int64, body []byte) []byte {
		m := &pb.OpenPacketReply{}
		if n == 2 && proto.Unmarshal(body, m) == nil && m.Share != nil {
			m.Share.AmountFen++
			body, _ = proto.Marshal(m)
		}
		return body
	})
	r = lie.k6(t, "scripts/reward-centre.js", "SCENARIO="+rewardsFile, "PEAK=50/s", "DURATION=4s")
	require.Equal(t, exitFailed, r.exit, r.out)
	require.Regexp(t, "fail    packet-exact .* violated 1", r.out)
}

// TestStrategies: the audit judges a service with each posting strategy. Under async a grant is shown only once posted.
func TestStrategies(t *testing.T) {
	for _, strategy := range []string{"sync", "async"} {
		s := serve(t, "--strategy", strategy)
		r := s.k6(t, "scripts/smoke.js")
		require.Zero(t, r.exit, "%s: %s", strategy, r.out)
	}
}

// smallFestival is the start of a script with few wins, and visitRest its rest. visitScript is the whole script.
const (
	smallFestival = "const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '20/s', duration: '2s' }));\n"
	visitRest     = "export const options = festival.options({ scenarioThresholds: false });\nexport const setup = () => festival.begin();\nexport const teardown = () => festival.audit();\nexport const person = () => visit(festival);\n"
	visitScript   = smallFestival + visitRest
)

// scriptWith returns visitScript with more options of the festival.
func scriptWith(more string) string {
	return "const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '20/s', duration: '2s', " + more + " }));\n" + visitRest
}

// noPass is a run, and how it must end.
type noPass struct {
	why    string
	target service
	script string
	exit   int
	want   string // in the output
}

// TestNoPass: a run that does not pass exits with a code other than 0 and reports the reason.
func TestNoPass(t *testing.T) {
	s := serve(t)
	for _, c := range slices.Concat(falseAnswers(t, s), falseReports(t, s), badScripts(t, s)) {
		t.Run(c.why, func(t *testing.T) {
			r := c.target.k6(t, script(t, c.script))
			require.Equal(t, c.exit, r.exit, r.out)
			require.Regexp(t, c.want, r.out)
		})
	}
}

// falseAnswers are runs in which people receive false answers, and one without.
func falseAnswers(t *testing.T, s service) []noPass {
	page := func(change func(n int64, m *pb.WalletPageReply)) service {
		return proxy(t, s, "WalletPage", altered(change))
	}
	grant := func(change func(n int64, body []byte) []byte) service { return proxy(t, s, "Grant", change) }
	return []noPass{
		{"nothing is wrong: so the other cases fail for their stated reason", s, visitScript, 0, "pass    user-view"},
		{"a page lacks a line now and then", page(func(n int64, m *pb.WalletPageReply) {
			if n%7 == 0 && len(m.Lines) > 0 {
				m.Lines = m.Lines[1:]
			}
		}), visitScript, exitFailed, "fail    user-view"},
		{"an income is one fen too high, once", page(func(n int64, m *pb.WalletPageReply) {
			if n == 3 { // a page of the run, not of the audit
				m.IncomeFen++
			}
		}), visitScript, exitFailed, `(?s)fail    user-view [^\n]* violated 1: person.*hongbao_violations\.+: 1 `},
		{"a grant is acknowledged with another amount, once", grant(func(n int64, body []byte) []byte {
			m := &pb.GrantReply{}
			if n == 5 && proto.Unmarshal(body, m) == nil {
				m.AmountFen++
				body, _ = proto.Marshal(m)
			}
			return body
		}), visitScript, exitFailed, "fail    order-once .* violated 1: person"},
		{"a grant's answer is not of the protocol, every time", grant(func(int64, []byte) []byte { return []byte("thanks") }), scriptWith("tries: 1"), exitThresholds,
			`thresholds on metrics '[^']*hongbao_failed, hongbao_grants`},
	}
}

// falseReports are runs in which the operator receives false answers.
func falseReports(t *testing.T, s service) []noPass {
	status := func(live bool, change func(m *pb.StatusReply)) service {
		l := &liar{target: s.url, method: "Status", live: live, change: altered(func(_ int64, m *pb.StatusReply) { change(m) })}
		return l.before(t, s)
	}
	moved := func(m *pb.StatusReply) { m.Budgets[0].ReservedFen++ }
	return []noPass{
		{"the budget was charged one fen more than was granted", status(false, func(m *pb.StatusReply) { m.Budgets[0].ReservedFen++ }), visitScript, exitFailed,
			"fail    budget-accuracy .* violated 1"},
		{"production changed meanwhile", status(true, moved), visitScript, exitFailed, "fail    production-untouched .* violated 1: production had 0 orders"},
		{"others may have changed production", status(true, moved), scriptWith("shared: true"), 0, "unknown production-untouched"},
		{"the clean-up left data", status(false, func(m *pb.StatusReply) {
			if m.Budgets[0].ReservedFen == 0 {
				m.Budgets[0].ReservedFen = 5
			}
		}), visitScript, exitFailed, "fail    load-cleaned-up .* 5 fen of budget"},
		{"the load-test data is kept", s, scriptWith("keep: true"), 0, "unknown load-cleaned-up"},
		{"reconciliation reports a difference", proxy(t, s, "Reconcile", altered(func(_ int64, m *pb.ReconcileReply) { m.Differences, m.Lines = 1, []string{"order 7 is missing"} })), visitScript, exitFailed,
			"fail    reconciled .*order 7 is missing"},
		{"reconciliation cannot be read", proxy(t, s, "Reconcile", func(int64, []byte) []byte { return []byte("\xff") }), visitScript, exitFailed, "(?s)unknown reconciled.*not everything could be judged: "},
	}
}

// badScripts are runs whose script, threshold, scenario or target makes them fail, and one without the load-test mark.
func badScripts(t *testing.T, s service) []noPass {
	return []noPass{
		{"nothing listens", service{url: "http://127.0.0.1:1", keys: s.keys}, visitScript, exitScript, "connection refused"},
		{"no audit", s, smallFestival + "export const options = festival.options({ scenarioThresholds: false });\nexport const person = () => visit(festival);", exitThresholds,
			"thresholds on metrics '[^']*hongbao_checks_evaluated"},
		{"a script that uses the options but does nothing", s,
			smallFestival + "export const options = festival.options({ scenarioThresholds: false });\nexport const person = () => 0;", exitThresholds, "thresholds on metrics '[^']*hongbao_grants"},
		{"one VU for thousands of wins per second: k6 drops those that it cannot start", s,
			"const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '2000/s', duration: '2s' }));\n" +
				"export const options = festival.options({ scenarioThresholds: false, vus: 1, maxVUs: 1 });\nexport const setup = () => festival.begin();\n" +
				"export const person = () => { visit(festival); visit2(); };\nfunction visit2() { const end = Date.now() + 20; while (Date.now() < end); }\n" +
				"export const teardown = () => festival.audit();", exitThresholds, "thresholds on metrics .*dropped_iterations.*hongbao_unsent"},
		{"a threshold on an operation that never happens has no samples, and fails", s, smallFestival +
			"export const options = festival.options({ scenarioThresholds: false, thresholds: { 'hongbao_latency{operation:withdraw}': ['p(99)<60000'] } });\n" +
			"export const setup = () => festival.begin();\nexport const person = () => festival.win();\nexport const teardown = () => festival.audit();",
			exitThresholds, `thresholds on metrics '[^']*hongbao_calls\{operation:withdraw\}`},
		{"a latency above the threshold", s, smallFestival +
			"export const options = festival.options({ scenarioThresholds: false, thresholds: { 'hongbao_latency{operation:grant}': ['p(99)<0.001'] } });\n" +
			"export const setup = () => festival.begin();\nexport const person = () => festival.win();\nexport const teardown = () => festival.audit();",
			exitThresholds, `thresholds on metrics '[^']*hongbao_latency\{operation:grant\}`},
		{"the service grants another activity", s, scriptWith("scenario: '" + changed(t, "activity: spring-festival-2022", "activity: autumn") + "'"), exitScript,
			"does not grant what the scenario grants"},
		{"a load without the mark: production is judged, and nothing is deleted", s, scriptWith("loadTest: false"), 0, "pass    reconciled"},
	}
}

// TestInterrupted: an interrupted run is audited for the part that ran.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := proxy(t, serve(t), "Grant", func(n int64, body []byte) []byte {
		if n == 20 {
			stop()
		}
		return body
	})
	r := s.k6Until(t, ctx, "scripts/rain.js", "PEAK=50/s", "DURATION=2m")
	require.Equal(t, exitStopped, r.exit, r.out)
	require.Regexp(t, `hongbao: pass +nothing-lost +evaluated [1-9]`, r.out)
	require.Regexp(t, `hongbao: pass +load-cleaned-up`, r.out)
	require.NotContains(t, r.out, "violated 1")
}

// TestInstances: two instances of one test, each with a segment, use different people and judge only their own.
func TestInstances(t *testing.T) {
	s := serve(t)
	seed := fmt.Sprint("SEED=", time.Now().UnixNano()&maxSeed)
	var runs [2]run
	var wait sync.WaitGroup
	for i, segment := range []string{"0:1/3", "1/3:1"} {
		wait.Go(func() {
			runs[i] = s.k6(t, "scripts/smoke.js", seed, "--execution-segment="+segment, "--execution-segment-sequence=0,1/3,1")
		})
	}
	wait.Wait()
	var sent, scheduled [2]int
	for i, r := range runs {
		require.Zero(t, r.exit, r.out)
		found := regexp.MustCompile(`hongbao: (\d+) of (\d+) wins sent`).FindStringSubmatch(r.out)
		require.Len(t, found, 3, r.out)
		sent[i], _ = strconv.Atoi(found[1])
		scheduled[i], _ = strconv.Atoi(found[2])
		require.Equal(t, scheduled[i], sent[i])
		require.Contains(t, r.out, "unknown load-cleaned-up", "the other instance may not have judged yet")
		require.Contains(t, r.out, "unknown budget-accuracy", "the other instance spends from the budget too")
	}
	all := regexp.MustCompile(`(\d+) wins over`).FindStringSubmatch(runs[0].out)
	require.Len(t, all, 2, runs[0].out)
	require.Equal(t, all[1], strconv.Itoa(sent[0]+sent[1]), "together they send all wins")
	require.Less(t, sent[0], sent[1], "a third and two thirds")
}
