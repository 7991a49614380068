package cluster

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// choreEvery is the interval of compensation and of settling unfinished withdrawals and packets.
const choreEvery = time.Minute

// pauseAfterFailure is a poster's pause after a failure, to protect a failing ledger.
const pauseAfterFailure = time.Second

// Start starts the posters, the chores and the scenario's faults.
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
			t.world.Go(f.From.UnixNano(), func() { t.runCrashes(f) })
		case scenarios.FaultFlush:
			t.world.At(f.From.UnixNano(), func() { t.flush(f.Dependency) })
		}
	}
}

// post is the loop of one shard's poster. If its instance is down, the next one posts.
func (t *Cluster) post(ctx context.Context, shard int) {
	for {
		i := t.nextUp(shard)
		if i == nil {
			t.world.Sleep(pauseAfterFailure)
			continue
		}
		err := i.Run(func() error { _, err := i.Node.PostBatch(ctx, shard); return err })
		if err != nil || i.controls != nil && i.controls.set.On(wallet.SwitchHoldPosting) {
			t.world.Sleep(pauseAfterFailure)
		}
	}
}

// chores is the loop of the chores, on any instance that is up. It also wakes the posters, because credits of an expired
// lease can be posted again.
func (t *Cluster) chores(ctx context.Context) {
	if t.Operators != nil {
		t.Operators.chores(ctx)
		return
	}
	for n := 0; ; n++ {
		t.world.Sleep(choreEvery)
		t.gates.RingAll()
		if i := t.nextUp(n); i != nil {
			_ = i.Run(func() error { t.chore(ctx, i); return nil })
		}
	}
}

// chore runs one round of an instance's chores.
func (t *Cluster) chore(ctx context.Context, i *instance) {
	t.compensate(ctx, i)
	// Packets: those that are stuck, and the refund of shares not opened in time. What fails is tried again in the next round.
	_ = repeat(func() (int, error) { return i.Node.SettleWithdrawals(ctx) })
	_ = repeat(func() (int, error) { return i.Node.SettlePackets(ctx) })
}

// maxChoreSteps bounds the steps of one round of a chore. Each step is bounded itself.
const maxChoreSteps = 1000

// compensate processes all stuck orders once. Failed ones are tried again in the next round.
func (t *Cluster) compensate(ctx context.Context, i *instance) {
	cursor := wallet.ScanCursor(0)
	for range maxChoreSteps {
		if _, cursor, _ = i.Node.Compensate(ctx, cursor); cursor == 0 {
			return
		}
	}
}

// repeat repeats a step of a chore while it finishes something.
func repeat(step func() (int, error)) error {
	for range maxChoreSteps {
		if n, err := step(); n == 0 || err != nil {
			return err
		}
	}
	return nil
}

// runCrashes crashes a random instance at the fault's interval, and restarts it, while the fault lasts.
func (t *Cluster) runCrashes(f scenarios.Fault) {
	stream := t.world.Stream("crashes")
	for f.To.IsZero() || t.world.Now() < f.To.UnixNano() {
		i := t.Instances[stream.IntN(int64(len(t.Instances)))]
		i.Crash()
		t.gates.RingAll()
		t.world.At(t.world.Now()+int64(f.For), i.Restart)
		t.world.Sleep(f.Every)
	}
}

// flush deletes everything in a store (T8).
func (t *Cluster) flush(dependency string) {
	switch dependency {
	case "tokens":
		t.Tokens.Flush()
		t.Backlog.Flush()
		// Copies of tokens of grants whose reply is still under way may be lost too.
		t.world.At(t.world.Now(), func() { t.TokensLost(t.Scenario.People.Client.Timeout) })
	case "backlog":
		t.Backlog.Flush()
	}
}

// Settled reports whether no work is left: no held posting, no open order and no unfinished withdrawal, packet or reward.
func (t *Cluster) Settled(ctx context.Context) bool {
	depth, err1 := t.Backlog.Depth(ctx)
	open, err2 := t.Orders.OpenCount(ctx)
	unfinished, _, err3 := t.Withdrawals.Unfinished(ctx, wallet.Never, 0, 1)
	if errors.Join(err1, err2, err3) != nil || depth > 0 || open > 0 || len(unfinished) > 0 {
		return false
	}
	return (t.Packets == nil || t.Packets.Settled()) && (t.RewardBackends == nil || t.RewardBackends.settled(ctx))
}
