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

// Options is what one run replays.
type Options struct {
	Scenario *scenarios.Scenario // scaled
	Strategy wallet.Strategy
	Crypto   cluster.Crypto
	Seed     uint64
	Progress func(Progress) // called after every slice of virtual time; nil: nobody looks
}

// Progress is how far a run has come.
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

// headStart is how long the world runs before the first window, so that everything stands by.
const headStart = time.Minute

// slice is how much virtual time passes between two looks at the context, counted from the next event: short enough
// for a festival at full size to be broken off within a second.
const slice = 10 * time.Millisecond

// hardEnd bounds how long after the scenario's own drain time the world goes on when something never settles.
const hardEnd = time.Hour

// newSimulation builds a world that is about to begin.
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
		Rewards: sc.HasItems(), Packets: sc.HasPackets(), Greetings: sc.Throws(wallet.SwitchGreetOnly), MayBeOn: cluster.MayBeOn(sc), Control: cluster.WithdrawControl(sc)})
	s.cluster.TokensLost = func(onTheWay time.Duration) { s.oracle.TokensLost(s.crowd.Now().Add(onTheWay)) }
	s.crowd = crowd.New(crowd.Env{World: w, Scenario: sc, Traffic: tr, Cluster: s.cluster, Meter: s.meter, Oracle: s.oracle})
	s.cluster.Start(ctx)
	s.meter.Start()
	s.crowd.Start()
	return s, nil
}

// run lets the world live until everything has settled, the context ends, or time runs out. It says whether it came
// to its end.
func (s *simulation) run(ctx context.Context) bool {
	sc := s.options.Scenario
	last := sc.End()
	end := last.Add(sc.Drain + hardEnd).UnixNano()
	if sc.HasPackets() {
		end += int64(wallet.PacketLifetime + crowd.TooLate) // one opened at the last moment may be sent on
	}
	for ctx.Err() == nil {
		t, _ := s.world.Next() // there is one: chores never end
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

// progress says how far the run has come.
func (s *simulation) progress() Progress {
	return Progress{
		Strategy: s.options.Strategy, Now: time.Unix(0, s.world.Now()), Done: s.meter.Offered.Sent, Total: s.meter.Offered.Scheduled,
		Backlog: s.meter.Depth(), Violations: s.oracle.Violations(),
	}
}

// judge reconciles, reads the books and lets the oracle say what it finds.
func (s *simulation) judge(ctx context.Context) error {
	t := s.cluster
	var tokens wallet.TokenReader
	books := reconcile.Sources{Orders: t.Orders, Ledger: t.Ledger, Spent: t.Budgets.Spent}
	if s.options.Strategy == wallet.StrategyToken {
		tokens, books.Tokens = t.Tokens, t.Tokens
	}
	var err error
	if s.reconciled, err = t.Instances[0].Node.Reconcile(ctx, books); err != nil {
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
		all.Rewards = t.RewardBackends.Books(ctx, s.crowd.Now())
	}
	return s.oracle.Final(ctx, all)
}
