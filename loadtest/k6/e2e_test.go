package k6

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pb "hongbao/reference/server/hongbaopb"
)

// The exit codes of k6 that these tests look for.
const (
	exitThresholds = 99  // a threshold was crossed
	exitScript     = 107 // an exception in the init context or setup
	exitMarked     = 110 // the audit marked the run as failed
)

// TestScripts plays every script against hongbao serve, its audit included.
func TestScripts(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		script   string
		duration string
	}{
		{"rain", "10s"}, {"friend-rain", "3s"}, {"card-collection", "3s"}, {"card-lottery", "3s"}, {"fireworks", "3s"}, {"smoke", ""},
	} {
		t.Run(c.script, func(t *testing.T) {
			// So low a rate makes too few withdrawals for a threshold on them to be sure of samples; rain has enough.
			r := s.k6(t, "scripts/"+c.script+".js", "PEAK=100/s", "DURATION="+c.duration)
			require.Zero(t, r.exit, r.out)
			for _, name := range []string{"order-once", "no-over-issuance", "budget-accuracy", "nothing-lost", "zero-sum", "user-view", "phase-isolation", "reconciled"} {
				require.Regexp(t, `hongbao: pass +`+name+` +evaluated [1-9]`, r.out, "the audit is printed")
			}
			sent := regexp.MustCompile(`hongbao: (\d+) of (\d+) wins sent`).FindStringSubmatch(r.out)
			require.Len(t, sent, 3, r.out)
			require.Equal(t, sent[2], sent[1], "k6's whole numbers make exactly the scenario's wins")
			n, err := strconv.Atoi(sent[1])
			require.NoError(t, err)
			require.Positive(t, n)
		})
	}
}

// TestStrategies: the audit judges a service under each posting strategy, of which async shows a grant only once posted.
func TestStrategies(t *testing.T) {
	for _, strategy := range []string{"sync", "async"} {
		s := serve(t, "--strategy", strategy)
		r := s.k6(t, "scripts/smoke.js")
		require.Zero(t, r.exit, "%s: %s", strategy, r.out)
	}
}

// TestNoPass: what is no pass does not exit 0, and says why.
func TestNoPass(t *testing.T) {
	s := serve(t)
	page := func(change func(n int64, m *pb.WalletPageReply)) service {
		return proxy(t, s, "WalletPage", func(n int64, body []byte) []byte {
			m := &pb.WalletPageReply{}
			if proto.Unmarshal(body, m) != nil {
				return body
			}
			change(n, m)
			body, _ = proto.Marshal(m)
			return body
		})
	}
	status := func(change func(n int64, m *pb.StatusReply)) service {
		return proxy(t, s, "Status", func(n int64, body []byte) []byte {
			m := &pb.StatusReply{}
			if proto.Unmarshal(body, m) != nil {
				return body
			}
			change(n, m)
			body, _ = proto.Marshal(m)
			return body
		})
	}
	reconcile := func(change func(m *pb.ReconcileReply)) service {
		return proxy(t, s, "Reconcile", func(_ int64, body []byte) []byte {
			m := &pb.ReconcileReply{}
			if proto.Unmarshal(body, m) != nil {
				return body
			}
			change(m)
			body, _ = proto.Marshal(m)
			return body
		})
	}
	grant := func(change func(n int64, body []byte) []byte) service { return proxy(t, s, "Grant", change) }
	const small = "const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '20/s', duration: '2s' }));\n"
	const whole = small + "export const options = festival.options({ scenarioThresholds: false });\nexport const setup = () => festival.begin();\nexport const teardown = () => festival.audit();\n"
	const visits = whole + "export const person = () => visit(festival);\n"
	const wins = whole + "export const person = () => festival.win();\n"
	for _, c := range []struct {
		why    string
		target service
		script string
		exit   int
		want   string // in the output
	}{
		{"nothing is wrong: the others fail for their own reason", s, visits, 0, "pass    user-view"},
		{"a page lacks a line now and then", page(func(n int64, m *pb.WalletPageReply) {
			if n%7 == 0 && len(m.Lines) > 0 {
				m.Lines = m.Lines[1:]
			}
		}), visits, exitMarked, "fail    user-view"},
		{"an income is one fen too high, once", page(func(n int64, m *pb.WalletPageReply) {
			if n == 20 {
				m.IncomeFen++
			}
		}), visits, exitMarked, "fail    user-view .* violated 1: person"},
		{"a grant is acknowledged with another amount, once", grant(func(n int64, body []byte) []byte {
			m := &pb.GrantReply{}
			if n == 5 && proto.Unmarshal(body, m) == nil {
				m.AmountFen++
				body, _ = proto.Marshal(m)
			}
			return body
		}), visits, exitMarked, "fail    order-once .* violated 1: person"},
		{"a grant's answer is not of the protocol, every time", grant(func(int64, []byte) []byte { return []byte("thanks") }), visits, exitMarked,
			"(?s)unknown order-once.*hongbao_failed.{1,20}✗"},
		{"everything posted is shown as not posted", page(func(_ int64, m *pb.WalletPageReply) {
			for _, l := range m.Lines {
				l.Status = pb.TokenStatus_TOKEN_STATUS_PROCESSING
			}
		}), wins, exitMarked, "fail    nothing-lost"},
		{"the budget lost a fen more than was granted", status(func(n int64, m *pb.StatusReply) {
			if n > 1 {
				m.Budgets[0].ReservedFen++
			}
		}), visits, exitMarked, "fail    budget-accuracy .* violated 1"},
		{"more is taken from the budget than it has", status(func(n int64, m *pb.StatusReply) {
			m.Budgets[0].ReservedFen += m.Budgets[0].BudgetFen
		}), visits, exitMarked, "fail    no-over-issuance .* violated 1"},
		{"the books differ", reconcile(func(m *pb.ReconcileReply) { m.Differences, m.Lines = 1, []string{"order 7 is missing"} }), visits, exitMarked,
			"fail    reconciled .*order 7 is missing"},
		{"fewer orders than were acknowledged", reconcile(func(m *pb.ReconcileReply) { m.Orders = 1 }), visits, exitMarked, "fail    reconciled"},
		{"the accounts do not sum to zero", reconcile(func(m *pb.ReconcileReply) { m.LedgerSumFen = -3 }), visits, exitMarked, "fail    zero-sum .*-3 fen"},
		{"the books cannot be compared", proxy(t, s, "Reconcile", func(int64, []byte) []byte { return []byte("\xff") }), visits, exitMarked, "unknown reconciled"},
		{"nobody listens", service{url: "http://127.0.0.1:1", keys: s.keys}, visits, exitScript, "connection refused"},
		{"no audit", s, small + "export const options = festival.options({ scenarioThresholds: false });\nexport const person = () => visit(festival);", exitThresholds,
			"thresholds on metrics '[^']*hongbao_checks_evaluated"},
		{"a script that takes the options and does nothing", s,
			small + "export const options = festival.options({ scenarioThresholds: false });\nexport const person = () => 0;", exitThresholds, "thresholds on metrics '[^']*hongbao_grants"},
		{"one VU for two hundred wins a second, of which k6 drops what it cannot begin", s,
			"const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '2000/s', duration: '2s' }));\n" +
				"export const options = festival.options({ scenarioThresholds: false, vus: 1, maxVUs: 1 });\nexport const setup = () => festival.begin();\n" +
				"export const person = () => { visit(festival); visit2(); };\nfunction visit2() { const end = Date.now() + 20; while (Date.now() < end); }\n" +
				"export const teardown = () => festival.audit();", exitThresholds, "thresholds on metrics .*dropped_iterations.*hongbao_unsent"},
		{"a threshold on what nobody does has no samples, and fails", s, small +
			"export const options = festival.options({ scenarioThresholds: false, thresholds: { 'hongbao_latency{operation:withdraw}': ['p(99)<60000'] } });\n" +
			"export const setup = () => festival.begin();\nexport const person = () => festival.win();\nexport const teardown = () => festival.audit();",
			exitThresholds, `thresholds on metrics '[^']*hongbao_calls\{operation:withdraw\}`},
		{"a latency above what is allowed", s, small +
			"export const options = festival.options({ scenarioThresholds: false, thresholds: { 'hongbao_latency{operation:grant}': ['p(99)<0.001'] } });\n" +
			"export const setup = () => festival.begin();\nexport const person = () => festival.win();\nexport const teardown = () => festival.audit();",
			exitThresholds, `thresholds on metrics '[^']*hongbao_latency\{operation:grant\}`},
		{"the service grants by another scenario", s, "const festival = hongbao.festival(Object.assign(festivalOf('rain'), { scenario: '../../scenarios/rain-peak.yaml', peak: '20/s', duration: '2s' }));\n" +
			"export const options = festival.options();\nexport const setup = () => festival.begin();\nexport const person = () => visit(festival);\n", exitScript, "hongbao serve --scenario"},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := c.target.k6(t, script(t, c.script))
			require.Equal(t, c.exit, r.exit, r.out)
			require.Regexp(t, c.want, r.out)
		})
	}
}

// TestInstances: two instances of one test, each with a segment, keep their people apart and judge their own.
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
	}
	all := regexp.MustCompile(`(\d+) wins over`).FindStringSubmatch(runs[0].out)
	require.Len(t, all, 2, runs[0].out)
	require.Equal(t, all[1], strconv.Itoa(sent[0]+sent[1]), "together they send them all")
	require.Less(t, sent[0], sent[1], "a third and two thirds")
}
