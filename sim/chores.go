package sim

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// choreEvery is how often compensation and unfinished withdrawals are looked after.
const choreEvery = time.Minute

// calm is how long a poster rests after a failure, so that a ledger in trouble is not hammered.
const calm = time.Second

// start sets the town to work: posters, compensation, and whatever the scenario breaks.
func (t *town) start(ctx context.Context) {
	for shard := range t.scenario.Capacity.PosterShards {
		t.world.Go(t.world.Now(), func() { t.post(ctx, shard) })
	}
	t.world.Go(t.world.Now(), func() { t.chores(ctx) })
	if t.shops != nil {
		t.shops.start(ctx)
	}
	if t.ops != nil {
		t.ops.start(ctx)
	}
	for _, f := range t.scenario.Faults {
		switch f.Kind {
		case scenarios.FaultCrash:
			t.world.Go(f.From.UnixNano(), func() { t.crashes(f) })
		case scenarios.FaultFlush:
			t.world.At(f.From.UnixNano(), func() { t.flush(f.Dependency) })
		}
	}
}

// post is the life of one shard's poster. When its instance dies, the next one takes over.
func (t *town) post(ctx context.Context, shard int) {
	for {
		i := t.alive(shard)
		if i == nil {
			t.world.Sleep(calm)
			continue
		}
		err := i.Run(func() error { _, err := i.node.PostBatch(ctx, shard); return err })
		if err != nil || i.desk != nil && i.desk.set.On(wallet.SwitchHoldPosting) {
			t.world.Sleep(calm)
		}
	}
}

// chores runs compensation and drives unfinished withdrawals, on any instance that is up, and wakes the posters for
// what an ended lease brought back.
func (t *town) chores(ctx context.Context) {
	if t.ops != nil {
		t.ops.chores(ctx)
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
func (t *town) chore(ctx context.Context, i *instance) {
	t.compensate(ctx, i)
	t.settle(ctx, i)
	t.settlePackets(ctx, i)
}

// maxChoreSteps bounds how many bounded steps one round of a chore takes.
const maxChoreSteps = 1000

// compensate goes once through the stuck orders. What fails is tried again in the next round.
func (t *town) compensate(ctx context.Context, i *instance) {
	place := wallet.OpenPlace(0)
	for range maxChoreSteps {
		if _, place, _ = i.node.Compensate(ctx, place); place == 0 {
			return
		}
	}
}

// settle drives unfinished withdrawals while some of them come to an end.
func (t *town) settle(ctx context.Context, i *instance) {
	for range maxChoreSteps {
		if n, err := i.node.SettleWithdrawals(ctx); n == 0 || err != nil {
			return
		}
	}
}

// settlePackets drives packets that got stuck, and sends back what nobody has opened in time.
func (t *town) settlePackets(ctx context.Context, i *instance) {
	for range maxChoreSteps {
		if n, err := i.node.SettlePackets(ctx); n == 0 || err != nil {
			return
		}
	}
}

// crashes stops one instance after another while the fault lasts.
func (t *town) crashes(f scenarios.Fault) {
	stream := t.world.Stream("crashes")
	for f.To.IsZero() || t.world.Now() < f.To.UnixNano() {
		i := t.instances[stream.IntN(int64(len(t.instances)))]
		i.Crash()
		t.gates.RingAll()
		t.world.At(t.world.Now()+int64(f.For), i.Restart)
		t.world.Sleep(f.Every)
	}
}

// loseTokens says that the server's copies made until then are gone: of the grants acknowledged until then, and of
// those whose answer was on its way.
func (t *town) loseTokens(at int64) {
	t.world.At(at, func() { t.tokensLost(t.scenario.People.Client.Timeout) })
}

// flush makes a store lose everything (T8).
func (t *town) flush(dependency string) {
	switch dependency {
	case "tokens":
		t.tokens.Flush()
		t.backlog.Flush()
		t.loseTokens(t.world.Now())
	case "backlog":
		t.backlog.Flush()
	}
}

// quiet says whether nothing is on its way any more.
func (t *town) quiet(ctx context.Context) bool {
	depth, err1 := t.backlog.Depth(ctx)
	open, err2 := t.orders.OpenCount(ctx)
	unfinished, _, err3 := t.withdrawals.Unfinished(ctx, wallet.Never, 0, 1)
	if errors.Join(err1, err2, err3) != nil || depth > 0 || open > 0 || len(unfinished) > 0 {
		return false
	}
	return t.packetsAtRest(ctx) && (t.shops == nil || t.shops.quiet(ctx))
}

// packetsAtRest says whether every packet was opened or went back.
func (t *town) packetsAtRest(ctx context.Context) bool {
	if t.packets == nil {
		return true
	}
	unfinished, _, err := t.packets.Unfinished(ctx, wallet.Never, wallet.Never, 0, 1)
	return err == nil && len(unfinished) == 0
}
