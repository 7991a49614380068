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

// Schema is the version of record.json. It changes when a reader of the old one would misread the new one.
const Schema = "hongbao/record/v1"

// Verdict is what a check or a run came to. What was never evaluated is Unknown, never Pass.
type Verdict string

// The three verdicts.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Record is one run.
type Record struct {
	Schema      string      `json:"schema"`
	Kind        string      `json:"kind"` // "sim" or "load"
	Scenario    Scenario    `json:"scenario"`
	Seed        uint64      `json:"seed"`
	Commit      string      `json:"commit"`
	Verdict     Verdict     `json:"verdict"`
	Interrupted bool        `json:"interrupted"`
	Checks      []Check     `json:"checks"`            // over all runs: each check once, its evaluations and violations summed
	Offered     Offered     `json:"offered"`           // of the first run
	Metrics     Metrics     `json:"metrics"`           // figures that are not of one run, such as the token's encoded sizes
	Studies     []Study     `json:"studies,omitempty"` // comparisons of designs, beside the runs
	Runs        []Run       `json:"runs"`              // one a strategy, or one a repeat
	Digest      string      `json:"digest"`            // over all runs: same seed, same digest
	Replay      string      `json:"replay"`            // the one command that repeats the run
	Environment Environment `json:"environment"`
	FindMax     *FindMax    `json:"find_max,omitempty"` // of a search for the highest rate; its runs are the last steps
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

// Check is one thing that must be true, and how often it was looked at.
type Check struct {
	Name        string   `json:"name"`
	Spec        []string `json:"spec"` // SPEC ids
	Result      Verdict  `json:"result"`
	Evaluations int64    `json:"evaluations"`
	Violations  int64    `json:"violations"`
	First       string   `json:"first,omitempty"` // the first violation, in words
	Worst       string   `json:"worst,omitempty"` // the one with the most money at stake; over all runs, of the first run that has one
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

// Offered accounts for the load: Scheduled = Sent + Unsent, Sent = OK + Refused + Failed + InFlight. Grants only,
// each counted once however often its client repeated it.
type Offered struct {
	Scheduled int64 `json:"scheduled"`
	Sent      int64 `json:"sent"`
	Unsent    int64 `json:"unsent"`
	OK        int64 `json:"ok"`
	Refused   int64 `json:"refused"` // with a final answer: a rule said no, or the limits held to the last try
	Failed    int64 `json:"failed"`  // the last try had no answer
	InFlight  int64 `json:"in_flight"`
}

// Metrics are named figures with units last in the name. Sorted by name when written.
type Metrics map[string]float64

// Run is one strategy's replay, or one of the repeats of a load.
type Run struct {
	Strategy    string       `json:"strategy"`
	Repeat      int          `json:"repeat,omitempty"` // from 1 where a load was repeated
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
	WallSeconds float64      `json:"wall_seconds"`   // the only figure that differs between two runs of one seed
	Load        *Load        `json:"load,omitempty"` // nil for a simulation
}

// Comparison is the row of the strategy table. Counts and rates are as replayed; multiply by the scale's
// denominator for the festival's size.
type Comparison struct {
	VisibleWaitP50MS      int64 `json:"visible_wait_p50_ms"` // from the acknowledgement until the wallet page shows it
	VisibleWaitP99MS      int64 `json:"visible_wait_p99_ms"`
	VisibleWaitMaxMS      int64 `json:"visible_wait_max_ms"`
	PostingDelayMaxMS     int64 `json:"posting_delay_max_ms"` // from the acknowledgement until it is in the ledger
	OfferedPeakTPS        int64 `json:"offered_peak_tps"`
	PostedPeakTPS         int64 `json:"posted_peak_tps"`
	LedgerInstancesUsed   int64 `json:"ledger_instances_used"`   // at full scale
	LedgerInstancesNeeded int64 `json:"ledger_instances_needed"` // at full scale, for this strategy to refuse nobody
	BacklogPeak           int64 `json:"backlog_peak"`
	Refused               int64 `json:"refused"`              // grants that people lost
	MoneyDifferenceFen    int64 `json:"money_difference_fen"` // acknowledged minus in the ledger, absolute values summed
}

// Series are the plots' data: one value a Step from Start; all of one length, and only the stretches with traffic
// (Gaps says where time was cut out).
type Series struct {
	Columns []string  `json:"columns"` // offered_per_s posted_per_s backlog visible_wait_max_ms budget_spent_fen
	Times   []int64   `json:"times_unix_s"`
	StepS   []int64   `json:"step_s"` // length of each sample's interval
	Values  [][]int64 `json:"values"` // by column, then by time
}

// WindowStat is what happened in one window of the calendar.
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

// Refusal counts refused requests of one reason.
type Refusal struct {
	Operation string `json:"operation"`
	Reason    string `json:"reason"`
	Count     int64  `json:"count"`
}

// Memory is what one part of the simulation keeps.
type Memory struct {
	Part          string  `json:"part"`
	Bytes         int64   `json:"bytes"`
	BytesPerGrant float64 `json:"bytes_per_grant"`
}

// Environment is where the run was made.
type Environment struct {
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
}

// Combine returns Fail if any is Fail, else Unknown if any is Unknown or there is none, else Pass.
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
