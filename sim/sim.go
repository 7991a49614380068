// Package sim replays a scenario in virtual time: the world, the wallet service in it, the crowd that uses it, the
// injected faults, and the oracle that checks whether money was safe.
//
// A run is a pure function of scenario, strategy, crypto and seed; only its wall time differs. Times in a run are
// virtual; units stand last in the names of a record's fields. A violated check is not an error: it is in the run's
// Checks, and the verdict is fail. Errors are defects, or a scenario that cannot be run. The package must not write
// files, print, or use the real clock.
//
// The program examples/scenario replays its own scenario file.
package sim

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/cluster"
	"hongbao/sim/crowd"
	"hongbao/sim/oracle"
	"hongbao/sim/world"
)

// Crypto says how tokens are sealed.
type Crypto = cluster.Crypto

// The two ways to seal tokens. CryptoModelled still seals the scenario's share of tokens for real.
const (
	CryptoReal     = cluster.CryptoReal
	CryptoModelled = cluster.CryptoModelled
)

// Options are the inputs of one run.
type Options struct {
	Scenario *scenarios.Scenario // scaled
	Strategy wallet.Strategy
	Crypto   Crypto
	Seed     uint64
	Progress func(Progress) // called after every slice of virtual time; nil: not reported
}

// Progress is the progress of a run.
type Progress struct {
	Strategy   wallet.Strategy
	Now        time.Time
	Done       int64 // grants sent
	Total      int64 // grants scheduled
	Backlog    int64
	Violations int64
}

// simulation is one run.
type simulation struct {
	options    Options
	world      *world.World
	cluster    *cluster.Cluster
	crowd      *crowd.Crowd
	meter      *cluster.Meter
	oracle     *oracle.Oracle
	stuck      bool
	reconciled reconcile.Report
}

// headStart is the virtual time before the first window, in which all instances start.
const headStart = time.Minute

// slice is the virtual time between two checks of the context, counted from the next event. It is short enough that a festival
// at full size can be interrupted within a second.
const slice = 10 * time.Millisecond

// hardEnd bounds the virtual time after the scenario's drain time, for a run that never settles.
const hardEnd = time.Hour

// newSimulation builds a run up to its first event.
func newSimulation(ctx context.Context, o Options) (*simulation, error) {
	sc := o.Scenario
	if len(sc.Windows) == 0 {
		return nil, fmt.Errorf("sim: scenario %s has no window", sc.Name)
	}
	w := world.New(o.Seed, sc.Windows[0].Start.Add(-headStart))
	sealer, err := cluster.NewSealer(o.Crypto, sc.Crypto.RealShare, w.Stream("keys"))
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	s := &simulation{options: o, world: w}
	s.meter = cluster.NewMeter(w, sc.Windows)
	tr := traffic.New(sc, o.Seed)
	s.cluster, err = cluster.New(w, sc, o.Strategy, sealer, s.meter, tr)
	if err != nil {
		return nil, err
	}
	s.meter.Cluster = s.cluster
	s.oracle = oracle.New(oracle.Config{Strategy: o.Strategy, Activity: sc.Activity, OnGrantWait: s.meter.Seen,
		Rewards: sc.HasItems(), Packets: sc.HasPackets(), Greetings: sc.TurnsOn(wallet.SwitchGreetOnly), MayBeOn: cluster.MayBeOn(sc), Control: cluster.WithdrawControl(sc)})
	s.cluster.TokensLost = func(onTheWay time.Duration) { s.oracle.TokensLost(s.crowd.Now().Add(onTheWay)) }
	s.crowd = crowd.New(w, s.cluster, tr, s.meter, s.oracle)
	s.cluster.Start(ctx)
	s.meter.Start()
	s.crowd.Start()
	return s, nil
}

// run advances the world until everything has settled, ctx ends, or hardEnd has passed. It returns false if ctx ended first.
func (s *simulation) run(ctx context.Context) bool {
	sc := s.options.Scenario
	last := sc.End()
	end := last.Add(sc.Drain + hardEnd).UnixNano()
	if sc.HasPackets() {
		end += int64(wallet.PacketLifetime + crowd.TooLate) // money opened at the last moment may be sent again
	}
	for ctx.Err() == nil {
		t, _ := s.world.Next() // there is always an event, because chores never end
		s.world.RunUntil(t + int64(slice))
		if s.options.Progress != nil {
			s.options.Progress(s.progress())
		}
		if t >= last.UnixNano() && s.crowd.Pending == 0 && !s.crowd.More && s.cluster.Settled(ctx) {
			return true
		}
		if t > end {
			s.stuck = true
			return true
		}
	}
	return false
}

// progress returns the progress of the run.
func (s *simulation) progress() Progress {
	return Progress{
		Strategy: s.options.Strategy, Now: time.Unix(0, s.world.Now()), Done: s.meter.Offered.Sent, Total: s.meter.Offered.Scheduled,
		Backlog: s.meter.Depth(), Violations: s.oracle.Violations(),
	}
}

// judge reconciles, and gives the records of all stores to the oracle.
func (s *simulation) judge(ctx context.Context) error {
	t := s.cluster
	var tokens wallet.TokenReader
	sources := reconcile.Sources{Orders: t.Orders, Ledger: t.Ledger, Spent: t.Budgets.Spent}
	if s.options.Strategy == wallet.StrategyToken {
		tokens, sources.Tokens = t.Tokens, t.Tokens
	}
	var err error
	if s.reconciled, err = t.Instances[0].Node.Reconcile(ctx, sources); err != nil {
		return fmt.Errorf("sim: reconcile: %w", err)
	}
	depth, err := t.Backlog.Depth(ctx)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	open, err := t.Orders.OpenCount(ctx)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	all := oracle.Sources{
		Ledger: t.Ledger, Orders: t.Orders, Tokens: tokens, Withdrawals: t.Withdrawals, Bank: t.Bank, Declined: t.Bank.Refused,
		Spent:    func(st wallet.Stage) (wallet.Money, error) { return t.Budgets.Spent(ctx, st) },
		Reported: s.reconciled.Differences, ReconcileRan: true, OpenOrders: open, BacklogDepth: depth,
	}
	if t.Packets != nil {
		all.Packets = oracle.PacketSources{Packets: t.Packets, At: s.crowd.Now()}
	}
	if t.RewardBackends != nil {
		all.Rewards = t.RewardBackends.Sources(ctx, s.crowd.Now())
	}
	return s.oracle.Final(ctx, all)
}
