package crowd

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/internal/timerheap"
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// all returns all operations of a plan.
func all(p *plan) (ops []attack.Op[Visit]) {
	for op, ok := p.Next(); ok; op, ok = p.Next() {
		ops = append(ops, op)
	}
	return ops
}

func focused(t require.TestingT, path, window string, peak int64, long time.Duration) *scenarios.Scenario {
	s, err := loader.Load("../../scenarios/" + path)
	require.NoError(t, err)
	f, err := scenarios.Focus(s, window, scenarios.Ratio{Num: peak, Den: 1}, long)
	require.NoError(t, err)
	return f
}

// The plan is a pure function of scenario and seed. It is in order of time and within its span. Its grants are those of the
// traffic at the same times, and the shares of people who look, browse, withdraw and return are those of the scenario.
func TestPlanIsTheScenario(t *testing.T) {
	s := focused(t, "rain-peak.yaml", "", 2000, 10*time.Second)
	s.People.After.Browse = scenarios.Ratio{Num: 1, Den: 10} // more than in the file, so that the shares can be measured
	s.People.After.Withdraw = scenarios.Ratio{Num: 1, Den: 5}
	for _, op := range all(newPlan(s, 5)) {
		require.Less(t, op.At, span(s), "returning visits after the run are left out")
	}
	s.People.After.SecondLookDelay = scenarios.Range{Min: time.Second, Max: 2 * time.Second} // so that all return in time
	ops := all(newPlan(s, 5))
	require.Equal(t, ops, all(newPlan(s, 5)))
	require.NotEqual(t, ops, all(newPlan(s, 6)), "another seed gives another plan")
	require.True(t, slices.IsSortedFunc(ops, func(a, b attack.Op[Visit]) int { return cmp.Compare(a.At, b.At) }))
	require.LessOrEqual(t, ops[len(ops)-1].At, span(s))
	var n [5]int64
	tr := traffic.New(s, 5)
	for _, op := range ops {
		n[op.Kind]++
		if op.Kind != Grant {
			require.Zero(t, op.What.Amount)
			continue
		}
		a, ok := tr.Next()
		require.True(t, ok)
		require.Equal(t, time.Duration(a.At-s.Windows[0].Start.UnixNano()), op.At)
		require.Equal(t, Visit{Person: uint32(a.Person), Amount: uint32(a.Amount), Window: uint16(a.Window), App: a.App}, op.What)
	}
	_, ok := tr.Next()
	require.False(t, ok, "every win of the traffic is planned")
	wins := float64(n[Grant])
	require.Equal(t, int64(20_000), n[Grant])
	// Shares of shares; five standard deviations of 20,000 draws are below 2%.
	require.InDelta(t, 0.6*0.9+0.6*0.3, float64(n[Page])/wins, 0.02)
	require.InDelta(t, 0.6*0.1, float64(n[Browse])/wins, 0.02)
	require.InDelta(t, 0.6*0.9*0.2, float64(n[Withdraw])/wins, 0.02)
	require.InDelta(t, 0.15*0.2, float64(n[Bind])/wins, 0.02)
}

// A calendar of several windows is planned completely, and each person binds at most once.
func TestPlanOfSeveralWindows(t *testing.T) {
	s, err := loader.Load("../../scenarios/regress/unknown-outcomes.yaml")
	require.NoError(t, err)
	bound := map[uint32]bool{}
	windows := map[uint16]bool{}
	last := time.Duration(0)
	for _, op := range all(newPlan(s, 1)) {
		require.LessOrEqual(t, last, op.At)
		last = op.At
		windows[op.What.Window] = true
		if op.Kind == Bind {
			require.False(t, bound[op.What.Person])
			bound[op.What.Person] = true
		}
	}
	require.Len(t, windows, len(s.Windows))
	require.NotEmpty(t, bound)
}

// The agenda returns the intents in order of time and, for the same time, in order of insertion.
func TestAgendaIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var want []timerheap.Item[intent]
		take := func() {
			slices.SortStableFunc(want, func(x, y timerheap.Item[intent]) int { return cmp.Compare(x.At, y.At) })
			got := a.Pop()
			got.Order = 0
			require.Equal(t, want[0], got)
			want = want[1:]
		}
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "take") == 0 {
				take()
				continue
			}
			n := timerheap.Item[intent]{At: rapid.Int64Range(0, 9).Draw(t, "at"), Value: intent{visit: Visit{Person: uint32(i)}}}
			a.Add(n.At, n.Value)
			want = append(want, n)
		}
		for len(want) > 0 {
			take()
		}
	})
}

// People of different runs have different accounts and phones, and so do the people of one run.
func TestRunsShareNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := focused(t, "rain-peak.yaml", "", 100, time.Second)
		run := rapid.Uint64().Draw(t, "run")
		accounts, phones := map[wallet.Caller]bool{}, map[wallet.Phone]bool{}
		for _, o := range []Options{{Run: run}, {Run: run + 1, Seed: rapid.Uint64().Draw(t, "seed")}} {
			o.Scenario, o.URLs = s, []string{"http://127.0.0.1:1"}
			c, err := New(o)
			require.NoError(t, err)
			for p := range uint32(s.People.Count) + 1 {
				for _, app := range []wallet.App{wallet.Douyin, wallet.Toutiao} {
					require.False(t, accounts[c.caller(p, app)])
					accounts[c.caller(p, app)] = true
				}
				require.False(t, phones[c.phone(p)])
				phones[c.phone(p)] = true
			}
		}
	})
}

// A crowd keeps few bytes per win, and nothing else grows. Both the counted memory and the heap in use are bounded.
func TestBytesOfAGrant(t *testing.T) {
	s := focused(t, "rain-peak.yaml", "", 100_000, 5*time.Second)
	before := heap()
	c, err := New(Options{Scenario: s, URLs: []string{"http://127.0.0.1:1"}})
	require.NoError(t, err)
	id := wallet.ActID(0)
	for op, ok := c.Next(); ok; op, ok = c.Next() {
		if op.Kind != Grant {
			continue
		}
		r := wallet.GrantRequest{Caller: c.caller(op.What.Person, op.What.App), Activity: c.activity.Parent, Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: wallet.Money(op.What.Amount)}
		id++
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			r.Opened = now
			g := o.GrantSent(int64(op.What.Person), r, now)
			no := wallet.OrderNo{ActID: id, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: wallet.Official}
			o.GrantAnswered(g, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, now)
		})
	}
	require.Zero(t, c.Violations())
	grants := s.Grants()
	t.Logf("%d grants: %d bytes each as counted, %d in use", grants, c.Bytes()/grants, (heap()-before)/grants)
	require.Less(t, c.Bytes()/grants, int64(100))
	require.Less(t, (heap()-before)/grants, int64(150))
	runtime.KeepAlive(c)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// An operation of an unknown kind fails and sends nothing.
func TestUnknownKindFails(t *testing.T) {
	c, err := New(Options{Scenario: focused(t, "rain-peak.yaml", "", 100, time.Second), URLs: []string{"http://127.0.0.1:1"}})
	require.NoError(t, err)
	require.Equal(t, attack.Failed, c.Send(context.Background(), attack.Op[Visit]{Kind: uint8(len(Kinds()))}))
	require.Empty(t, c.Figures().Answers)
}

// The speed at which one goroutine makes plans: it must be well above any offered rate.
func BenchmarkPlan(b *testing.B) {
	s := focused(b, "rain-peak.yaml", "", 1_000_000, 20*time.Second)
	p := newPlan(s, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := p.Next(); !ok {
			p = newPlan(s, 1)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
