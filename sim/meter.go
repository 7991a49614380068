package sim

import (
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

// meter counts what the report shows: totals, rates, and samples over time wherever there is traffic.
type meter struct {
	world   *world.World
	town    *town
	windows []scenarios.Window
	stats   []reports.WindowStat
	offered reports.Offered
	answers map[answer]int64

	offers, posts rateMeter
	perWindow     []rateMeter
	posted        int64
	backlogPeak   int64
	restored      int64 // views that a client restored with its tokens (T8)
	samples       []sample
}

// answer is one operation's outcome.
type answer struct{ operation, reason string }

// sample is the state at the end of one interval.
type sample struct {
	at, step        int64 // Unix seconds at its end; seconds, 0 for the first after a time when nothing happened
	offered, posted int64 // totals so far
	backlog, spent  int64
	wait            int64 // ms, filled in at the end: the longest of the grants acknowledged in the interval
}

// rateMeter finds the busiest second.
type rateMeter struct{ second, count, peak int64 }

func (r *rateMeter) add(now, n int64) {
	if s := now / int64(time.Second); s != r.second {
		r.second, r.count = s, 0
	}
	r.count += n
	r.peak = max(r.peak, r.count)
}

// The bounds of a sample's interval: a window gets about samplesPerWindow of them.
const (
	samplesPerWindow = 240
	minStep          = time.Second
	maxStep          = 20 * time.Minute
	drainStep        = 10 * time.Second
)

func newMeter(w *world.World, windows []scenarios.Window) *meter {
	m := &meter{world: w, windows: windows, answers: map[answer]int64{}, perWindow: make([]rateMeter, len(windows))}
	for _, win := range windows {
		m.stats = append(m.stats, reports.WindowStat{
			Name: win.Name, Play: string(win.Play), Stage: win.Stage.String(), Start: win.Start, End: win.End(), Peak: win.Peak,
		})
	}
	return m
}

// sent counts a grant's first sending.
func (m *meter) sent(window int) {
	m.offered.Sent++
	m.offered.InFlight++
	m.stats[window].Offered++
	m.offers.add(m.world.Now(), 1)
	m.perWindow[window].add(m.world.Now(), 1)
}

// granted counts how a grant ended for its client.
func (m *meter) granted(window int, err error) {
	m.offered.InFlight--
	switch {
	case err == nil:
		m.offered.OK++
		m.stats[window].OK++
	case wallet.CodeOf(err) == wallet.CodeUnknown || wallet.CodeOf(err) == wallet.CodeUnavailable:
		m.offered.Failed++
		m.stats[window].Failed++
	default:
		m.offered.Refused++
		m.stats[window].Refused++
	}
}

// answered counts one answer.
func (m *meter) answered(operation string, err error) {
	m.answers[answer{operation, wallet.ReasonOf(err)}]++
	m.town.probe().count("answer " + operation + " " + wallet.ReasonOf(err))
}

// ledgerPosted counts credits that a batch wrote.
func (m *meter) ledgerPosted(n int64) {
	m.posted += n
	m.posts.add(m.world.Now(), n)
}

// start begins to sample.
func (m *meter) start() {
	m.sample(0)
	m.next(m.world.Now())
}

// next schedules the next sample: soon while something happens, else at the start of the next window.
func (m *meter) next(now int64) {
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

// step returns the interval that suits the moment, and whether nothing happens at all.
func (m *meter) step(now int64) (time.Duration, bool) {
	step, idle := maxStep, true
	for _, w := range m.windows {
		if start, end := w.Start.UnixNano(), w.End().UnixNano(); start <= now && now < end {
			idle = false
			step = min(step, max(minStep, time.Duration(end-start).Truncate(time.Second)/samplesPerWindow).Truncate(time.Second))
		}
	}
	if m.depth() > 0 {
		idle, step = false, min(step, drainStep)
	}
	return step, idle
}

// depth returns the backlog's depth now.
func (m *meter) depth() int64 {
	n, _ := m.town.backlog.Depth(context.Background()) // the store itself, which does not fail
	return n
}

// sample takes the sample of an interval of step seconds that ends now.
func (m *meter) sample(step int64) {
	s := sample{at: m.world.Now() / int64(time.Second), step: step, offered: m.offered.Sent, posted: m.posted, backlog: m.depth()}
	for st := wallet.InternalTest; st <= wallet.Official; st++ {
		spent, _ := m.town.budgets.Spent(context.Background(), st)
		s.spent += int64(spent)
	}
	m.backlogPeak = max(m.backlogPeak, s.backlog)
	m.samples = append(m.samples, s)
}

// seen fills in how long a grant's owner waited, once the oracle knows.
func (m *meter) seen(s oracle.Seen) {
	ms := s.Wait.Milliseconds()
	at := s.Acked.Time().Unix()
	if i := sort.Search(len(m.samples), func(i int) bool { return m.samples[i].at >= at }); i < len(m.samples) {
		m.samples[i].wait = max(m.samples[i].wait, ms)
	}
	for i := range m.windows {
		w := &m.windows[i]
		if w.Has(s.Scene, s.Rain) && w.Stage == s.Stage && !s.Opened.Time().Before(w.Start) && s.Opened.Time().Before(w.End().Add(time.Second)) {
			m.stats[i].WaitMaxS = max(m.stats[i].WaitMaxS, s.Wait.Seconds())
		}
	}
}

// series returns the samples as the report's columns.
func (m *meter) series() reports.Series {
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

// refusals returns the answers that were not "ok", by operation and reason.
func (m *meter) refusals() []reports.Refusal {
	var out []reports.Refusal
	for a, n := range m.answers {
		if a.reason != "ok" {
			out = append(out, reports.Refusal{Operation: a.operation, Reason: a.reason, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b reports.Refusal) int {
		if a.Operation != b.Operation {
			return strings.Compare(a.Operation, b.Operation)
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return out
}

// postMeter is the hook of the ledger that counts the credits of each batch.
type postMeter struct {
	intercept.None
	meter *meter
}

// After implements intercept.Hook.
func (p postMeter) After(_ context.Context, c intercept.Call, _ intercept.Note, a intercept.Answer) error {
	if c.Method == "Post" {
		p.meter.ledgerPosted(int64(a.Count))
	}
	return a.Err
}
