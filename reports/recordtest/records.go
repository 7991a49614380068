// Package recordtest provides records and golden files for the tests of reports and its packages. The figures of the records
// are invented, but consistent with each other.
package recordtest

import (
	"time"

	"hongbao/reports"
)

// Passed returns a simulation of a festival at scale 1/1000 with three strategies, which passed.
func Passed() *reports.Record {
	r := &reports.Record{
		Schema: reports.Schema, Kind: "sim", Seed: 42, Commit: "3fc25ea", Verdict: reports.Pass,
		Scenario: reports.Scenario{Name: "festival-2022", Title: "Spring Festival 2022: the whole calendar", TitleZH: "2022 春节：完整活动日历",
			Description: "Three stages, card collection, seven rains, the card lottery and the fireworks show.",
			File:        "scenarios/festival-2022.yaml", SHA256: "9b74c9897bac770ffc029102a200c5de", Scale: "1/1000", ScaleNum: 1, ScaleDen: 1000, Crypto: "modelled"},
		Metrics: reports.Metrics{"token_protobuf_bytes": 91.4, "token_json_bytes": 204.2, "token_protobuf_json_ratio": 0.4476, "token_sealed_bytes": 219},
		Digest:  "c0ffee00c0ffee00", Replay: "hongbao sim festival-2022 --seed 42 --scale 1/1000",
		Environment: reports.Environment{Go: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 2, GOMAXPROCS: 2},
	}
	r.Runs = []reports.Run{Replay("sync", 1800), Replay("async", 300), Replay("token", 300)}
	r.Runs[0].Comparison = reports.Comparison{OfferedPeakTPS: 1800, PostedPeakTPS: 300, LedgerInstancesUsed: 152, LedgerInstancesNeeded: 912, Refused: 182_400}
	r.Runs[1].Comparison = reports.Comparison{VisibleWaitP50MS: 412_000, VisibleWaitP99MS: 861_200, VisibleWaitMaxMS: 872_000, PostingDelayMaxMS: 872_000,
		OfferedPeakTPS: 1800, PostedPeakTPS: 300, LedgerInstancesUsed: 152, LedgerInstancesNeeded: 152, BacklogPeak: 261_600}
	r.Runs[2].Comparison = reports.Comparison{PostingDelayMaxMS: 872_450, OfferedPeakTPS: 1800, PostedPeakTPS: 300, LedgerInstancesUsed: 152, LedgerInstancesNeeded: 152, BacklogPeak: 261_600}
	r.Runs[0].Offered = reports.Offered{Scheduled: 1_204_332, Sent: 1_204_332, OK: 1_021_932, Refused: 182_400}
	r.Runs[0].Refusals = []reports.Refusal{{Operation: "grant", Reason: "overloaded", Count: 547_200}, {Operation: "withdraw", Reason: "not_released", Count: 1_204}}
	r.Runs[2].Refusals = []reports.Refusal{{Operation: "withdraw", Reason: "not_released", Count: 1_188}}
	r.Offered = r.Runs[0].Offered
	for _, c := range r.Runs[0].Checks {
		c.Evaluations *= 3
		r.Checks = append(r.Checks, c)
	}
	return r
}

// Violated returns a run in which grants were posted twice.
func Violated() *reports.Record {
	r := Passed()
	r.Scenario.Title, r.Scenario.ScaleDen, r.Scenario.Scale = "Timeouts at the ledger, retried blindly", 1, "1/1"
	r.Verdict = reports.Fail
	r.Runs = r.Runs[2:]
	first := "2022-01-31T11:30:04.120000Z order 88231_rain-7_7_1_3: posted twice, 188 fen each"
	worst := "2022-01-31T11:31:10.003100Z order 10442_rain-7_7_1_3: posted twice, 20,000 fen each"
	fail := reports.Check{Name: "no grant is posted twice", Spec: []string{"O3", "F1"}, Result: reports.Fail, Evaluations: 803_112, Violations: 1_377, First: first, Worst: worst}
	r.Runs[0].Verdict, r.Runs[0].Checks[1] = reports.Fail, fail
	r.Runs[0].Comparison.MoneyDifferenceFen = 318_800
	r.Checks = append([]reports.Check(nil), r.Runs[0].Checks...)
	return r
}

// Interrupted returns a simulation that was interrupted in its second strategy.
func Interrupted() *reports.Record {
	r := Passed()
	r.Verdict, r.Interrupted = reports.Unknown, true
	r.Runs = r.Runs[:2]
	run := &r.Runs[1]
	run.Verdict, run.Interrupted = reports.Unknown, true
	run.Checks[2] = reports.Check{Name: run.Checks[2].Name, Spec: run.Checks[2].Spec, Result: reports.Unknown}
	run.Offered = reports.Offered{Scheduled: 1_204_332, Sent: 700_000, Unsent: 504_332, OK: 699_000, InFlight: 1_000}
	r.Checks[2].Result, r.Checks[2].Evaluations = reports.Unknown, 0
	return r
}

// Replay returns the run of one strategy whose ledger posts at most rate grants per second.
func Replay(strategy string, rate int64) reports.Run {
	run := reports.Run{Strategy: strategy, Verdict: reports.Pass, Digest: "d1" + strategy, Steps: 9_120_334, WallSeconds: 12.25,
		Checks: []reports.Check{
			{Name: "the ledger sums to zero", Spec: []string{"F1"}, Result: reports.Pass, Evaluations: 18_240},
			{Name: "no grant is posted twice", Spec: []string{"F1", "O3"}, Result: reports.Pass, Evaluations: 1_204_332},
			{Name: "the page shows what is due", Spec: []string{"T5"}, Result: reports.Pass, Evaluations: 402_118},
			{Name: "nothing is granted above the budget", Spec: []string{"C6", "F2"}, Result: reports.Pass, Evaluations: 1_204_332},
		},
		Offered: reports.Offered{Scheduled: 1_204_332, Sent: 1_204_332, OK: 1_204_332},
		Metrics: reports.Metrics{"steps_per_s": 744_517.061, "pages_shown": 402_118},
		Memory:  []reports.Memory{{Part: "ledger", Bytes: 96_346_560, BytesPerGrant: 80}, {Part: "orders", Bytes: 115_615_872, BytesPerGrant: 96}, {Part: "crowd", Bytes: 28_903_968, BytesPerGrant: 24}},
		Series:  reports.Series{Columns: []string{"offered_per_s", "posted_per_s", "backlog", "visible_wait_max_ms", "budget_spent_fen"}, Values: make([][]int64, 5)},
	}
	f := festival{run: &run, rate: rate, strategy: strategy}
	f.window("internal test", "rain", "internal-test", "2022-01-12T20:00:00+08:00", 600, 10_000, false)
	f.window("external drill", "rain", "external-drill", "2022-01-18T20:00:00+08:00", 600, 120_000, false)
	f.window("cards", "card-collection", "official", "2022-01-24T12:00:00+08:00", 7*86400, 800, false)
	for i := range 7 {
		at := time.Date(2022, 1, 31, 5+i, 0, 0, 0, time.UTC).Format(time.RFC3339)
		peak := i == 6
		milli := int64(600_000)
		if peak {
			milli = 1_800_000
		}
		f.window("rain "+string(rune('1'+i)), "rain", "official", at, 600, milli, peak)
	}
	f.window("fireworks", "fireworks", "official", "2022-01-31T22:30:00+08:00", 900, 250_000, false)
	return run
}

// festival fills the series of a run by a model of a queue in front of a ledger. The offered rate of a window, in grants per
// 1,000 seconds at its start, falls with the square of the remaining time.
type festival struct {
	run      *reports.Run
	rate     int64
	strategy string
	backlog  int64
	spent    int64
}

func (f *festival) window(name, play, stage, start string, seconds, milli int64, peak bool) {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		panic(err)
	}
	step := int64(20)
	if seconds > 3600 {
		step = 7200
	}
	w := reports.WindowStat{Name: name, Play: play, Stage: stage, Start: at, End: at.Add(time.Duration(seconds) * time.Second), Peak: peak, PeakTPS: (milli + 999) / 1000}
	for t := int64(0); t < seconds || f.backlog > 0; t += step {
		offered := int64(0)
		if t < seconds {
			left := seconds - t
			offered = (milli*left/seconds*left/seconds + 999) / 1000
		}
		posted := min(f.rate, offered+f.backlog/step)
		wait := int64(0)
		if f.strategy == "sync" {
			w.Refused += (offered - min(offered, 300)) * step
			posted = min(posted, 300)
		} else {
			f.backlog += (offered - posted) * step
			f.backlog = max(0, f.backlog)
			if f.strategy == "async" {
				wait = f.backlog * 1000 / f.rate
			}
		}
		w.Offered += offered * step
		w.WaitMaxS = max(w.WaitMaxS, float64(wait)/1000)
		f.spent += posted * step * 150
		f.sample(at.Unix()+t, step, offered, posted, f.backlog, wait, f.spent)
		if f.backlog < step {
			f.backlog = 0
		}
	}
	w.OK = w.Offered - w.Refused
	f.run.Windows = append(f.run.Windows, w)
}

func (f *festival) sample(t, step int64, values ...int64) {
	s := &f.run.Series
	if n := len(s.Times); n > 0 && t < s.Times[n-1]+s.StepS[n-1] {
		return // two windows overlap: the earlier one keeps the sample
	}
	s.Times, s.StepS = append(s.Times, t), append(s.StepS, step)
	for i, v := range values {
		s.Values[i] = append(s.Values[i], v)
	}
}
