package reports

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/reports/text"
)

// Load is what a run in real time adds to a run. Every time in it is counted from the moment an operation was due
// unless its name says otherwise.
type Load struct {
	Target     string        `json:"target"` // where it went, without credentials; "embedded" for a service in the same process
	Driver     string        `json:"driver"`
	Window     string        `json:"window"`     // the window that was played
	PeakPerS   float64       `json:"peak_per_s"` // grants a second that were asked for at the peak
	DurationS  float64       `json:"duration_s"` // of the plan, without what came after it
	StartedAt  time.Time     `json:"started_at"`
	Marked     bool          `json:"marked"` // everything carried the load-test mark
	Operations []Operation   `json:"operations"`
	Thresholds []Threshold   `json:"thresholds"`
	Visible    Latency       `json:"visible_wait"` // from a grant's acknowledgement until the wallet page showed it
	Generator  Generator     `json:"generator"`
	Seconds    SecondsSeries `json:"seconds"`
	Audit      Audit         `json:"audit"`
}

// Operation accounts for one kind of operation, each counted once however often its client repeated it:
// Scheduled = Sent + Unsent, Sent = OK + Refused + Failed + InFlight.
type Operation struct {
	Name string `json:"name"`
	Offered
	Corrected   Latency  `json:"corrected"`   // from the moment it was due until its end
	Uncorrected Latency  `json:"uncorrected"` // from the moment it was sent, which hides what waited to be sent
	Busiest     *Busiest `json:"busiest,omitempty"`
}

// Busiest is the second for which most of one kind was due.
type Busiest struct {
	Second    int64   `json:"second"` // from the start, the first is 0
	Offered   int64   `json:"offered"`
	Corrected Latency `json:"corrected"`
}

// Latency sums up a histogram, in microseconds. Without samples all of it is zero and says nothing.
type Latency struct {
	Samples int64 `json:"samples"`
	MeanUS  int64 `json:"mean_us"`
	P50US   int64 `json:"p50_us"`
	P90US   int64 `json:"p90_us"`
	P99US   int64 `json:"p99_us"`
	P999US  int64 `json:"p999_us"`
	MaxUS   int64 `json:"max_us"`
}

// LatencyOf sums up a histogram of microseconds; nil is one without samples.
func LatencyOf(h *hdrhistogram.Histogram) Latency {
	if h == nil || h.TotalCount() == 0 {
		return Latency{}
	}
	return Latency{Samples: h.TotalCount(), MeanUS: int64(h.Mean()), P50US: h.ValueAtQuantile(50), P90US: h.ValueAtQuantile(90),
		P99US: h.ValueAtQuantile(99), P999US: h.ValueAtQuantile(99.9), MaxUS: h.Max()}
}

// Threshold is one demand of the scenario and what was measured: Measured Operator Limit must hold.
type Threshold struct {
	Name      string  `json:"name"`                // measure and what it is of, such as "grant p99_ms"; unique in a run
	Measure   string  `json:"measure"`             // p50_ms p90_ms p99_ms p999_ms max_ms error_ratio refused_ratio drained_within_s visible_wait_p99_ms
	Operation string  `json:"operation,omitempty"` // empty: of the run
	Window    string  `json:"window,omitempty"`    // empty: whichever is played
	Second    string  `json:"second,omitempty"`    // "busiest": of that second alone
	Statement string  `json:"statement"`           // the demand in words
	Operator  string  `json:"operator"`            // "≤"
	Limit     float64 `json:"limit"`
	Measured  float64 `json:"measured"` // zero when there are no samples
	Unit      string  `json:"unit"`     // ms, s; empty for a ratio
	Samples   int64   `json:"samples"`
	Result    Verdict `json:"result"`
	Why       string  `json:"why,omitempty"` // of an unknown
}

// Generator is how the generator itself did. A generator that could not keep up proves nothing about its target.
type Generator struct {
	Attackers     int     `json:"attackers"`
	Workers       int     `json:"workers"`         // the most that worked at once
	LatenessP50US int64   `json:"lateness_p50_us"` // of a send, after the moment it was due
	LatenessP99US int64   `json:"lateness_p99_us"`
	LatenessMaxUS int64   `json:"lateness_max_us"`
	CPUS          float64 `json:"cpu_s"`     // of this process, an embedded target included
	CPUCores      float64 `json:"cpu_cores"` // cpu_s a second of the run
	GCPauseMS     float64 `json:"gc_pause_ms"`
	ClockJumpMS   float64 `json:"clock_jump_ms"` // how far the wall clock moved against the monotonic one
	Saturated     bool    `json:"saturated"`
	Why           string  `json:"why,omitempty"` // what says that it is saturated
}

// SecondsSeries has one value a second from the start in each of its lists. Counts are of the operations that were
// due in that second, all kinds together, whenever they ended.
type SecondsSeries struct {
	Offered []int64 `json:"offered"`
	Sent    []int64 `json:"sent"`
	Done    []int64 `json:"done"`   // came to an end, with whatever answer or none
	Failed  []int64 `json:"failed"` // of those: without an answer
	P50US   []int64 `json:"p50_us"` // corrected; zero for a second in which nothing ended
	P99US   []int64 `json:"p99_us"`
	MaxUS   []int64 `json:"max_us"`
}

// Audit is what was done after the load to judge the money.
type Audit struct {
	Over         string    `json:"over"`        // "api", "stores" or "api and stores"; empty: there was none
	PeopleRead   int64     `json:"people_read"` // whose pages were read to their ends
	People       int64     `json:"people"`      // who might have been
	Drained      bool      `json:"drained"`
	Unseen       []string  `json:"unseen,omitempty"` // what it could not know for want of the books that tell it, in words
	DrainedS     float64   `json:"drained_s"`        // from the end of the plan until nothing was held back; what was waited when not drained
	LiveBefore   *Holdings `json:"live_before,omitempty"`
	LiveAfter    *Holdings `json:"live_after,omitempty"`
	MarkedBefore *Holdings `json:"marked_before_clean_up,omitempty"`
	MarkedAfter  *Holdings `json:"marked_after_clean_up,omitempty"`
}

// Holdings counts what a service keeps on one side, of production or of marked load.
type Holdings struct {
	Orders      int64 `json:"orders"`
	Entries     int64 `json:"entries"`
	ReservedFen int64 `json:"reserved_fen"`
}

// FindMax is a search for the highest rate that holds.
type FindMax struct {
	Steps       []Step  `json:"steps"`
	KneePerS    float64 `json:"knee_per_s"`     // the highest rate that passed; zero when none did
	PerCorePerS float64 `json:"per_core_per_s"` // that rate for each of the target's cores in use; zero when they are not known
	LimitedBy   string  `json:"limited_by"`     // what gave way first, in words
	ByGenerator bool    `json:"limited_by_generator"`
}

// Step is one rate that was tried.
type Step struct {
	RatePerS    float64 `json:"rate_per_s"`
	Result      Verdict `json:"result"`
	Why         string  `json:"why,omitempty"`
	OKPerS      float64 `json:"ok_per_s"`
	P99US       int64   `json:"p99_us"` // of grants, corrected
	TargetCores float64 `json:"target_cores,omitempty"`
}

// MaxUnsentInverse is the share of operations that may stay unsent, or unanswered at the end, as one in so many.
// Beyond it the load was not the one that was asked for, and no verdict stands on it.
const MaxUnsentInverse = 1000

// Total adds up the accounts of all operations.
func (l *Load) Total() Offered {
	var sum Offered
	for _, o := range l.Operations {
		sum.Scheduled += o.Scheduled
		sum.Sent += o.Sent
		sum.Unsent += o.Unsent
		sum.OK += o.OK
		sum.Refused += o.Refused
		sum.Failed += o.Failed
		sum.InFlight += o.InFlight
	}
	return sum
}

// Doubts says why the load was not the one that was asked for; nothing means that it was.
func (l *Load) Doubts() []text.Text {
	out := l.Lacks()
	if l.Generator.Saturated {
		why := text.Quote(l.Generator.Why)
		if why == "" {
			why = "it did not say why"
		}
		out = append(out, text.Textf("The generator was saturated: %s.", "发压端已饱和：%s。", why))
	}
	return out
}

// Lacks says what of the load was not offered, or had no end; nothing means that all was offered, though perhaps late.
func (l *Load) Lacks() []text.Text {
	var out []text.Text
	sum := l.Total()
	if sum.Scheduled == 0 {
		out = append(out, text.Text{EN: "Nothing was scheduled at all.", ZH: "没有任何计划中的操作。"})
	}
	if sum.Unsent > sum.Scheduled/MaxUnsentInverse {
		out = append(out, text.Textf("%s of %s scheduled operations were never sent, more than 0.1%%.",
			"计划的 %[2]s 次操作中有 %[1]s 次从未发送，超过 0.1%%。", text.Count(sum.Unsent), text.Count(sum.Scheduled)))
	}
	if sum.InFlight > sum.Sent/MaxUnsentInverse {
		out = append(out, text.Textf("%s of %s sent operations had no end when the run ended, more than 0.1%%.",
			"运行结束时，已发送的 %[2]s 次操作中有 %[1]s 次没有结果，超过 0.1%%。", text.Count(sum.InFlight), text.Count(sum.Sent)))
	}
	for _, o := range l.Operations {
		if !o.Planned() || !o.Answered() {
			out = append(out, text.Textf("The accounts of operation %s do not add up.", "操作 %s 的账目不平。", text.Quote(o.Name)))
		}
	}
	return out
}

// Conclude sets the verdict of a run in real time: fail for a violated check; else unknown when the load was not the
// one that was asked for; else fail for a missed threshold, and unknown for whatever was not evaluated. Thresholds of a
// load that was not the one that was asked for become unknown: what they would have been is anybody's guess.
func Conclude(run *Run) {
	checks := []Verdict{}
	for _, c := range run.Checks {
		checks = append(checks, c.Result)
	}
	run.Verdict = Combine(checks...)
	if run.Load == nil {
		run.Verdict = Combine(run.Verdict, Unknown)
		return
	}
	vs := []Verdict{run.Verdict}
	if run.Interrupted {
		vs = append(vs, Unknown)
	}
	if doubts := run.Load.Doubts(); len(doubts) > 0 {
		vs = append(vs, Unknown)
		for i := range run.Load.Thresholds {
			t := &run.Load.Thresholds[i]
			t.Result, t.Why = Unknown, doubts[0].EN
		}
	}
	for _, t := range run.Load.Thresholds {
		vs = append(vs, t.Result)
	}
	run.Verdict = Combine(vs...)
}

// Violated says whether a check failed, of a run or of a study: the money was not safe, or a design does not hold.
func (r *Record) Violated() bool {
	for _, c := range r.Checks {
		if c.Result == Fail {
			return true
		}
	}
	for _, s := range r.Studies {
		if s.Verdict == Fail {
			return true
		}
	}
	return false
}

// Missed says whether a threshold was missed.
func (r *Record) Missed() bool {
	for _, run := range r.Runs {
		if run.Load == nil {
			continue
		}
		for _, t := range run.Load.Thresholds {
			if t.Result == Fail {
				return true
			}
		}
	}
	return false
}

// Label names a run among those of its record.
func (r *Run) Label() string {
	if r.Repeat > 0 {
		return r.Strategy + " #" + text.Count(int64(r.Repeat))
	}
	return r.Strategy
}

// Short names a run in the head of a narrow column.
func (r *Run) Short() string {
	if r.Repeat > 0 {
		return "#" + text.Count(int64(r.Repeat))
	}
	return r.Strategy
}

// Planned says whether Scheduled = Sent + Unsent.
func (o Offered) Planned() bool { return o.Scheduled-o.Sent == o.Unsent }

// Answered says whether Sent = OK + Refused + Failed + InFlight.
func (o Offered) Answered() bool { return o.Sent-o.OK-o.Refused == o.Failed+o.InFlight }
