package cluster

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// choreEvery is how often compensation and unfinished withdrawals are looked after.
const choreEvery = time.Minute

// restAfterFailure is how long a poster rests after a failure, so that a ledger in trouble is not hammered.
const restAfterFailure = time.Second

// Start sets the town to work: posters, compensation, and whatever the scenario breaks.
func (t *Cluster) Start(ctx context.Context) {
	for shard := range t.Scenario.Capacity.PosterShards {
		t.world.Go(t.world.Now(), func() { t.post(ctx, shard) })
	}
	t.world.Go(t.world.Now(), func() { t.chores(ctx) })
	if t.RewardBackends != nil {
		t.RewardBackends.start(ctx)
	}
	if t.Operators != nil {
		t.Operators.start(ctx)
	}
	for _, f := range t.Scenario.Faults {
		switch f.Kind {
		case scenarios.FaultCrash:
			t.world.Go(f.From.UnixNano(), func() { t.crashes(f) })
		case scenarios.FaultFlush:
			t.world.At(f.From.UnixNano(), func() { t.flush(f.Dependency) })
		}
	}
}

// post is the life of one shard's poster. When its instance dies, the next one takes over.
func (t *Cluster) post(ctx context.Context, shard int) {
	for {
		i := t.alive(shard)
		if i == nil {
			t.world.Sleep(restAfterFailure)
			continue
		}
		err := i.Run(func() error { _, err := i.Node.PostBatch(ctx, shard); return err })
		if err != nil || i.controls != nil && i.controls.set.On(wallet.SwitchHoldPosting) {
			t.world.Sleep(restAfterFailure)
		}
	}
}

// chores runs compensation and drives unfinished withdrawals, on any instance that is up, and wakes the posters for
// what an ended lease brought back.
func (t *Cluster) chores(ctx context.Context) {
	if t.Operators != nil {
		t.Operators.chores(ctx)
		return
	}
	for n := 0; ; n++ {
		t.world.Sleep(choreEvery)
		t.gates.RingAll()
		if i := t.alive(n); i != nil {
			_ = i.Run(func() error { t.chore(ctx, i); return nil })
		}
	}
}

// chore is one round of an instance's chores.
func (t *Cluster) chore(ctx context.Context, i *instance) {
	t.compensate(ctx, i)
	t.settle(ctx, i)
	t.settlePackets(ctx, i)
}

// maxChoreSteps bounds how many bounded steps one round of a chore takes.
const maxChoreSteps = 1000

// compensate goes once through the stuck orders. What fails is tried again in the next round.
func (t *Cluster) compensate(ctx context.Context, i *instance) {
	place := wallet.ScanCursor(0)
	for range maxChoreSteps {
		if _, place, _ = i.Node.Compensate(ctx, place); place == 0 {
			return
		}
	}
}

// settle drives unfinished withdrawals while some of them come to an end.
func (t *Cluster) settle(ctx context.Context, i *instance) {
	for range maxChoreSteps {
		if n, err := i.Node.SettleWithdrawals(ctx); n == 0 || err != nil {
			return
		}
	}
}

// settlePackets drives packets that got stuck, and sends back what nobody has opened in time.
func (t *Cluster) settlePackets(ctx context.Context, i *instance) {
	for range maxChoreSteps {
		if n, err := i.Node.SettlePackets(ctx); n == 0 || err != nil {
			return
		}
	}
}

// crashes stops one instance after another while the fault lasts.
func (t *Cluster) crashes(f scenarios.Fault) {
	stream := t.world.Stream("crashes")
	for f.To.IsZero() || t.world.Now() < f.To.UnixNano() {
		i := t.Instances[stream.IntN(int64(len(t.Instances)))]
		i.Crash()
		t.gates.RingAll()
		t.world.At(t.world.Now()+int64(f.For), i.Restart)
		t.world.Sleep(f.Every)
	}
}

// loseTokens says that the server's copies made until then are gone: of the grants acknowledged until then, and of
// those whose answer was on its way.
func (t *Cluster) loseTokens(at int64) {
	t.world.At(at, func() { t.TokensLost(t.Scenario.People.Client.Timeout) })
}

// flush makes a store lose everything (T8).
func (t *Cluster) flush(dependency string) {
	switch dependency {
	case "tokens":
		t.Tokens.Flush()
		t.Backlog.Flush()
		t.loseTokens(t.world.Now())
	case "backlog":
		t.Backlog.Flush()
	}
}

// Settled says whether nothing is on its way any more.
func (t *Cluster) Settled(ctx context.Context) bool {
	depth, err1 := t.Backlog.Depth(ctx)
	open, err2 := t.Orders.OpenCount(ctx)
	unfinished, _, err3 := t.Withdrawals.Unfinished(ctx, wallet.Never, 0, 1)
	if errors.Join(err1, err2, err3) != nil || depth > 0 || open > 0 || len(unfinished) > 0 {
		return false
	}
	return t.packetsAtRest(ctx) && (t.RewardBackends == nil || t.RewardBackends.settled(ctx))
}

// packetsAtRest says whether every packet was opened or went back.
func (t *Cluster) packetsAtRest(ctx context.Context) bool {
	if t.Packets == nil {
		return true
	}
	unfinished, _, err := t.Packets.Unfinished(ctx, wallet.Never, wallet.Never, 0, 1)
	return err == nil && len(unfinished) == 0
}
