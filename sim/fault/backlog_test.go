package fault

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/sim/world"
)

// poster is a process that takes from shard 0 and records when it got something.
type poster struct {
	got  []time.Duration
	errs []error
}

func (p *poster) run(t *testing.T, w *world.World, b waitingBacklog) {
	p.errs = append(p.errs, b.link.instance.Run(func() error {
		held, err := b.Take(t.Context(), 0, 10)
		if len(held) > 0 {
			p.got = append(p.got, since(w))
		}
		return err
	}))
}

// newBacklog returns a backlog of two shards, reached through a link, the tokens that fill it, and a credit for shard 0.
func newBacklog(w *world.World) (waitingBacklog, wallet.Tokens, wallet.Credit) {
	link, i := newLedger(w, nil)
	inner := mem.NewBacklog(i, 2, time.Second)
	gates := NewGates(w, 2)
	credit := wallet.Credit{Order: wallet.OrderNo{ActID: 2, Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}, Amount: 1}
	return Backlog(inner, link, gates).(waitingBacklog), Tokens(mem.NewTokens(inner), link, gates), credit
}

// TestTakeWaitsForTheFirstCredit: a poster sleeps until a credit is pushed or issued to its shard, and not longer.
func TestTakeWaitsForTheFirstCredit(t *testing.T) {
	for _, fill := range []func(wallet.Backlog, wallet.Tokens, wallet.Credit) error{
		func(b wallet.Backlog, _ wallet.Tokens, c wallet.Credit) error {
			return b.Push(t.Context(), []wallet.Credit{c})
		},
		func(_ wallet.Backlog, ts wallet.Tokens, c wallet.Credit) error {
			return ts.Issue(t.Context(), wallet.Token{App: wallet.Douyin, Activity: "spring", Order: c.Order, Amount: c.Amount})
		},
	} {
		p := &poster{}
		live(t, func(w *world.World) {
			b, tokens, credit := newBacklog(w)
			w.Go(w.Now(), func() { p.run(t, w, b) })
			w.Sleep(time.Minute)
			elsewhere := credit
			elsewhere.Order.ActID = 3
			require.NoError(t, b.link.instance.Run(func() error { return b.Push(t.Context(), []wallet.Credit{elsewhere}) }))
			w.Sleep(time.Minute)
			require.Empty(t, p.got, "another shard's credit is not its own")
			require.NoError(t, b.link.instance.Run(func() error { return fill(b, tokens, credit) }))
		})
		require.Equal(t, []time.Duration{2*time.Minute + 30*time.Millisecond}, p.got, "two pushes and the taking")
		require.Equal(t, []error{nil}, p.errs)
	}
}

// TestRingAllWakesForAnEndedLease: no push announces the credits of an expired lease, so the posters are woken.
func TestRingAllWakesForAnEndedLease(t *testing.T) {
	first, second := &poster{}, &poster{}
	live(t, func(w *world.World) {
		b, _, credit := newBacklog(w)
		require.NoError(t, b.link.instance.Run(func() error { return b.Push(t.Context(), []wallet.Credit{credit}) }))
		first.run(t, w, b)
		w.Go(w.Now(), func() { second.run(t, w, b) })
		w.Sleep(time.Minute)
		b.gates.RingAll()
	})
	require.Len(t, first.got, 1)
	require.Equal(t, []time.Duration{time.Minute + 30*time.Millisecond}, second.got)
}

// TestCrashReachesAWaitingPoster: a poster asleep at its gate dies with its instance once it is woken.
func TestCrashReachesAWaitingPoster(t *testing.T) {
	p := &poster{}
	live(t, func(w *world.World) {
		b, _, _ := newBacklog(w)
		w.Go(w.Now(), func() { p.run(t, w, b) })
		w.Sleep(time.Minute)
		b.link.instance.Crash()
		b.gates.RingAll()
	})
	require.Empty(t, p.got)
	require.Len(t, p.errs, 1)
	require.ErrorIs(t, p.errs[0], wallet.ErrUnknown)
}
