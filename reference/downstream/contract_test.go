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

// TestLifeOfAnItem issues an item, uses it, and checks that it can no longer be refunded.
func TestLifeOfAnItem(t *testing.T) {
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		for n := 7; n <= 8; n++ { // a user of each family
			i := r.item(n)
			_, err := r.adapter.Query(t.Context(), i)
			require.ErrorIs(t, err, wallet.ErrNotFound, "it was never issued")
			_, err = r.adapter.Use(t.Context(), i)
			require.ErrorIs(t, err, wallet.ErrNotFound, "it was never issued")

			i = r.settled(t, i)
			require.NotEmpty(t, i.Ref)
			require.Greater(t, i.Expires, r.clock.Now())
			looked, err := r.adapter.Query(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.Receipt{State: wallet.ItemSettled, Ref: i.Ref, Expires: i.Expires}, looked)

			for range 2 {
				usedUp, err := r.adapter.Use(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, wallet.ItemUsed, usedUp.State)
			}
			back, err := r.adapter.Refund(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.ItemUsed, back.State, "it was used")
			require.Equal(t, fake.Entry{Award: r.award, Order: i.No, Account: i.Account, Reward: i.Reward, Issued: 1, Used: 1}, r.entry(i))
		}
	})
}

// TestRefundExcludesUse refunds an item, with and without its recorded reference.
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
				again, err = r.adapter.Query(t.Context(), i)
				require.NoError(t, err)
			}
			require.Equal(t, wallet.ItemRefunded, again.State, "a refunded item is not issued again")
			require.Equal(t, 1, r.entry(i).Issued)
		}
	})
}

// TestRefundOfWhatIsOnItsWay refunds an item whose issue request arrives only afterwards.
func TestRefundOfWhatIsOnItsWay(t *testing.T) {
	for _, how := range []fake.Behaviour{{}, {DeclineNum: 1, DeclineDen: 1}, {Processing: time.Hour}} {
		forAll(t, how, func(t *testing.T, r *rig) {
			arrived := 0
			for place := range 2 { // which exchange of the issue is delayed
				i := r.item(1)
				i.No.Rain += int32(place)
				r.faults.hold, r.faults.held = 1+place, nil
				_, _ = r.issue(t, i)
				r.faults.hold = 0

				back, err := r.adapter.Refund(t.Context(), i)
				require.NoError(t, err)
				require.Equal(t, wallet.ItemRefunded, back.State)
				arrived += r.faults.release(t)
				r.clock.pass(time.Minute)
				r.requireNotHeld(t, i)
				r.clock.pass(2 * time.Hour)
				r.requireNotHeld(t, i)
			}
			require.NotZero(t, arrived)
		})
	}
}

// TestEnd: an expired item cannot be used.
func TestEnd(t *testing.T) {
	forAll(t, fake.Behaviour{Validity: time.Hour}, func(t *testing.T, r *rig) {
		i := r.settled(t, r.item(1))
		if r.award == wallet.AvatarPendant {
			require.Equal(t, wallet.Never, i.Expires)
			return
		}
		require.GreaterOrEqual(t, i.Expires, festival.Add(time.Hour))
		r.clock.now = i.Expires - 1
		looked, err := r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemSettled, looked.State, "one microsecond before it expires")
		r.clock.now = i.Expires
		for _, ask := range []func() (wallet.Receipt, error){
			func() (wallet.Receipt, error) { return r.adapter.Use(t.Context(), i) },
			func() (wallet.Receipt, error) { return r.adapter.Refund(t.Context(), i) },
			func() (wallet.Receipt, error) { return r.adapter.Query(t.Context(), i) },
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

// TestDeclined: a refusal is final, at whatever point the downstream makes it.
func TestDeclined(t *testing.T) {
	forAll(t, fake.Behaviour{DeclineNum: 1, DeclineDen: 1, Processing: time.Second}, func(t *testing.T, r *rig) {
		i := r.item(1)
		for range 2 {
			receipt, err := r.issue(t, i)
			if receipt.State == wallet.ItemProcessing && err == nil {
				r.clock.pass(time.Minute)
				_, err = r.adapter.Query(t.Context(), i)
			}
			require.ErrorIs(t, err, wallet.ErrDeclined)
		}
		back, err := r.adapter.Refund(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, back.State, "there is nothing to refund")
		require.Zero(t, r.entry(i).Issued)
	})
}

// TestProcessing: a downstream that decides later is queried until it has decided.
func TestProcessing(t *testing.T) {
	for _, award := range []wallet.AwardType{wallet.AdCoupon, wallet.ConsumerFinanceCoupon} {
		r := newRig(t, direct, award, fake.Behaviour{Processing: time.Minute})
		i := r.item(1)
		receipt, err := r.issue(t, i)
		require.NoError(t, err)
		require.Equal(t, wallet.Receipt{State: wallet.ItemProcessing, Expires: wallet.Never}, receipt)
		r.clock.pass(time.Minute - time.Microsecond)
		receipt, err = r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemProcessing, receipt.State)
		require.True(t, r.entry(i).Pending)
		r.clock.pass(time.Microsecond)
		receipt, err = r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemSettled, receipt.State)
	}
}

// faultCases are all faults of an exchange, with the errors that the caller may get.
var faultCases = []struct {
	name string
	what fault
	may  []error
	why  string
}{
	{"down", down, []error{wallet.ErrUnavailable, wallet.ErrUnknown}, "it certainly did not arrive; or an earlier exchange did"},
	{"lost", lost, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "the outcome is unknown; or it was only a query"},
	{"unheard", replyLost, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "the outcome is unknown; or it was only a query"},
	{"twice", duplicated, []error{nil}, "a repeat changes nothing"},
	{"late", delayed, []error{wallet.ErrUnknown, wallet.ErrUnavailable}, "the outcome is unknown; or it was only a query"},
}

// requirePlausible checks that the error fits the fault: if it says that nothing was done, then nothing is done, even
// after all delayed requests have arrived.
func (r *rig) requirePlausible(t *testing.T, i wallet.Item, err error, may []error, done func(fake.Entry) int) {
	if r.faults.occurred() {
		require.True(t, mayBe(err, may), "%v", err)
	} else {
		require.NoError(t, err)
	}
	if errors.Is(err, wallet.ErrUnavailable) {
		r.faults.flush(t.Context())
		require.Zero(t, done(r.entry(i)))
	}
}

// mayBe reports whether err is one of these.
func mayBe(err error, these []error) bool {
	for _, e := range these {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// deepest is more than the number of exchanges in any call.
const deepest = 5

// TestIssueUnderEachFate: each exchange of an issue meets each fault, over both transports; after repeats one item
// is issued.
func TestIssueUnderEachFate(t *testing.T) {
	underEachFault(t, func(t *testing.T, r *rig, place int, may []error) {
		i := r.item(place + 1)
		_, err := r.issue(t, i)
		r.requirePlausible(t, i, err, may, func(e fake.Entry) int { return e.Issued })
		for range 2 {
			r.settle(t, i)
		}
		require.Equal(t, 1, r.entry(i).Issued)
	})
}

// TestUseUnderEachFate is the same for a use.
func TestUseUnderEachFate(t *testing.T) {
	underEachFault(t, func(t *testing.T, r *rig, place int, may []error) {
		planned := r.faults.faults
		r.faults.faults = nil
		i := r.settled(t, r.item(place+1))
		if place%2 == 1 {
			i.Ref = "" // the reference was lost with the reply
		}
		r.faults.faults = planned
		_, err := r.adapter.Use(t.Context(), i)
		r.requirePlausible(t, i, err, may, func(e fake.Entry) int { return e.Used })
		receipt, err := r.adapter.Use(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemUsed, receipt.State)
		e := r.entry(i)
		require.Equal(t, [3]int{1, 1, 0}, [3]int{e.Issued, e.Used, e.Refunded})
	})
}

// TestRefundUnderEachFate is the same for a refund.
func TestRefundUnderEachFate(t *testing.T) {
	underEachFault(t, func(t *testing.T, r *rig, place int, may []error) {
		planned := r.faults.faults
		r.faults.faults = nil
		i := r.item(place + 1)
		if place%2 == 0 {
			i = r.settled(t, i)
		}
		r.faults.faults = planned
		_, err := r.adapter.Refund(t.Context(), i)
		r.requirePlausible(t, i, err, may, func(e fake.Entry) int { return e.Refunded })
		receipt, err := r.adapter.Refund(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, receipt.State)
		e := r.entry(i)
		require.Equal(t, e.Issued, e.Refunded)
		require.Zero(t, e.Used)
	})
}

// underEachFault runs a test with each fault at each exchange.
func underEachFault(t *testing.T, story func(t *testing.T, r *rig, place int, may []error)) {
	for name, by := range exchangeMakers {
		for _, award := range downstream.Awards() {
			for _, f := range faultCases {
				for place := range deepest {
					if name == "http" && place > 1 {
						break // the transport does not matter for later exchanges
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", name, award, f.name, place), func(t *testing.T) {
						r := newRig(t, by, award, fake.Behaviour{Processing: time.Second})
						r.faults.faults = append(make([]fault, place), f.what)
						may := f.may
						if place == 0 && f.what == down {
							may = may[:1] // no exchange before it
						}
						story(t, r, place, may)
					})
				}
			}
		}
	}
}
