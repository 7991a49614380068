package downstream_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// TestLifeOfAnItem hands one out, uses it, and finds that it cannot be taken back.
func TestLifeOfAnItem(t *testing.T) {
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		for n := 7; n <= 8; n++ { // a user of each family
			i := r.item(n)
			_, err := r.adapter.Look(t.Context(), i)
			require.ErrorIs(t, err, wallet.ErrNotFound, "it was never asked for")
			_, err = r.adapter.Use(t.Context(), i)
			require.ErrorIs(t, err, wallet.ErrNotFound, "it was never asked for")

			i = r.settled(t, i)
			require.NotEmpty(t, i.Ref)
			require.Greater(t, i.Expires, r.clock.Now())
			looked, err := r.adapter.Look(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.Receipt{State: wallet.ItemSettled, Ref: i.Ref, Expires: i.Expires}, looked)

			for range 2 {
				usedUp, err := r.adapter.Use(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, wallet.ItemUsed, usedUp.State)
			}
			back, err := r.adapter.Refund(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.ItemUsed, back.State, "it is used up")
			require.Equal(t, fake.Entry{Award: r.award, Order: i.No, Account: i.Account, Reward: i.Reward, Issued: 1, Used: 1}, r.entry(i))
		}
	})
}

// TestRefundExcludesUse takes one back, with and without its name on record.
func TestRefundExcludesUse(t *testing.T) {
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		for n, named := range []bool{true, false} {
			i := r.settled(t, r.item(n+1))
			if !named {
				i.Ref = ""
			}
			for range 2 {
				back, err := r.adapter.Refund(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, wallet.ItemRefunded, back.State)
			}
			late, err := r.adapter.Use(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.ItemRefunded, late.State)
			e := r.entry(i)
			require.Equal(t, [3]int{1, 0, 1}, [3]int{e.Issued, e.Used, e.Refunded})

			again, err := r.issue(t, i)
			require.NoError(t, err)
			if again.State == wallet.ItemProcessing {
				again, err = r.adapter.Look(t.Context(), i)
				require.NoError(t, err)
			}
			require.Equal(t, wallet.ItemRefunded, again.State, "what was taken back is not handed out again")
			require.Equal(t, 1, r.entry(i).Issued)
		}
	})
}

// TestRefundOfWhatIsOnItsWay takes back what the downstream has not heard of; the request for it arrives afterwards.
func TestRefundOfWhatIsOnItsWay(t *testing.T) {
	for _, how := range []fake.Behaviour{{}, {DeclineNum: 1, DeclineDen: 1}, {Processing: time.Hour}} {
		forAll(t, how, func(t *testing.T, r *rig) {
			arrived := 0
			for place := range 2 { // which exchange of the issue is on its way
				i := r.item(1)
				i.No.Rain += int32(place)
				r.carriage.hold, r.carriage.held = 1+place, nil
				_, _ = r.issue(t, i)
				r.carriage.hold = 0

				back, err := r.adapter.Refund(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, wallet.ItemRefunded, back.State)
				arrived += r.carriage.release(t)
				r.clock.pass(time.Minute)
				r.nobodyHas(t, i)
				r.clock.pass(2 * time.Hour)
				r.nobodyHas(t, i)
			}
			require.NotZero(t, arrived)
		})
	}
}

// TestEnd finds that what is over cannot be used.
func TestEnd(t *testing.T) {
	forAll(t, fake.Behaviour{Life: time.Hour}, func(t *testing.T, r *rig) {
		i := r.settled(t, r.item(1))
		if r.award == wallet.AvatarPendant {
			require.Equal(t, wallet.Never, i.Expires)
			return
		}
		require.GreaterOrEqual(t, i.Expires, festival.Add(time.Hour))
		r.clock.now = i.Expires - 1
		looked, err := r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemSettled, looked.State, "its last moment")
		r.clock.now = i.Expires
		for _, ask := range []func() (wallet.Receipt, error){
			func() (wallet.Receipt, error) { return r.adapter.Use(t.Context(), i) },
			func() (wallet.Receipt, error) { return r.adapter.Refund(t.Context(), i) },
			func() (wallet.Receipt, error) { return r.adapter.Look(t.Context(), i) },
			func() (wallet.Receipt, error) { return r.issue(t, i) },
		} {
			over, err := ask()
			require.NoError(t, err)
			if over.State != wallet.ItemProcessing {
				require.Equal(t, wallet.ItemExpired, over.State)
			}
		}
		require.Zero(t, r.entry(i).Used)
	})
}

// TestDeclined wants a no to be final, whenever the downstream says it.
func TestDeclined(t *testing.T) {
	forAll(t, fake.Behaviour{DeclineNum: 1, DeclineDen: 1, Processing: time.Second}, func(t *testing.T, r *rig) {
		i := r.item(1)
		for range 2 {
			receipt, err := r.issue(t, i)
			if receipt.State == wallet.ItemProcessing && err == nil {
				r.clock.pass(time.Minute)
				_, err = r.adapter.Look(t.Context(), i)
			}
			require.ErrorIs(t, err, wallet.ErrDeclined)
		}
		back, err := r.adapter.Refund(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, back.State, "there is nothing to take back")
		require.Zero(t, r.entry(i).Issued)
	})
}

// TestProcessing wants those that decide later to be looked at until they have.
func TestProcessing(t *testing.T) {
	for _, award := range []wallet.AwardType{wallet.AdCoupon, wallet.ConsumerFinanceCoupon} {
		r := newRig(t, direct, award, fake.Behaviour{Processing: time.Minute})
		i := r.item(1)
		receipt, err := r.issue(t, i)
		require.NoError(t, err)
		require.Equal(t, wallet.Receipt{State: wallet.ItemProcessing, Expires: wallet.Never}, receipt)
		r.clock.pass(time.Minute - time.Microsecond)
		receipt, err = r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemProcessing, receipt.State)
		require.True(t, r.entry(i).Pending)
		r.clock.pass(time.Microsecond)
		receipt, err = r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemSettled, receipt.State)
	}
}

// fates are all that can befall an exchange, with what the caller may hear of it.
var fates = []struct {
	name string
	what fate
	may  []error
	why  string
}{
	{"down", down, []error{wallet.ErrUnavailable, wallet.ErrUnknown}, "it surely did not arrive; or what came before it did"},
	{"lost", lost, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "nobody knows; or it was only a question"},
	{"unheard", unheard, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "nobody knows; or it was only a question"},
	{"twice", twice, []error{nil}, "a repeat changes nothing"},
	{"late", late, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "nobody knows; or it was only a question"},
}

// believable wants an error that fits what befell the call: where it says that nothing was done, nothing is done, also
// when all that was on its way has arrived.
func (r *rig) believable(t *testing.T, i wallet.Item, err error, may []error, done func(fake.Entry) int) {
	if r.carriage.met() {
		require.True(t, mayBe(err, may), "%v", err)
	} else {
		require.NoError(t, err)
	}
	if errors.Is(err, wallet.ErrUnavailable) {
		r.carriage.flush(t.Context())
		require.Zero(t, done(r.entry(i)))
	}
}

// mayBe says whether err is one of those.
func mayBe(err error, these []error) bool {
	for _, e := range these {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// deepest is more than the exchanges that any call makes.
const deepest = 5

// TestIssueUnderEachFate lets each exchange of an issue meet each fate, in both carriages: after repeats one is issued.
func TestIssueUnderEachFate(t *testing.T) {
	underEachFate(t, func(t *testing.T, r *rig, place int, may []error) {
		i := r.item(place + 1)
		_, err := r.issue(t, i)
		r.believable(t, i, err, may, func(e fake.Entry) int { return e.Issued })
		for range 2 {
			r.settle(t, i)
		}
		require.Equal(t, 1, r.entry(i).Issued)
	})
}

// TestUseUnderEachFate is the same for a use.
func TestUseUnderEachFate(t *testing.T) {
	underEachFate(t, func(t *testing.T, r *rig, place int, may []error) {
		planned := r.carriage.fates
		r.carriage.fates = nil
		i := r.settled(t, r.item(place+1))
		if place%2 == 1 {
			i.Ref = "" // it was lost on the way back
		}
		r.carriage.fates = planned
		_, err := r.adapter.Use(t.Context(), i)
		r.believable(t, i, err, may, func(e fake.Entry) int { return e.Used })
		receipt, err := r.adapter.Use(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemUsed, receipt.State)
		e := r.entry(i)
		require.Equal(t, [3]int{1, 1, 0}, [3]int{e.Issued, e.Used, e.Refunded})
	})
}

// TestRefundUnderEachFate is the same for taking back.
func TestRefundUnderEachFate(t *testing.T) {
	underEachFate(t, func(t *testing.T, r *rig, place int, may []error) {
		planned := r.carriage.fates
		r.carriage.fates = nil
		i := r.item(place + 1)
		if place%2 == 0 {
			i = r.settled(t, i)
		}
		r.carriage.fates = planned
		_, err := r.adapter.Refund(t.Context(), i)
		r.believable(t, i, err, may, func(e fake.Entry) int { return e.Refunded })
		receipt, err := r.adapter.Refund(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, receipt.State)
		e := r.entry(i)
		require.Equal(t, e.Issued, e.Refunded)
		require.Zero(t, e.Used)
	})
}

// underEachFate runs a story in which the exchange at one place meets one fate, for each of both.
func underEachFate(t *testing.T, story func(t *testing.T, r *rig, place int, may []error)) {
	for name, by := range carriers {
		for _, award := range downstream.Awards() {
			for _, f := range fates {
				for place := range deepest {
					if name == "http" && place > 1 {
						break // how far a call has come is no matter of its carriage
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", name, award, f.name, place), func(t *testing.T) {
						r := newRig(t, by, award, fake.Behaviour{Processing: time.Second})
						r.carriage.fates = append(make([]fate, place), f.what)
						may := f.may
						if place == 0 && f.what == down {
							may = may[:1] // nothing came before it
						}
						story(t, r, place, may)
					})
				}
			}
		}
	}
}
