package reports

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/reports/text"
)

// Load holds the results of a load test, which runs in real time. Latencies are measured from the due time of an
// operation unless the name says otherwise.
type Load struct {
	Target     string        `json:"target"` // address of the target, without credentials; "embedded" for a service in the same process
	Driver     string        `json:"driver"`
	Window     string        `json:"window"`     // the window of the scenario that was played
	PeakPerS   float64       `json:"peak_per_s"` // requested peak rate of grants
	DurationS  float64       `json:"duration_s"` // of the plan, without the drain and the audit
	StartedAt  time.Time     `json:"started_at"`
	Shadow     bool          `json:"marked"` // all requests carried the load-test mark
	Operations []Operation   `json:"operations"`
	Thresholds []Threshold   `json:"thresholds"`
	Visible    Latency       `json:"visible_wait"` // from the acknowledgement of a grant until the wallet page showed it
	Generator  Generator     `json:"generator"`
	Seconds    SecondsSeries `json:"seconds"`
	Audit      Audit         `json:"audit"`
}

// Operation holds the counts and latencies of one kind of operation. Each operation is counted once, even if its client
// retried it: Scheduled = Sent + Unsent, Sent = OK + Refused + Failed + InFlight.
type Operation struct {
	Name string `json:"name"`
	Offered
	Corrected   Latency  `json:"corrected"`   // from the due time until the end of the operation
	Uncorrected Latency  `json:"uncorrected"` // from the send until the end; it hides the time spent waiting to be sent
	Busiest     *Busiest `json:"busiest,omitempty"`
}

// Busiest is the second in which most operations of one kind were due.
type Busiest struct {
	Second    int64   `json:"second"` // since the start, from 0
	Offered   int64   `json:"offered"`
	Corrected Latency `json:"corrected"`
}

// Latency summarises a histogram, in microseconds. Without samples all fields are zero.
type Latency struct {
	Samples int64 `json:"samples"`
	MeanUS  int64 `json:"mean_us"`
	P50US   int64 `json:"p50_us"`
	P90US   int64 `json:"p90_us"`
	P99US   int64 `json:"p99_us"`
	P999US  int64 `json:"p999_us"`
	MaxUS   int64 `json:"max_us"`
}

// LatencyOf summarises a histogram of microseconds. A nil histogram has no samples.
func LatencyOf(h *hdrhistogram.Histogram) Latency {
	if h == nil || h.TotalCount() == 0 {
		return Latency{}
	}
	return Latency{Samples: h.TotalCount(), MeanUS: int64(h.Mean()), P50US: h.ValueAtQuantile(50), P90US: h.ValueAtQuantile(90),
		P99US: h.ValueAtQuantile(99), P999US: h.ValueAtQuantile(99.9), MaxUS: h.Max()}
}

// Threshold is a limit of the scenario and the measured value. It is met if "Measured Operator Limit" is true.
type Threshold struct {
	Name      string  `json:"name"`                // operation and measure, such as "grant p99_ms"; unique in a run
	Measure   string  `json:"measure"`             // p50_ms p90_ms p99_ms p999_ms max_ms error_ratio refused_ratio drained_within_s visible_wait_p99_ms
	Operation string  `json:"operation,omitempty"` // empty: the whole run
	Window    string  `json:"window,omitempty"`    // empty: any window
	Second    string  `json:"second,omitempty"`    // "busiest": only that second; empty: all
	Statement string  `json:"statement"`           // the condition in words
	Operator  string  `json:"operator"`            // "≤"
	Limit     float64 `json:"limit"`
	Measured  float64 `json:"measured"` // zero if there are no samples
	Unit      string  `json:"unit"`     // ms, s; empty for a ratio
	Samples   int64   `json:"samples"`
	Result    Verdict `json:"result"`
	Why       string  `json:"why,omitempty"` // reason of an unknown result
}

// Generator describes the load generator. If it was saturated, the run says nothing about the target.
type Generator struct {
	Attackers     int     `json:"attackers"`
	Workers       int     `json:"workers"`         // the most that were busy at once
	LatenessP50US int64   `json:"lateness_p50_us"` // of a send after its due time
	LatenessP99US int64   `json:"lateness_p99_us"`
	LatenessMaxUS int64   `json:"lateness_max_us"`
	CPUS          float64 `json:"cpu_s"`     // CPU time of this process, including an embedded target
	CPUCores      float64 `json:"cpu_cores"` // cpu_s divided by the length of the run
	GCPauseMS     float64 `json:"gc_pause_ms"`
	ClockJumpMS   float64 `json:"clock_jump_ms"` // drift of the wall clock against the monotonic clock
	Saturated     bool    `json:"saturated"`
	Why           string  `json:"why,omitempty"` // the reason why it counts as saturated
}

// SecondsSeries has one value per second since the start in each of its lists. The values cover the operations of all
// kinds that were due in that second, whenever they ended.
type SecondsSeries struct {
	Offered []int64 `json:"offered"`
	Sent    []int64 `json:"sent"`
	Done    []int64 `json:"done"`   // ended: succeeded, refused or failed
	Failed  []int64 `json:"failed"` // of Done: without an answer
	P50US   []int64 `json:"p50_us"` // corrected; zero if no operation of the second ended
	P99US   []int64 `json:"p99_us"`
	MaxUS   []int64 `json:"max_us"`
}

// Audit describes the check of the money after the load.
type Audit struct {
	Over         string    `json:"over"`        // "api", "stores" or "api and stores"; empty: there was no audit
	PeopleRead   int64     `json:"people_read"` // people whose wallet pages were read completely
	People       int64     `json:"people"`      // people of the run
	Drained      bool      `json:"drained"`
	Unseen       []string  `json:"unseen,omitempty"` // facts that need access to the stores and could not be checked, in words
	DrainedS     float64   `json:"drained_s"`        // from the end of the plan until no posting was held; if not drained: the time waited
	LiveBefore   *Holdings `json:"live_before,omitempty"`
	LiveAfter    *Holdings `json:"live_after,omitempty"`
	ShadowBefore *Holdings `json:"marked_before_clean_up,omitempty"`
	ShadowAfter  *Holdings `json:"marked_after_clean_up,omitempty"`
}

// Holdings counts the data of one wallet instance, live or shadow.
type Holdings struct {
	Orders      int64 `json:"orders"`
	Entries     int64 `json:"entries"`
	ReservedFen int64 `json:"reserved_fen"`
}

// FindMax is a search for the highest rate that passes.
type FindMax struct {
	Steps       []Step  `json:"steps"`
	KneePerS    float64 `json:"knee_per_s"`     // the highest rate that passed; zero if none passed
	PerCorePerS float64 `json:"per_core_per_s"` // KneePerS per core in use by the target; zero if the cores are unknown
	LimitedBy   string  `json:"limited_by"`     // the limit that was reached first, in words
	ByGenerator bool    `json:"limited_by_generator"`
}

// Step is one tested rate.
type Step struct {
	RatePerS    float64 `json:"rate_per_s"`
	Result      Verdict `json:"result"`
	Why         string  `json:"why,omitempty"`
	OKPerS      float64 `json:"ok_per_s"`
	P99US       int64   `json:"p99_us"` // of grants, corrected
	TargetCores float64 `json:"target_cores,omitempty"`
}

// MaxUnsentInverse bounds the share of operations that may stay unsent, or in flight at the end: one in MaxUnsentInverse.
// Above it the load was not offered as requested, and the verdict is unknown.
const MaxUnsentInverse = 1000

// Total returns the sums of the counts over all operations.
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

// Doubts returns the reasons why the load was not offered as requested. It is empty if the load was as requested.
func (l *Load) Doubts() []text.Text {
	out := l.Shortfalls()
	if l.Generator.Saturated {
		why := cmp.Or(text.Quote(l.Generator.Why), "no reason given")
		out = append(out, text.Textf("The generator was saturated: %s.", "发压端已饱和：%s。", why))
	}
	return out
}

// Shortfalls returns which part of the load was not offered or did not end. It is empty if the whole load was offered, even
// if late.
func (l *Load) Shortfalls() []text.Text {
	var out []text.Text
	sum := l.Total()
	if sum.Scheduled == 0 {
		out = append(out, text.Text{EN: "No operation was scheduled.", ZH: "没有安排任何操作。"})
	}
	if sum.Unsent > sum.Scheduled/MaxUnsentInverse {
		out = append(out, text.Textf("%s of %s scheduled operations were never sent, more than 0.1%%.",
			"计划的 %[2]s 次操作中有 %[1]s 次从未发送，超过 0.1%%。", text.Count(sum.Unsent), text.Count(sum.Scheduled)))
	}
	if sum.InFlight > sum.Sent/MaxUnsentInverse {
		out = append(out, text.Textf("%s of %s sent operations were still in flight when the run ended, more than 0.1%%.",
			"运行结束时，已发送的 %[2]s 次操作中有 %[1]s 次仍在进行，超过 0.1%%。", text.Count(sum.InFlight), text.Count(sum.Sent)))
	}
	for _, o := range l.Operations {
		if !o.Planned() || !o.Answered() {
			out = append(out, text.Textf("The counts of operation %s do not add up.", "操作 %s 的计数前后不符。", text.Quote(o.Name)))
		}
	}
	return out
}

// Conclude sets the verdict of a load run: fail if a check was violated; else unknown if the load was not offered as
// requested; else fail if a threshold was missed; else unknown if a check or a threshold was not evaluated. If the load
// was not offered as requested, all its thresholds become unknown, because their measured values mean nothing.
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

// Violated reports whether a check of a run or of a study failed.
func (r *Record) Violated() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Result == Fail }) ||
		slices.ContainsFunc(r.Studies, func(s Study) bool { return s.Verdict == Fail })
}

// Missed reports whether a threshold was missed.
func (r *Record) Missed() bool {
	missed := func(t Threshold) bool { return t.Result == Fail }
	return slices.ContainsFunc(r.Runs, func(run Run) bool { return run.Load != nil && slices.ContainsFunc(run.Load.Thresholds, missed) })
}

// Label returns the name of the run, unique in its record.
func (r *Run) Label() string {
	if r.Repeat > 0 {
		return r.Strategy + " #" + text.Count(int64(r.Repeat))
	}
	return r.Strategy
}

// Short returns the name of the run for the head of a narrow column.
func (r *Run) Short() string {
	if r.Repeat > 0 {
		return "#" + text.Count(int64(r.Repeat))
	}
	return r.Strategy
}

// Planned reports whether Scheduled = Sent + Unsent.
func (o Offered) Planned() bool { return o.Scheduled-o.Sent == o.Unsent }

// Answered reports whether Sent = OK + Refused + Failed + InFlight.
func (o Offered) Answered() bool { return o.Sent-o.OK-o.Refused == o.Failed+o.InFlight }
