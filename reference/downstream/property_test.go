package downstream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// TestAnySequence makes any sequence of calls for two items, with any faults, while time passes: no item is issued
// twice, used twice, or used and refunded; and after the faults end each item reaches one final state.
func TestAnySequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		award := rapid.SampledFrom(downstream.Awards()).Draw(t, "award")
		r := newRapidRig(t, award, fake.Behaviour{
			Processing:  time.Duration(rapid.IntRange(0, 3).Draw(t, "minutes of processing")) * time.Minute,
			GarbleEvery: rapid.SampledFrom([]int{0, 0, 3, 7}).Draw(t, "garble"),
		})
		items := []wallet.Item{r.item(1), r.item(2)}
		for range rapid.IntRange(1, 25).Draw(t, "calls") {
			n := rapid.IntRange(0, 1).Draw(t, "item")
			r.faults.faults = nil
			for _, f := range rapid.SliceOfN(rapid.IntRange(int(arrives), int(delayed)), 0, 4).Draw(t, "fates") {
				r.faults.faults = append(r.faults.faults, fault(f))
			}
			r.step(t, rapid.SampledFrom([]string{"issue", "issue", "look", "use", "refund", "pass", "pass long"}).Draw(t, "call"), &items[n])
			r.requireAtMostOnce(t, items)
		}
		r.recover(t, items)
	})
}

func newRapidRig(t *rapid.T, award wallet.AwardType, how fake.Behaviour) *rig {
	c := &clock{now: festival}
	s, err := fake.New(award, secret, how)
	require.NoError(t, err)
	way := &faultyExchange{inner: direct(nil, s, c)}
	d, err := downstream.New(award, downstream.Options{Exchange: way.exchange, Clock: c, Secret: secret})
	require.NoError(t, err)
	return &rig{c, s, way, d, award}
}

// step makes one call and updates the item from its result, as the item's record would.
func (r *rig) step(t *rapid.T, call string, i *wallet.Item) {
	before, alone := r.entry(*i), len(r.faults.delayed) == 0 // otherwise an earlier delayed request may still take effect
	var receipt wallet.Receipt
	var err error
	switch call {
	case "issue":
		var a []wallet.ItemResult
		a, err = r.adapter.Issue(t.Context(), []wallet.Item{*i})
		require.NoError(t, err)
		receipt, err = a[0].Receipt, a[0].Err
	case "look":
		receipt, err = r.adapter.Query(t.Context(), *i)
	case "use":
		receipt, err = r.adapter.Use(t.Context(), *i)
	case "refund":
		receipt, err = r.adapter.Refund(t.Context(), *i)
	case "pass":
		r.faults.flush(t.Context()) // no request is delayed longer than a window
		r.clock.pass(time.Minute)
		return
	case "pass long":
		r.faults.flush(t.Context())
		r.clock.pass(7 * time.Minute)
		return
	}
	require.NotErrorIs(t, err, wallet.ErrDeclined, "nothing is declined here")
	require.NotErrorIs(t, err, wallet.ErrInvalid)
	if err != nil {
		if alone && (call == "use" || call == "refund") && !errors.Is(err, wallet.ErrUnknown) {
			r.faults.flush(t.Context())
			after := r.entry(*i)
			require.Equal(t, []int{before.Used, before.Refunded}, []int{after.Used, after.Refunded}, "the error says that nothing was done: %v", err)
		}
		return
	}
	e := r.entry(*i)
	switch receipt.State {
	case wallet.ItemSettled:
		require.Equal(t, 1, e.Issued, "the receipt says that it was issued")
	case wallet.ItemUsed:
		require.Equal(t, 1, e.Used, "the receipt says that it was used")
	case wallet.ItemRefunded:
		require.Equal(t, e.Issued, e.Refunded, "the receipt says that it was refunded")
	}
	if receipt.Ref != "" && i.Ref != "" {
		require.Equal(t, i.Ref, receipt.Ref, "its reference never changes")
	}
	if receipt.Ref != "" {
		i.Ref = receipt.Ref
	}
}

// requireAtMostOnce checks that each item was issued at most once, and used or refunded at most once.
func (r *rig) requireAtMostOnce(t require.TestingT, items []wallet.Item) {
	for _, i := range items {
		e := r.entry(i)
		require.LessOrEqual(t, e.Issued, 1)
		require.LessOrEqual(t, e.Used+e.Refunded, 1)
		if e.Issued+e.Used+e.Refunded > 0 {
			require.Equal(t, i.Account, e.Account)
			require.Equal(t, i.Reward, e.Reward)
		}
	}
}

// recover delivers all delayed requests and repeats each issue until the item is settled.
func (r *rig) recover(t *rapid.T, items []wallet.Item) {
	r.faults.faults = nil
	r.system.Behave(fake.Behaviour{})
	for _, i := range items {
		r.faults.flush(t.Context())
		r.clock.pass(5 * time.Minute)
		a, err := r.adapter.Issue(t.Context(), []wallet.Item{i})
		require.NoError(t, err)
		require.NoError(t, a[0].Err)
		r.clock.pass(5 * time.Minute)
		receipt, err := r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
		require.NotEqual(t, wallet.ItemProcessing, receipt.State)
		if e := r.entry(i); receipt.State == wallet.ItemRefunded {
			require.Equal(t, e.Issued, e.Refunded)
		} else {
			require.Equal(t, 1, e.Issued)
		}
	}
	r.requireAtMostOnce(t, items)
}
