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

// TestAnySequence makes calls for two items in any order, each exchange meeting any fate, while time passes: never is one
// handed out twice, used twice, or used and taken back; and when all is well again each has come to one end.
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
			r.carriage.fates = nil
			for _, f := range rapid.SliceOfN(rapid.IntRange(int(arrives), int(late)), 0, 4).Draw(t, "fates") {
				r.carriage.fates = append(r.carriage.fates, fate(f))
			}
			r.step(t, rapid.SampledFrom([]string{"issue", "issue", "look", "use", "refund", "pass", "pass long"}).Draw(t, "call"), &items[n])
			r.once(t, items)
		}
		r.heal(t, items)
	})
}

func newRapidRig(t *rapid.T, award wallet.AwardType, how fake.Behaviour) *rig {
	c := &clock{now: festival}
	s, err := fake.New(award, secret, how)
	require.NoError(t, err)
	way := &carriage{inner: direct(nil, s, c)}
	d, err := downstream.New(award, downstream.Options{Exchange: way.exchange, Clock: c, Secret: secret})
	require.NoError(t, err)
	return &rig{c, s, way, d, award}
}

// step makes one call and keeps what its answer says, as the item's record would.
func (r *rig) step(t *rapid.T, call string, i *wallet.Item) {
	before, alone := r.entry(*i), len(r.carriage.wait) == 0 // or an earlier call may still be done meanwhile
	var receipt wallet.Receipt
	var err error
	switch call {
	case "issue":
		var a []wallet.ItemAnswer
		a, err = r.adapter.Issue(t.Context(), []wallet.Item{*i})
		require.NoError(t, err)
		receipt, err = a[0].Receipt, a[0].Err
	case "look":
		receipt, err = r.adapter.Look(t.Context(), *i)
	case "use":
		receipt, err = r.adapter.Use(t.Context(), *i)
	case "refund":
		receipt, err = r.adapter.Refund(t.Context(), *i)
	case "pass":
		r.carriage.flush(t.Context()) // nothing is on its way for longer than a window
		r.clock.pass(time.Minute)
		return
	case "pass long":
		r.carriage.flush(t.Context())
		r.clock.pass(7 * time.Minute)
		return
	}
	require.NotErrorIs(t, err, wallet.ErrDeclined, "nothing is declined here")
	require.NotErrorIs(t, err, wallet.ErrInvalid)
	if err != nil {
		if alone && (call == "use" || call == "refund") && !errors.Is(err, wallet.ErrUnknown) {
			r.carriage.flush(t.Context())
			after := r.entry(*i)
			require.Equal(t, []int{before.Used, before.Refunded}, []int{after.Used, after.Refunded}, "it says that nothing was done: %v", err)
		}
		return
	}
	e := r.entry(*i)
	switch receipt.State {
	case wallet.ItemSettled:
		require.Equal(t, 1, e.Issued, "it says that one is out")
	case wallet.ItemUsed:
		require.Equal(t, 1, e.Used, "it says that it was used")
	case wallet.ItemRefunded:
		require.Equal(t, e.Issued, e.Refunded, "it says that nobody has it")
	}
	if receipt.Ref != "" && i.Ref != "" {
		require.Equal(t, i.Ref, receipt.Ref, "its name never changes")
	}
	if receipt.Ref != "" {
		i.Ref = receipt.Ref
	}
}

// once wants each handed out, used or taken back once at most.
func (r *rig) once(t require.TestingT, items []wallet.Item) {
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

// heal lets all that is on its way arrive and repeats each issue until it is settled, which it then is.
func (r *rig) heal(t *rapid.T, items []wallet.Item) {
	r.carriage.fates = nil
	r.system.Behave(fake.Behaviour{})
	for _, i := range items {
		r.carriage.flush(t.Context())
		r.clock.pass(5 * time.Minute)
		a, err := r.adapter.Issue(t.Context(), []wallet.Item{i})
		require.NoError(t, err)
		require.NoError(t, a[0].Err)
		r.clock.pass(5 * time.Minute)
		receipt, err := r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
		require.NotEqual(t, wallet.ItemProcessing, receipt.State)
		if e := r.entry(i); receipt.State == wallet.ItemRefunded {
			require.Equal(t, e.Issued, e.Refunded)
		} else {
			require.Equal(t, 1, e.Issued)
		}
	}
	r.once(t, items)
}
