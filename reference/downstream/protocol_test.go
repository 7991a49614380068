package downstream_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// TestGarbledReplies garbles each exchange's reply in every way that the stand-ins support: no malformed reply is accepted,
// and once replies are valid again one item is issued.
func TestGarbledReplies(t *testing.T) {
	const ways = 8
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		for n := range ways {
			i := r.item(n + 1)
			i.Account = wallet.Account{Family: wallet.DouyinFamily, User: 5}
			r.system.Behave(fake.Behaviour{GarbleEvery: 1})
			_, err := r.issue(t, i)
			require.True(t, mayBe(err, []error{wallet.ErrUnknown, wallet.ErrUnavailable}), "way %d: %v", n, err)
			r.system.Behave(fake.Behaviour{})
			r.settle(t, i)
			require.Equal(t, 1, r.entry(i).Issued)
		}
	})
}

// TestGarbledAtEachPlace garbles one exchange within a call of several.
func TestGarbledAtEachPlace(t *testing.T) {
	for _, every := range []int{3, 5} { // with 2, the same exchange of a call of two would always be garbled
		forAll(t, fake.Behaviour{GarbleEvery: every}, func(t *testing.T, r *rig) {
			r.clock.pass(time.Hour)
			for n := range 12 {
				i := r.item(n + 1)
				_, err := r.issue(t, i)
				for tries := 0; err != nil; tries++ {
					require.True(t, mayBe(err, []error{wallet.ErrUnknown, wallet.ErrUnavailable}), "%v", err)
					require.Less(t, tries, 100)
					r.clock.pass(time.Second)
					_, err = r.issue(t, i)
				}
				require.Equal(t, 1, r.entry(i).Issued)
			}
		})
	}
}

// TestBatch issues a batch in which some items are declined and the replies come in another order.
func TestBatch(t *testing.T) {
	r := newRig(t, direct, wallet.EcommerceCoupon, fake.Behaviour{DeclineNum: 1, DeclineDen: 10})
	require.Equal(t, 50, r.adapter.Traits().Batch)
	var items []wallet.Item
	for n := range 50 {
		items = append(items, r.item(n+1))
	}
	declined := 0
	for range 2 { // a repeat has the same results
		answers, err := r.adapter.Issue(t.Context(), items)
		require.NoError(t, err)
		require.Len(t, answers, len(items))
		declined = 0
		for n, a := range answers {
			e := r.entry(items[n])
			if a.Err != nil {
				require.ErrorIs(t, a.Err, wallet.ErrDeclined)
				require.Zero(t, e.Issued)
				declined++
				continue
			}
			require.Equal(t, wallet.ItemSettled, a.Receipt.State)
			require.Equal(t, items[n].Account, e.Account, "the result belongs to this item")
			require.Equal(t, 1, e.Issued)
		}
		require.Greater(t, declined, 0)
		require.Less(t, declined, 20)
	}
	require.EqualValues(t, 2, r.system.Calls(), "one call per batch")

	_, err := r.adapter.Issue(t.Context(), append(items, r.item(51)))
	require.ErrorIs(t, err, wallet.ErrInvalid, "one item too many")
	answers, err := r.adapter.Issue(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, answers)
}

// TestBatchReplies: each line of a batch has its own result, and an item without a line is unknown.
func TestBatchReplies(t *testing.T) {
	good := `{"no":"1_rain-coupon_3_4_3","code":0,"coupon":"c1","status":"valid","ends_ms":1900000000000}`
	good2 := strings.Replace(strings.Replace(good, "1_rain", "2_rain", 1), "c1", "c2", 1)
	lines := func(l ...string) string { return `{"lines":[` + strings.Join(l, ",") + `]}` }
	for _, c := range []struct {
		status        int
		body          string
		first, second error
		why           string
	}{
		{200, lines(good2, good), nil, nil, "in any order"},
		{200, lines(good), nil, wallet.ErrUnknown, "the second has no line"},
		{200, lines(good, good, good2), wallet.ErrUnknown, nil, "the first has two"},
		{200, lines(good, strings.Replace(good2, "2_rain", "3_rain", 1)), nil, wallet.ErrUnknown, "another order's line"},
		{200, lines(good, strings.Replace(good2, `"code":0,`, "", 1)), nil, wallet.ErrUnknown, "a line without a code"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":77`, 1)), nil, wallet.ErrUnknown, "an unknown code"},
		{200, lines(good, strings.Replace(good2, "valid", "fine", 1)), nil, wallet.ErrUnknown, "an unknown state"},
		{200, lines(good, strings.Replace(good2, "c2", "", 1)), nil, wallet.ErrUnknown, "a coupon without a reference"},
		{200, lines(good, strings.Replace(good2, "1900000000000", "-1", 1)), nil, wallet.ErrUnknown, "a coupon without an expiry"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":2`, 1)), nil, wallet.ErrDeclined, "declined"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":3`, 1)), nil, wallet.ErrUnknown, "a missing order is not a valid reply to an issue"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":4`, 1)), nil, wallet.ErrUnavailable, "it was not processed"},
		{200, lines(good, good2) + "x", wallet.ErrUnknown, wallet.ErrUnknown, "trailing bytes"},
		{200, lines(), wallet.ErrUnknown, wallet.ErrUnknown, "no lines"},
		{503, lines(good, good2), wallet.ErrUnknown, wallet.ErrUnknown, "the batch as a whole"},
		{413, "", wallet.ErrUnavailable, wallet.ErrUnavailable, "the batch was not processed"},
	} {
		r := newRig(t, direct, wallet.EcommerceCoupon, fake.Behaviour{})
		r.faults.faults, r.faults.reply = []fault{replaced}, downstream.Reply{Status: c.status, Body: []byte(c.body)}
		answers, err := r.adapter.Issue(t.Context(), []wallet.Item{r.item(1), r.item(2)})
		require.NoError(t, err)
		require.ErrorIs(t, answers[0].Err, c.first, c.why)
		require.ErrorIs(t, answers[1].Err, c.second, c.why)
	}
}

// TestRateLimit: the rate limit is reported as ErrLimited, and the downstream is not called during the requested pause.
func TestRateLimit(t *testing.T) {
	r := newRig(t, direct, wallet.MovieCoupon, fake.Behaviour{})
	perSecond := r.adapter.Traits().PerSecond
	require.Equal(t, 50, perSecond)
	for n := range perSecond {
		_, err := r.issue(t, r.item(n+1))
		require.NoError(t, err)
	}
	i := r.item(perSecond + 1)
	for range 3 {
		_, err := r.issue(t, i)
		require.ErrorIs(t, err, wallet.ErrLimited)
	}
	require.Zero(t, r.entry(i).Issued)
	require.EqualValues(t, perSecond+1, r.system.Calls(), "one call was refused, and no further call was made")
	r.clock.pass(time.Second)
	_, err := r.issue(t, i)
	require.NoError(t, err)
}

// TestRetryAfter: the requested pause is bounded.
func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		after string
		quiet time.Duration
		why   string
	}{
		{"5", 5 * time.Second, "as requested"},
		{"", time.Second, "not given"},
		{"soon", time.Second, "malformed"},
		{"-4", time.Second, "negative"},
		{"86400", time.Minute, "above the bound"},
		{"99999999999999999999", time.Second, "above int64"},
	} {
		r := newRig(t, direct, wallet.DouPlusCoupon, fake.Behaviour{})
		r.faults.faults = []fault{replaced}
		r.faults.reply = downstream.Reply{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": c.after}}
		_, err := r.issue(t, r.item(1))
		require.ErrorIs(t, err, wallet.ErrLimited)
		r.clock.pass(c.quiet - time.Microsecond)
		_, err = r.adapter.Query(t.Context(), r.item(1))
		require.ErrorIs(t, err, wallet.ErrLimited, c.why)
		r.clock.pass(time.Microsecond)
		_, err = r.adapter.Query(t.Context(), r.item(1))
		require.NotErrorIs(t, err, wallet.ErrLimited, c.why)
	}
}

// TestWindow repeats after the downstream has forgotten the request: the adapter queries first; without that it would
// issue a second item.
func TestWindow(t *testing.T) {
	r := newRig(t, direct, wallet.AvatarPendant, fake.Behaviour{})
	window := r.adapter.Traits().Window
	require.Equal(t, 10*time.Minute, window)
	i := r.item(1)
	var first downstream.Request
	inner := r.faults.inner
	r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		if first.Method == "" {
			first = q
		}
		return inner(ctx, q)
	}
	r.faults.faults = []fault{replyLost}
	_, err := r.issue(t, i)
	require.ErrorIs(t, err, wallet.ErrUnknown)
	for _, after := range []time.Duration{time.Minute, window / 2, window, 24 * time.Hour} {
		r.clock.now = festival.Add(after)
		receipt, err := r.issue(t, i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemSettled, receipt.State)
		require.Equal(t, 1, r.entry(i).Issued, "after %s", after)
	}
	_, err = inner(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, 2, r.entry(i).Issued, "the fake does forget")
	_, err = r.issue(t, i)
	require.ErrorIs(t, err, wallet.ErrUnknown, "two pendants are not reported as one")
}

// TestReservation: a reservation is confirmed, also when the first one expired too soon.
func TestReservation(t *testing.T) {
	r := newRig(t, direct, wallet.HeyteaCoupon, fake.Behaviour{})
	i := r.item(1)
	r.faults.faults = []fault{arrives, lost}
	_, err := r.issue(t, i)
	require.ErrorIs(t, err, wallet.ErrUnknown, "the confirmation is lost")
	_, err = r.adapter.Query(t.Context(), i)
	require.ErrorIs(t, err, wallet.ErrNotFound, "a reservation issues nothing")
	r.clock.pass(time.Hour)
	require.Equal(t, wallet.ItemSettled, r.settle(t, i).State)

	slow := r.item(2)
	inner := r.faults.inner
	r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		if strings.HasSuffix(q.Path, "/confirm") {
			r.clock.pass(time.Hour)
		}
		return inner(ctx, q)
	}
	_, err = r.issue(t, slow)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "each reservation expires before it is confirmed")
	require.Zero(t, r.entry(slow).Issued)
}

// TestStaleRequest: a request that the downstream considers too old changes nothing.
func TestStaleRequest(t *testing.T) {
	r := newRig(t, direct, wallet.CreditCardCoupon, fake.Behaviour{})
	inner := r.faults.inner
	r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		r.clock.pass(6 * time.Minute)
		return inner(ctx, q)
	}
	_, err := r.issue(t, r.item(1))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.Zero(t, r.entry(r.item(1)).Issued)
}

// TestForeignSecret: a reply signed with another secret is not accepted.
func TestForeignSecret(t *testing.T) {
	c := &clock{now: festival}
	s, err := fake.New(wallet.CreditCardCoupon, []byte("the secret of somebody else, not ours"), fake.Behaviour{})
	require.NoError(t, err)
	d, err := downstream.New(wallet.CreditCardCoupon, downstream.Options{Exchange: direct(t, s, c), Clock: c, Secret: secret})
	require.NoError(t, err)
	r := &rig{clock: c, system: s, adapter: d, award: wallet.CreditCardCoupon}
	_, err = r.issue(t, r.item(1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
}
