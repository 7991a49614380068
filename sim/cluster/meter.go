package cluster

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"time"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
	"hongbao/sim/world"
)

// Meter counts what the report shows: totals, rates, and samples over time while there is traffic.
type Meter struct {
	world   *world.World
	Cluster *Cluster
	windows []scenarios.Window
	Stats   []reports.WindowStat
	Offered reports.Offered
	Answers map[answer]int64

	Offers, Posts rateMeter
	PerWindow     []rateMeter
	posted        int64
	BacklogPeak   int64
	Restored      int64 // views that a client restored with its tokens (T8)
	samples       []sample
}

// answer is one operation's outcome.
type answer struct{ Operation, Reason string }

// sample is the state at the end of one interval.
type sample struct {
	at, step        int64 // Unix seconds at its end; its length in seconds, 0 for the first one after an idle time
	offered, posted int64 // totals so far
	backlog, spent  int64
	wait            int64 // ms, the longest visible wait of the grants acknowledged in the interval; filled in at the end
}

// rateMeter finds the peak rate over whole seconds.
type rateMeter struct{ second, count, Peak int64 }

func (r *rateMeter) add(now, n int64) {
	if s := now / int64(time.Second); s != r.second {
		r.second, r.count = s, 0
	}
	r.count += n
	r.Peak = max(r.Peak, r.count)
}

// The bounds of a sample's interval: a window gets about samplesPerWindow of them.
const (
	samplesPerWindow = 240
	minStep          = time.Second
	maxStep          = 20 * time.Minute
	drainStep        = 10 * time.Second
)

// NewMeter returns a meter for these windows.
func NewMeter(w *world.World, windows []scenarios.Window) *Meter {
	m := &Meter{world: w, windows: windows, Answers: map[answer]int64{}, PerWindow: make([]rateMeter, len(windows))}
	for _, win := range windows {
		m.Stats = append(m.Stats, reports.WindowStat{
			Name: win.Name, Play: string(win.Play), Stage: win.Stage.String(), Start: win.Start, End: win.End(), Peak: win.Peak,
		})
	}
	return m
}

// Sent counts the first try of a grant.
func (m *Meter) Sent(window int) {
	m.Offered.Sent++
	m.Offered.InFlight++
	m.Stats[window].Offered++
	m.Offers.add(m.world.Now(), 1)
	m.PerWindow[window].add(m.world.Now(), 1)
}

// Granted counts a grant's final outcome at its client.
func (m *Meter) Granted(window int, err error) {
	m.Offered.InFlight--
	switch {
	case err == nil:
		m.Offered.OK++
		m.Stats[window].OK++
	case wallet.CodeOf(err) == wallet.CodeUnknown || wallet.CodeOf(err) == wallet.CodeUnavailable:
		m.Offered.Failed++
		m.Stats[window].Failed++
	default:
		m.Offered.Refused++
		m.Stats[window].Refused++
	}
}

// Answered counts one answer.
func (m *Meter) Answered(operation string, err error) {
	m.Answers[answer{operation, wallet.ReasonOf(err)}]++
	m.Cluster.Calls().count("answer " + operation + " " + wallet.ReasonOf(err))
}

// ledgerPosted counts the credits that a batch posted.
func (m *Meter) ledgerPosted(n int64) {
	m.posted += n
	m.Posts.add(m.world.Now(), n)
}

// Start starts the sampling.
func (m *Meter) Start() {
	m.sample(0)
	m.next(m.world.Now())
}

// next schedules the next sample: after step's interval, or at the start of the next window if idle.
func (m *Meter) next(now int64) {
	step, idle := m.step(now)
	if idle {
		at := int64(-1)
		for _, w := range m.windows {
			if s := w.Start.UnixNano(); s > now && (at < 0 || s < at) {
				at = s
			}
		}
		if at >= 0 {
			m.world.At(at, func() { m.sample(0); m.next(at) })
		}
		return
	}
	m.world.At(now+int64(step), func() { m.sample(int64(step / time.Second)); m.next(now + int64(step)) })
}

// step returns the sampling interval for the current traffic, and whether there is none.
func (m *Meter) step(now int64) (time.Duration, bool) {
	step, idle := maxStep, true
	for _, w := range m.windows {
		if start, end := w.Start.UnixNano(), w.End().UnixNano(); start <= now && now < end {
			idle = false
			step = min(step, max(minStep, time.Duration(end-start).Truncate(time.Second)/samplesPerWindow).Truncate(time.Second))
		}
	}
	if m.Depth() > 0 {
		idle, step = false, min(step, drainStep)
	}
	return step, idle
}

// Depth returns the backlog's depth now.
func (m *Meter) Depth() int64 {
	n, _ := m.Cluster.Backlog.Depth(context.Background()) // read without faults
	return n
}

// sample takes the sample of an interval of step seconds that ends now.
func (m *Meter) sample(step int64) {
	s := sample{at: m.world.Now() / int64(time.Second), step: step, offered: m.Offered.Sent, posted: m.posted, backlog: m.Depth()}
	for st := wallet.InternalTest; st <= wallet.Official; st++ {
		spent, _ := m.Cluster.Budgets.Spent(context.Background(), st)
		s.spent += int64(spent)
	}
	m.BacklogPeak = max(m.BacklogPeak, s.backlog)
	m.samples = append(m.samples, s)
}

// Seen records how long a grant's owner waited until the grant was visible. The oracle calls it.
func (m *Meter) Seen(s oracle.GrantWait) {
	ms := s.Wait.Milliseconds()
	at := s.Acked.Time().Unix()
	if i := sort.Search(len(m.samples), func(i int) bool { return m.samples[i].at >= at }); i < len(m.samples) {
		m.samples[i].wait = max(m.samples[i].wait, ms)
	}
	for i := range m.windows {
		w := &m.windows[i]
		if w.Has(s.Scene, s.Rain) && w.Stage == s.Stage && !s.Opened.Time().Before(w.Start) && s.Opened.Time().Before(w.End().Add(time.Second)) {
			m.Stats[i].WaitMaxS = max(m.Stats[i].WaitMaxS, s.Wait.Seconds())
		}
	}
}

// Series returns the samples as the report's columns.
func (m *Meter) Series() reports.Series {
	out := reports.Series{
		Columns: []string{"offered_per_s", "posted_per_s", "backlog", "visible_wait_max_ms", "budget_spent_fen"},
		Values:  make([][]int64, 5),
	}
	for i, s := range m.samples {
		if s.step == 0 {
			continue
		}
		before := m.samples[i-1]
		out.Times = append(out.Times, s.at-s.step)
		out.StepS = append(out.StepS, s.step)
		for c, v := range []int64{(s.offered - before.offered) / s.step, (s.posted - before.posted) / s.step, s.backlog, s.wait, s.spent} {
			out.Values[c] = append(out.Values[c], v)
		}
	}
	return out
}

// Refusals returns the answers that were not "ok", by operation and reason.
func (m *Meter) Refusals() []reports.Refusal {
	var out []reports.Refusal
	for a, n := range m.Answers {
		if a.Reason != "ok" {
			out = append(out, reports.Refusal{Operation: a.Operation, Reason: a.Reason, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b reports.Refusal) int {
		return cmp.Or(strings.Compare(a.Operation, b.Operation), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

// postMeter is the hook of the ledger that counts the credits of each batch.
type postMeter struct {
	intercept.None
	meter *Meter
}

// After implements intercept.Hook.
func (p postMeter) After(_ context.Context, c intercept.Call, _ intercept.Note, a intercept.Answer) error {
	if c.Method == "Post" {
		p.meter.ledgerPosted(int64(a.Count))
	}
	return a.Err
}
