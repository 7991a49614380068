// Package reports defines the record of a run, and reads, checks and stores it. The Record is the one source of every
// rendering: record.json, report.html, summary.md and junit.xml agree. Package reports/render writes them,
// reports/compare compares two records.
//
// Units stand last in the names of JSON fields; docs/record.md explains every field. ErrRecord is the class of errors of
// a record that is invalid or of another version. Verdicts are pass, fail and unknown; what was never evaluated is
// unknown. The package computes no verdict beyond Combine, and must not import what makes runs.
//
// The example of Read lists the checks of a record that did not pass.
package reports

import (
	"fmt"
	"time"
)

// Schema is the version of record.json. It changes if a reader of the old version would misread the new one.
const Schema = "hongbao/record/v1"

// Verdict is the result of a check, a threshold, a study or a run. Anything that was never evaluated is Unknown, never Pass.
type Verdict string

// The three verdicts.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Record describes one call of hongbao sim or hongbao load: a scenario, its runs and the verdict over them.
type Record struct {
	Schema      string      `json:"schema"`
	Kind        string      `json:"kind"` // "sim" or "load"
	Scenario    Scenario    `json:"scenario"`
	Seed        uint64      `json:"seed"`
	Commit      string      `json:"commit"`
	Verdict     Verdict     `json:"verdict"`
	Interrupted bool        `json:"interrupted"`
	Checks      []Check     `json:"checks"`            // over all runs: each check once, with the sums of its evaluations and violations
	Offered     Offered     `json:"offered"`           // of the first run
	Metrics     Metrics     `json:"metrics"`           // figures that belong to no single run, such as the encoded sizes of a token
	Studies     []Study     `json:"studies,omitempty"` // comparisons of designs
	Runs        []Run       `json:"runs"`              // one per strategy, or one per repeat of a load
	Digest      string      `json:"digest"`            // over all runs: the same seed and commit give the same digest
	Replay      string      `json:"replay"`            // the command that repeats the run
	Environment Environment `json:"environment"`
	FindMax     *FindMax    `json:"find_max,omitempty"` // the search for the highest rate; the runs of the record are then its last steps
}

// Scenario is what was replayed.
type Scenario struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	TitleZH     string `json:"title_zh"`
	Description string `json:"description"`
	File        string `json:"file"`
	SHA256      string `json:"sha256"` // of the file
	Scale       string `json:"scale"`  // "1/1000"
	ScaleDen    int64  `json:"scale_den"`
	ScaleNum    int64  `json:"scale_num"`
	Crypto      string `json:"crypto"` // "real" or "modelled"
}

// Check is a condition that must be true, with the number of its evaluations and violations.
type Check struct {
	Name        string   `json:"name"`
	Spec        []string `json:"spec"` // SPEC ids
	Result      Verdict  `json:"result"`
	Evaluations int64    `json:"evaluations"`
	Violations  int64    `json:"violations"`
	First       string   `json:"first,omitempty"` // the first violation, in words
	Worst       string   `json:"worst,omitempty"` // the violation with the most money at stake; over all runs: that of the first run that has one
}

// NewCheck returns the check of one SPEC id. Its result is unknown if evaluations is 0. If there are violations, first and
// args describe the first one, as in fmt.Sprintf.
func NewCheck(name, spec string, evaluations, violations int64, first string, args ...any) Check {
	c := Check{Name: name, Spec: []string{spec}, Result: Pass, Evaluations: evaluations, Violations: violations}
	switch {
	case evaluations == 0:
		c.Result, c.Violations = Unknown, 0
	case violations > 0:
		c.Result, c.First = Fail, fmt.Sprintf(first, args...)
	}
	return c
}

// Broken returns the number of violations of one bound: 1 if it is broken, otherwise 0.
func Broken(broken bool) int64 {
	if broken {
		return 1
	}
	return 0
}

// Offered counts the grants of the load: Scheduled = Sent + Unsent, Sent = OK + Refused + Failed + InFlight. Each grant is
// counted once, even if its client retried it.
type Offered struct {
	Scheduled int64 `json:"scheduled"`
	Sent      int64 `json:"sent"`
	Unsent    int64 `json:"unsent"`
	OK        int64 `json:"ok"`
	Refused   int64 `json:"refused"` // refused by a rule, or by the limits on the last try
	Failed    int64 `json:"failed"`  // no answer to the last try
	InFlight  int64 `json:"in_flight"`
}

// Metrics are figures by name. A name ends in its unit. The JSON is sorted by name.
type Metrics map[string]float64

// Run is the replay of one strategy, or one repeat of a load.
type Run struct {
	Strategy    string       `json:"strategy"`
	Repeat      int          `json:"repeat,omitempty"` // from 1 if the load was repeated, else 0
	Verdict     Verdict      `json:"verdict"`
	Interrupted bool         `json:"interrupted"`
	Checks      []Check      `json:"checks"`
	Offered     Offered      `json:"offered"`
	Comparison  Comparison   `json:"comparison"`
	Metrics     Metrics      `json:"metrics"`
	Series      Series       `json:"series"`
	Windows     []WindowStat `json:"windows"`
	Refusals    []Refusal    `json:"refusals"`
	Memory      []Memory     `json:"memory"`
	Digest      string       `json:"digest"`
	Steps       int64        `json:"steps"`
	WallSeconds float64      `json:"wall_seconds"`   // real time; the only field that differs between two simulations with one seed
	Load        *Load        `json:"load,omitempty"` // nil for a simulation
}

// Comparison holds the figures of one strategy in the comparison of strategies. Counts and rates are at the scale of the
// replay; divide by the scale for the full festival.
type Comparison struct {
	VisibleWaitP50MS      int64 `json:"visible_wait_p50_ms"` // from the acknowledgement until the wallet page shows the grant
	VisibleWaitP99MS      int64 `json:"visible_wait_p99_ms"`
	VisibleWaitMaxMS      int64 `json:"visible_wait_max_ms"`
	PostingDelayMaxMS     int64 `json:"posting_delay_max_ms"` // from the acknowledgement until the grant is in the ledger
	OfferedPeakTPS        int64 `json:"offered_peak_tps"`
	PostedPeakTPS         int64 `json:"posted_peak_tps"`
	LedgerInstancesUsed   int64 `json:"ledger_instances_used"`   // at full scale
	LedgerInstancesNeeded int64 `json:"ledger_instances_needed"` // at full scale, for this strategy to refuse no grant
	BacklogPeak           int64 `json:"backlog_peak"`
	Refused               int64 `json:"refused"`              // grants that were finally refused
	MoneyDifferenceFen    int64 `json:"money_difference_fen"` // sum of the absolute differences between the acknowledged amounts and the ledger
}

// Series is the data of the plots. All lists over time have the same length. Periods without traffic have no samples.
type Series struct {
	Columns []string  `json:"columns"` // offered_per_s posted_per_s backlog visible_wait_max_ms budget_spent_fen
	Times   []int64   `json:"times_unix_s"`
	StepS   []int64   `json:"step_s"` // length of each sample's interval
	Values  [][]int64 `json:"values"` // by column, then by time
}

// WindowStat holds the figures of one window of the calendar.
type WindowStat struct {
	Name     string    `json:"name"`
	Play     string    `json:"play"`
	Stage    string    `json:"stage"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Offered  int64     `json:"offered"`
	OK       int64     `json:"ok"`
	Refused  int64     `json:"refused"`
	Failed   int64     `json:"failed"`
	PeakTPS  int64     `json:"peak_tps"`
	Peak     bool      `json:"peak"`
	WaitMaxS float64   `json:"visible_wait_max_s"`
}

// Calendar returns the windows of the first run that has any. All strategies replay the same calendar.
func (r *Record) Calendar() []WindowStat {
	for i := range r.Runs {
		if len(r.Runs[i].Windows) > 0 {
			return r.Runs[i].Windows
		}
	}
	return nil
}

// Refusal counts the refusals of one operation for one reason. It counts answers, so retries count too.
type Refusal struct {
	Operation string `json:"operation"`
	Reason    string `json:"reason"`
	Count     int64  `json:"count"`
}

// Memory is the memory that one part of the program keeps.
type Memory struct {
	Part          string  `json:"part"`
	Bytes         int64   `json:"bytes"`
	BytesPerGrant float64 `json:"bytes_per_grant"`
}

// Environment describes the machine and the Go version of the run.
type Environment struct {
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
}

// Combine returns Fail if any verdict is Fail, else Unknown if any is not Pass or if there are no verdicts, else Pass.
func Combine(vs ...Verdict) Verdict {
	out := Pass
	if len(vs) == 0 {
		return Unknown
	}
	for _, v := range vs {
		if v == Fail {
			return Fail
		}
		if v != Pass {
			out = Unknown
		}
	}
	return out
}
