package sim

import (
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"runtime/debug"
	"time"

	"hongbao/reference/token"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/cluster"
	"hongbao/sim/world"
)

// Run replays a scenario under one strategy and returns the record of the run. If ctx ends, the run is partial: it is marked
// as interrupted, and its verdict is unknown. Errors are defects of the simulator or a scenario that cannot be run; a failed
// check is not an error.
func Run(ctx context.Context, o Options, full Full) (run reports.Run, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("sim: %s: panic in the simulator: %v\n%s", o.Strategy, v, debug.Stack())
		}
	}()
	s, err := newSimulation(ctx, o)
	if err != nil {
		return reports.Run{}, err
	}
	defer s.world.Close()
	whole := s.run(ctx)
	if whole { // the records of an interrupted run are incomplete, so they are not judged
		if err := s.judge(ctx); err != nil {
			return reports.Run{}, err
		}
	}
	run = s.report(whole, full)
	return run, s.tally(ctx, run.Metrics)
}

// Full describes the ledger at full scale, for the number of instances in the comparison.
type Full struct {
	Num, Den  int64 // the run's scale
	Instances int64 // of the ledger
	TPS       scenarios.Ratio
}

// FullOf returns Full for a scenario before scaling to num/den.
func FullOf(s *scenarios.Scenario, num, den int64) Full {
	return Full{num, den, int64(s.Capacity.LedgerInstances), s.Capacity.LedgerInstanceTPS}
}

// report turns a finished run into its record.
func (s *simulation) report(whole bool, full Full) reports.Run {
	m := s.meter
	run := reports.Run{
		Strategy: string(s.options.Strategy), Interrupted: !whole, Offered: m.Offered, Windows: m.Stats,
		Series: m.Series(), Refusals: m.Refusals(), Digest: s.world.Digest(), Steps: s.world.Steps(),
	}
	run.Offered.Unsent = run.Offered.Scheduled - run.Offered.Sent
	for _, c := range s.oracle.Checks() {
		check := reports.Check{Name: c.Name, Spec: c.Spec, Result: reports.Verdict(c.Result), Evaluations: c.Evaluations, Violations: c.Violations, First: c.First, Worst: c.Worst}
		run.Checks = append(run.Checks, check)
	}
	if t := s.cluster; t.Operators != nil && t.Operators.Measured != nil {
		run.Checks = append(run.Checks, t.Operators.Judge())
	}
	verdicts := make([]reports.Verdict, len(run.Checks))
	for i := range run.Checks {
		if !whole {
			run.Checks[i].Result = reports.Unknown
		}
		verdicts[i] = run.Checks[i].Result
	}
	run.Verdict = reports.Combine(verdicts...)
	for i := range m.Stats {
		m.Stats[i].PeakTPS = m.PerWindow[i].Peak
	}
	waits := s.oracle.Waits()
	run.Comparison = reports.Comparison{
		VisibleWaitP50MS: waits.ValueAtQuantile(50), VisibleWaitP99MS: waits.ValueAtQuantile(99), VisibleWaitMaxMS: waits.Max(),
		PostingDelayMaxMS: s.oracle.MaxPostingDelay().Milliseconds(),
		OfferedPeakTPS:    m.Offers.Peak, PostedPeakTPS: m.Posts.Peak, LedgerInstancesUsed: full.Instances,
		LedgerInstancesNeeded: full.needed(s.options.Strategy, m.Offers.Peak), BacklogPeak: m.BacklogPeak,
		Refused: m.Offered.Refused, MoneyDifferenceFen: int64(s.oracle.MoneyDifference()),
	}
	run.Memory = s.memory()
	run.Metrics = s.metrics()
	return run
}

// needed returns the number of ledger instances, at full scale, with which the strategy refuses no grant. Under StrategySync
// they must post the peak rate. Under the others the existing instances suffice, because the backlog absorbs the peak.
func (f Full) needed(strategy wallet.Strategy, peak int64) int64 {
	if strategy != wallet.StrategySync {
		return f.Instances
	}
	// peak·Den/Num grants a second ÷ TPS of one instance, rounded up.
	hi, lo := bits.Mul64(uint64(peak)*uint64(f.Den), uint64(f.TPS.Den))
	by := uint64(f.Num) * uint64(f.TPS.Num)
	q, r := bits.Div64(hi, lo, by)
	if r > 0 {
		q++
	}
	return int64(q)
}

// memory returns the memory of each part, in bytes.
func (s *simulation) memory() []reports.Memory {
	t := s.cluster
	var out []reports.Memory
	total := int64(0)
	add := func(part string, bytes int64) {
		total += bytes
		out = append(out, reports.Memory{Part: part, Bytes: bytes, BytesPerGrant: float64(bytes) / float64(max(1, s.meter.Offered.OK))})
	}
	add("identities", t.Identities.Bytes())
	add("orders", t.Orders.Bytes())
	add("budgets", t.Budgets.Bytes())
	add("tokens", t.Tokens.Bytes())
	add("backlog", t.Backlog.Bytes())
	add("ledger", t.Ledger.Bytes())
	add("withdrawals", t.Withdrawals.Bytes())
	add("bank", t.Bank.Bytes())
	if t.Packets != nil {
		add("packets", t.Packets.Bytes())
	}
	if t.RewardBackends != nil {
		add("items", t.RewardBackends.Items.Bytes())
	}
	add("clients' tokens", s.crowd.HeldBytes)
	add("people's plans", s.crowd.Agenda.Bytes())
	add("oracle", s.oracle.Bytes())
	add("total", total)
	return out
}

// metrics returns the other figures of the run.
func (s *simulation) metrics() reports.Metrics {
	m := reports.Metrics{
		"virtual_time_s":             time.Duration(s.world.Now() - s.options.Scenario.Windows[0].Start.UnixNano()).Seconds(),
		"reconciled_orders":          float64(s.reconciled.Orders),
		"reconciled_entries":         float64(s.reconciled.Entries),
		"reconciliation_differences": float64(s.reconciled.Count),
		"drained":                    1,
		"views_restored_by_clients":  float64(s.meter.Restored),
	}
	if s.stuck {
		m["drained"] = 0
	}
	for name, d := range s.cluster.Dependencies {
		h := d.Stats()
		m["calls_"+name] = float64(h.Calls)
		m["calls_timed_out_"+name] = float64(h.TimedOut)
		m["calls_turned_away_"+name] = float64(h.Refused + h.Down)
	}
	for a, n := range s.meter.Answers {
		if a.Reason == "ok" || a.Operation == "withdraw" && s.options.Scenario.Withdraw.Controlled() {
			m["answers_"+a.Reason+"_"+a.Operation] = float64(n)
		}
	}
	for k, n := range s.cluster.Alarms {
		m["alarms_"+string(k)] = float64(n)
	}
	return m
}

// TokenMetrics measures the size of a typical token of the scenario (T3), for the last window that grants cash.
func TokenMetrics(s *scenarios.Scenario) (reports.Metrics, error) {
	child := s.Activity.Children[len(s.Activity.Children)-1]
	w, scene, amount := cashOf(s)
	if w == nil {
		return reports.Metrics{}, nil
	}
	t := wallet.Token{App: wallet.Douyin, Activity: child.ID, Amount: amount, Opened: wallet.InstantOf(w.Start),
		Order: wallet.OrderNo{ActID: wallet.ActID(s.People.Count), Scene: scene, Rain: w.Rain, Award: wallet.Cash, Stage: w.Stage}}
	sealer, err := cluster.NewSealer(cluster.CryptoReal, s.Crypto.RealShare, world.New(0, w.Start).Stream("keys"))
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	sealed, err := sealer.Seal(t, t.Opened)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	pb, js := token.EncodedSizes(t)
	return reports.Metrics{
		"token_protobuf_bytes": float64(pb), "token_json_bytes": float64(js),
		"token_protobuf_json_ratio": float64(pb) / float64(js), "token_sealed_bytes": float64(len(sealed)),
	}, nil
}

// cashOf returns the last window that grants cash, the scene, and the largest amount of its first band. The window is nil if no
// window grants cash.
func cashOf(s *scenarios.Scenario) (*scenarios.Window, wallet.SceneID, wallet.Money) {
	for i := len(s.Windows) - 1; i >= 0; i-- {
		w := &s.Windows[i]
		if len(w.Amount) > 0 {
			return w, w.Scene, w.Amount[0].Max
		}
		for _, p := range w.Prizes {
			if len(p.Amount) > 0 {
				return w, p.Scene, p.Amount[0].Max
			}
		}
	}
	return nil, "", 0
}

// Environment returns the environment of this process.
func Environment() reports.Environment {
	return reports.Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0)}
}
