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

// TestGarbledReplies spoils each exchange's reply in every way that the stand-ins know: nothing that cannot be read is
// believed, and once replies are whole again one is out.
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

// TestGarbledAtEachPlace spoils one exchange in the middle of a call that makes several.
func TestGarbledAtEachPlace(t *testing.T) {
	for _, every := range []int{3, 5} { // every second would meet the same place of a call of two again and again
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

// TestBatch hands out a batch in which one is declined, while the downstream answers in an order of its own.
func TestBatch(t *testing.T) {
	r := newRig(t, direct, wallet.EcommerceCoupon, fake.Behaviour{DeclineNum: 1, DeclineDen: 10})
	require.Equal(t, 50, r.adapter.Traits().Batch)
	var items []wallet.Item
	for n := range 50 {
		items = append(items, r.item(n+1))
	}
	declined := 0
	for range 2 { // a repeat answers alike
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
			require.Equal(t, items[n].Account, e.Account, "the answer is this item's")
			require.Equal(t, 1, e.Issued)
		}
		require.Greater(t, declined, 0)
		require.Less(t, declined, 20)
	}
	require.EqualValues(t, 2, r.system.Calls(), "one call a batch")

	_, err := r.adapter.Issue(t.Context(), append(items, r.item(51)))
	require.ErrorIs(t, err, wallet.ErrInvalid, "one too many")
	answers, err := r.adapter.Issue(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, answers)
}

// TestBatchReplies wants each line of a batch to stand for itself, and nothing to stand for what has no line.
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
		{200, lines(good, strings.Replace(good2, "2_rain", "3_rain", 1)), nil, wallet.ErrUnknown, "somebody else's line"},
		{200, lines(good, strings.Replace(good2, `"code":0,`, "", 1)), nil, wallet.ErrUnknown, "a line without a code"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":77`, 1)), nil, wallet.ErrUnknown, "a code that nobody knows"},
		{200, lines(good, strings.Replace(good2, "valid", "fine", 1)), nil, wallet.ErrUnknown, "a state that nobody knows"},
		{200, lines(good, strings.Replace(good2, "c2", "", 1)), nil, wallet.ErrUnknown, "a coupon without a name"},
		{200, lines(good, strings.Replace(good2, "1900000000000", "-1", 1)), nil, wallet.ErrUnknown, "a coupon without an end"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":2`, 1)), nil, wallet.ErrDeclined, "declined"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":3`, 1)), nil, wallet.ErrUnknown, "an issue that was never heard of makes no sense"},
		{200, lines(good, strings.Replace(good2, `"code":0`, `"code":4`, 1)), nil, wallet.ErrUnavailable, "it was not looked at"},
		{200, lines(good, good2) + "x", wallet.ErrUnknown, wallet.ErrUnknown, "something follows"},
		{200, lines(), wallet.ErrUnknown, wallet.ErrUnknown, "no lines"},
		{503, lines(good, good2), wallet.ErrUnknown, wallet.ErrUnknown, "the batch as a whole"},
		{413, "", wallet.ErrUnavailable, wallet.ErrUnavailable, "the batch was not looked at"},
	} {
		r := newRig(t, direct, wallet.EcommerceCoupon, fake.Behaviour{})
		r.carriage.fates, r.carriage.reply = []fate{replaced}, downstream.Reply{Status: c.status, Body: []byte(c.body)}
		answers, err := r.adapter.Issue(t.Context(), []wallet.Item{r.item(1), r.item(2)})
		require.NoError(t, err)
		require.ErrorIs(t, answers[0].Err, c.first, c.why)
		require.ErrorIs(t, answers[1].Err, c.second, c.why)
	}
}

// TestRateLimit wants the limit told as one, and the downstream left alone for as long as it asks.
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
	require.EqualValues(t, perSecond+1, r.system.Calls(), "it was asked once too often, and not again")
	r.clock.pass(time.Second)
	_, err := r.issue(t, i)
	require.NoError(t, err)
}

// TestRetryAfter bounds what a downstream may ask for.
func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		after string
		quiet time.Duration
		why   string
	}{
		{"5", 5 * time.Second, "as it says"},
		{"", time.Second, "it does not say"},
		{"soon", time.Second, "it cannot be read"},
		{"-4", time.Second, "it makes no sense"},
		{"86400", time.Minute, "a day is no answer"},
		{"99999999999999999999", time.Second, "no number of ours"},
	} {
		r := newRig(t, direct, wallet.DouPlusCoupon, fake.Behaviour{})
		r.carriage.fates = []fate{replaced}
		r.carriage.reply = downstream.Reply{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": c.after}}
		_, err := r.issue(t, r.item(1))
		require.ErrorIs(t, err, wallet.ErrLimited)
		r.clock.pass(c.quiet - time.Microsecond)
		_, err = r.adapter.Look(t.Context(), r.item(1))
		require.ErrorIs(t, err, wallet.ErrLimited, c.why)
		r.clock.pass(time.Microsecond)
		_, err = r.adapter.Look(t.Context(), r.item(1))
		require.NotErrorIs(t, err, wallet.ErrLimited, c.why)
	}
}

// TestWindow repeats after the downstream has forgotten: the adapter looks first, and who does not gets a second one.
func TestWindow(t *testing.T) {
	r := newRig(t, direct, wallet.AvatarPendant, fake.Behaviour{})
	window := r.adapter.Traits().Window
	require.Equal(t, 10*time.Minute, window)
	i := r.item(1)
	var first downstream.Request
	inner := r.carriage.inner
	r.carriage.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		if first.Method == "" {
			first = q
		}
		return inner(ctx, q)
	}
	r.carriage.fates = []fate{unheard}
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
	require.Equal(t, 2, r.entry(i).Issued, "the stand-in does forget")
	_, err = r.issue(t, i)
	require.ErrorIs(t, err, wallet.ErrUnknown, "two pendants are not told as one")
}

// TestReservation confirms what it reserved, also where the first reservation was over too soon.
func TestReservation(t *testing.T) {
	r := newRig(t, direct, wallet.HeyteaCoupon, fake.Behaviour{})
	i := r.item(1)
	r.carriage.fates = []fate{arrives, lost}
	_, err := r.issue(t, i)
	require.ErrorIs(t, err, wallet.ErrUnknown, "the confirmation is lost")
	_, err = r.adapter.Look(t.Context(), i)
	require.ErrorIs(t, err, wallet.ErrNotFound, "a reservation is nothing yet")
	r.clock.pass(time.Hour)
	require.Equal(t, wallet.ItemSettled, r.settle(t, i).State)

	slow := r.item(2)
	inner := r.carriage.inner
	r.carriage.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		if strings.HasSuffix(q.Path, "/confirm") {
			r.clock.pass(time.Hour)
		}
		return inner(ctx, q)
	}
	_, err = r.issue(t, slow)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "each reservation is over before it is confirmed")
	require.Zero(t, r.entry(slow).Issued)
}

// TestStaleRequest wants a request that its downstream thinks too old to be no outcome.
func TestStaleRequest(t *testing.T) {
	r := newRig(t, direct, wallet.CreditCardCoupon, fake.Behaviour{})
	inner := r.carriage.inner
	r.carriage.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		r.clock.pass(6 * time.Minute)
		return inner(ctx, q)
	}
	_, err := r.issue(t, r.item(1))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.Zero(t, r.entry(r.item(1)).Issued)
}

// TestForeignSecret wants nobody with another secret to be believed.
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
