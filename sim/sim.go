// Package sim replays a scenario in virtual time: the world, the wallet service in it, the crowd that uses it, what
// goes wrong, and the oracle that says whether money was safe.
//
// A run is a pure function of scenario, strategy, crypto and seed; only its wall time differs. The package writes no
// files and prints nothing.
package sim

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
	"hongbao/sim/world"
)

// Crypto says how tokens are sealed.
type Crypto string

// The two ways. Modelled still seals the scenario's share of tokens for real.
const (
	CryptoReal     Crypto = "real"
	CryptoModelled Crypto = "modelled"
)

// Options is what one run replays.
type Options struct {
	Scenario *scenarios.Scenario // scaled
	Strategy wallet.Strategy
	Crypto   Crypto
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
	town       *town
	crowd      *crowd
	meter      *meter
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
	sealer, err := newSealer(o.Crypto, sc.Crypto.RealShare, w.Stream("keys"))
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	s := &simulation{options: o, world: w}
	s.meter = newMeter(w, sc.Windows)
	tr := traffic.New(sc, o.Seed)
	s.town, err = newTown(w, sc, o.Strategy, sealer, s.meter, tr)
	if err != nil {
		return nil, err
	}
	s.meter.town = s.town
	s.oracle = oracle.New(oracle.Config{Strategy: o.Strategy, Activity: sc.Activity, Seen: s.meter.seen,
		Rewards: sc.HasItems(), Packets: sc.HasPackets(), Greetings: sc.Throws(wallet.SwitchGreetOnly), MayBeOn: mayBeOn(sc), Control: control(sc)})
	s.town.tokensLost = func(onTheWay time.Duration) { s.oracle.TokensLost(s.crowd.now().Add(onTheWay)) }
	s.crowd = newCrowd(env{world: w, scenario: sc, traffic: tr, town: s.town, meter: s.meter, oracle: s.oracle})
	s.town.start(ctx)
	s.meter.start()
	s.crowd.start()
	return s, nil
}

// run lets the world live until everything has settled, the context ends, or time runs out. It says whether it came
// to its end.
func (s *simulation) run(ctx context.Context) bool {
	sc := s.options.Scenario
	last := sc.End()
	end := last.Add(sc.Drain + hardEnd).UnixNano()
	if sc.HasPackets() {
		end += int64(wallet.PacketLife + tooLate) // one opened at the last moment may be sent on
	}
	for ctx.Err() == nil {
		t, _ := s.world.Next() // there is one: chores never end
		s.world.RunUntil(t + int64(slice))
		if s.options.Progress != nil {
			s.options.Progress(s.progress())
		}
		if t >= last.UnixNano() && s.crowd.pending == 0 && !s.crowd.more && s.town.quiet(ctx) {
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
		Strategy: s.options.Strategy, Now: time.Unix(0, s.world.Now()), Done: s.meter.offered.Sent, Total: s.meter.offered.Scheduled,
		Backlog: s.meter.depth(), Violations: s.oracle.Violations(),
	}
}

// judge reconciles, reads the books and lets the oracle say what it finds.
func (s *simulation) judge(ctx context.Context) error {
	t := s.town
	var tokens wallet.TokenBook
	books := reconcile.Books{Orders: t.orders, Ledger: t.ledger, Spent: t.budgets.Spent}
	if s.options.Strategy == wallet.StrategyToken {
		tokens, books.Tokens = t.tokens, t.tokens
	}
	var err error
	if s.reconciled, err = t.instances[0].node.Reconcile(ctx, books); err != nil {
		return fmt.Errorf("sim: reconcile: %w", err)
	}
	depth, err := t.backlog.Depth(ctx)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	open, err := t.orders.OpenCount(ctx)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	all := oracle.Books{
		Ledger: t.ledger, Orders: t.orders, Tokens: tokens, Withdrawals: t.withdrawals, Bank: t.bank, Declined: t.bank.refused,
		Spent:    func(st wallet.Stage) (wallet.Money, error) { return t.budgets.Spent(ctx, st) },
		Reported: s.reconciled.Differences, ReconcileRan: true, OpenOrders: open, BacklogDepth: depth,
	}
	if t.packets != nil {
		all.Packets = oracle.PacketBooks{Packets: t.packets, At: s.crowd.now()}
	}
	if t.shops != nil {
		all.Rewards = t.shops.books(ctx, s.crowd.now())
	}
	return s.oracle.Final(ctx, all)
}
