package recordtest

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/reports"
)

// Loaded returns a load run that met its thresholds.
func Loaded() *reports.Record {
	r := &reports.Record{
		Schema: reports.Schema, Kind: "load", Seed: 7, Commit: "3fc25ea", Verdict: reports.Pass,
		Scenario: reports.Scenario{Name: "rain-peak", Title: "One rain round at the peak", TitleZH: "红包雨峰值",
			Description: "A rain at 3,000 grants a second.", File: "scenarios/rain-peak.yaml", SHA256: "9b74c9897bac770ffc029102a200c5de",
			Scale: "1/1", ScaleNum: 1, ScaleDen: 1, Crypto: "real"},
		Digest: "c0ffee00c0ffee00", Replay: "hongbao load scenarios/rain-peak.yaml --target embedded --peak 3000/s --duration 20s --seed 7",
		Environment: reports.Environment{Go: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 2, GOMAXPROCS: 2},
	}
	r.Runs = []reports.Run{LoadRun(1)}
	r.Runs[0].Repeat = 0
	reports.Conclude(&r.Runs[0])
	reports.Summarise(r)
	r.Digest = "c0ffee00c0ffee00"
	return r
}

// Missed returns a load with three repeats, whose target did not answer for a second, with a search for the highest rate.
func Missed() *reports.Record {
	r := Loaded()
	r.Runs = nil
	for i := range 3 {
		run := LoadRun(1 + 0.1*float64(i))
		run.Repeat = i + 1
		freeze(run.Load, i)
		reports.Conclude(&run)
		r.Runs = append(r.Runs, run)
	}
	r.FindMax = &reports.FindMax{KneePerS: 4800, PerCorePerS: 2450, LimitedBy: "p99 of grant 612 ms > 500 ms; the target used 1.97 of 2 cores", Steps: []reports.Step{
		{RatePerS: 1500, Result: reports.Pass, OKPerS: 1499.6, P99US: 8_200, TargetCores: 0.71},
		{RatePerS: 3000, Result: reports.Pass, OKPerS: 2999.2, P99US: 14_100, TargetCores: 1.32},
		{RatePerS: 6000, Result: reports.Fail, Why: "p99 of grant 1,912 ms > 500 ms", OKPerS: 5402, P99US: 1_912_000, TargetCores: 1.99},
		{RatePerS: 4800, Result: reports.Pass, OKPerS: 4797.1, P99US: 61_000, TargetCores: 1.96},
		{RatePerS: 5300, Result: reports.Unknown, Why: "the generator was saturated: sends were 45 ms late", OKPerS: 5101, P99US: 402_000},
	}}
	reports.Summarise(r)
	r.Digest = "c0ffee00c0ffee00"
	return r
}

// Saturated returns a load whose generator was saturated, without an audit.
func Saturated() *reports.Record {
	r := Loaded()
	run := &r.Runs[0]
	l := run.Load
	for i := range l.Operations {
		o := &l.Operations[i]
		o.Unsent = o.Scheduled / 50
		o.Sent -= o.Unsent
		o.OK -= o.Unsent
	}
	l.Thresholds[3].Samples, l.Thresholds[3].Measured = 0, 0
	l.Generator.Saturated, l.Generator.Why = true, "sends were 1.2 s late (p99), above 100 ms"
	l.Generator.LatenessP99US, l.Generator.LatenessMaxUS = 1_204_000, 2_011_000
	l.Target = "https://wallet.example.com"
	l.Audit = reports.Audit{}
	run.Checks[1] = reports.Check{Name: run.Checks[1].Name, Spec: run.Checks[1].Spec, Result: reports.Unknown}
	run.Offered = l.Operations[0].Offered
	reports.Conclude(run)
	reports.Summarise(r)
	r.Digest = "c0ffee00c0ffee00"
	return r
}

// LoadRun returns a run of 20 s whose latencies are multiplied by slower.
func LoadRun(slower float64) reports.Run {
	l := &reports.Load{Target: "embedded", Driver: "vegeta", Window: "Rain at the peak", PeakPerS: 3000, DurationS: 20, Shadow: true,
		StartedAt: time.Date(2026, 2, 16, 12, 0, 0, 0, time.UTC),
		Generator: reports.Generator{Attackers: 2, Workers: 61, LatenessP50US: 180, LatenessP99US: 1_350, LatenessMaxUS: 9_800, CPUS: 21.7, CPUCores: 1.08, GCPauseMS: 3.4, ClockJumpMS: -0.2},
		Audit: reports.Audit{Over: "api and stores", PeopleRead: 31_200, People: 31_200, Drained: true, DrainedS: 1.84,
			LiveBefore: &reports.Holdings{Orders: 12, Entries: 24, ReservedFen: 1_056}, LiveAfter: &reports.Holdings{Orders: 12, Entries: 24, ReservedFen: 1_056}, ShadowBefore: &reports.Holdings{Orders: 60_000, Entries: 121_204, ReservedFen: 9_018_200}, ShadowAfter: &reports.Holdings{}}}
	for _, o := range []struct {
		name     string
		n, base  int64
		refused  int64
		busiest  int64
		overhead int64
	}{{"grant", 60_000, 2_100, 0, 3_000, 210}, {"page", 45_120, 1_400, 0, 2_811, 190}, {"withdraw", 412, 4_800, 31, 41, 230}} {
		corrected, uncorrected := hdrhistogram.New(1, 600_000_000, 3), hdrhistogram.New(1, 600_000_000, 3)
		for i := range o.n {
			us := int64(slower*float64(o.base)) + i*i*40_000/(o.n*o.n) // a long tail
			_ = corrected.RecordValue(us + o.overhead)
			_ = uncorrected.RecordValue(us)
		}
		l.Operations = append(l.Operations, reports.Operation{Name: o.name, Offered: reports.Offered{Scheduled: o.n, Sent: o.n, OK: o.n - o.refused, Refused: o.refused},
			Corrected: reports.LatencyOf(corrected), Uncorrected: reports.LatencyOf(uncorrected), Busiest: &reports.Busiest{Second: 4, Offered: o.busiest, Corrected: reports.LatencyOf(corrected)}})
	}
	for s := range int64(20) {
		rate := min(3000, 600*(s+1))
		tail := int64(slower * float64(20_000+3_000*(s%4)))
		for i, v := range []int64{rate + rate*3/4, rate + rate*3/4, rate + rate*3/4, 0, int64(slower * 2_300), tail, tail * 2} {
			list := l.Seconds.Lists()[i]
			*list = append(*list, v)
		}
	}
	g := l.Operations[0].Corrected
	l.Thresholds = []reports.Threshold{
		limit("grant p99_ms", "grant", "p99_ms", "p99 of grant ≤ 200 ms", 200, float64(g.P99US)/1000, "ms", 60_000),
		limit("grant error_ratio", "grant", "error_ratio", "share of errors of grant ≤ 0.001", 0.001, 0, "", 60_000),
		limit("grant p99_ms in the busiest second", "grant", "p99_ms", "p99 of grant in the busiest second ≤ 500 ms", 500, float64(g.P99US)/1000, "ms", 3_000),
		limit("drained_within_s", "", "drained_within_s", "time to drain ≤ 60 s", 60, 1.84, "s", 1),
	}
	l.Thresholds[2].Second = "busiest"
	return reports.Run{Strategy: "token", Checks: Replay("token", 300).Checks, Offered: l.Operations[0].Offered, Load: l, Digest: "d1", WallSeconds: 24.1,
		Refusals: []reports.Refusal{{Operation: "withdraw", Reason: "not_released", Count: 31}}, Metrics: reports.Metrics{"oracle_lag_ms": 0.4}}
}

func limit(name, operation, measure, statement string, most, measured float64, unit string, samples int64) reports.Threshold {
	t := reports.Threshold{Name: name, Operation: operation, Measure: measure, Statement: statement, Operator: "≤", Limit: most, Measured: measured, Unit: unit, Samples: samples, Result: reports.Pass}
	if measured > most {
		t.Result = reports.Fail
	}
	return t
}

// freeze changes l as if the target had not answered during second 9+i.
func freeze(l *reports.Load, i int) {
	at := 9 + i
	l.Seconds.P50US[at], l.Seconds.P99US[at], l.Seconds.MaxUS[at] = 512_000, 981_000, 1_004_000
	o := &l.Operations[0]
	o.Corrected.P99US, o.Corrected.P999US, o.Corrected.MaxUS = 902_000, 961_000, 1_004_000
	o.Uncorrected.MaxUS = 1_001_000
	for j := range l.Thresholds {
		if t := &l.Thresholds[j]; t.Measure == "p99_ms" && t.Second == "" {
			t.Measured, t.Result = 902, reports.Fail
		}
	}
}
