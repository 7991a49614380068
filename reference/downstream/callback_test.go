package downstream_test

import (
	"bytes"
	"context"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/downstream/wire"
	"hongbao/reference/wallet"
)

// calling are the award types whose downstreams send callbacks.
var calling = []wallet.AwardType{wallet.AdCoupon, wallet.ConsumerFinanceCoupon}

// TestCallbacks: a callback arrives before the reply to the issue, after it, again, and never.
func TestCallbacks(t *testing.T) {
	for _, award := range calling {
		r := newRig(t, direct, award, fake.Behaviour{Processing: time.Second})
		i := r.item(1)
		_, err := r.issue(t, i)
		require.NoError(t, err)
		require.Empty(t, r.system.Callbacks(r.clock.Now(), 10), "nothing is decided yet")

		r.clock.pass(time.Second)
		notices := r.system.Callbacks(r.clock.Now(), 10)
		require.Len(t, notices, 1)
		received, err := downstream.ReadCallback(award, secret, r.clock.Now(), downstream.Request(notices[0].Request))
		require.NoError(t, err)
		looked, err := r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.Callback{Award: award, Order: i.No, Receipt: looked}, received, "it has the same content as a query")

		require.Empty(t, r.system.Callbacks(r.clock.Now(), 10), "not repeated at once")
		for range 4 {
			r.clock.pass(time.Minute)
			require.Len(t, r.system.Callbacks(r.clock.Now(), 10), 1, "it was not confirmed")
		}
		r.clock.pass(time.Hour)
		require.Empty(t, r.system.Callbacks(r.clock.Now(), 10), "no more repeats")

		second := r.item(2)
		_, err = r.issue(t, second)
		require.NoError(t, err)
		r.clock.pass(time.Minute)
		notices = r.system.Callbacks(r.clock.Now(), 10)
		require.Len(t, notices, 1)
		r.system.Delivered(notices[0].ID)
		r.clock.pass(time.Minute)
		require.Empty(t, r.system.Callbacks(r.clock.Now(), 10), "it was confirmed")

		r.system.Behave(fake.Behaviour{Silent: true})
		_, err = r.issue(t, r.item(3))
		require.NoError(t, err)
		r.clock.pass(time.Hour)
		require.Empty(t, r.system.Callbacks(r.clock.Now(), 10))
	}
}

// TestDeclinedCallback: a callback reports an item that was accepted and then declined.
func TestDeclinedCallback(t *testing.T) {
	for _, award := range calling {
		r := newRig(t, direct, award, fake.Behaviour{DeclineNum: 1, DeclineDen: 1})
		_, _ = r.issue(t, r.item(1))
		notices := r.system.Callbacks(r.clock.Now(), 10)
		require.Len(t, notices, 1)
		received, err := downstream.ReadCallback(award, secret, r.clock.Now(), downstream.Request(notices[0].Request))
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, received.Receipt.State)
	}
}

// TestFalseCallbacks: callbacks of others, old ones and malformed ones are refused.
func TestFalseCallbacks(t *testing.T) {
	for _, award := range calling {
		r := newRig(t, direct, award, fake.Behaviour{})
		_, err := r.issue(t, r.item(1))
		require.NoError(t, err)
		good := downstream.Request(r.system.Callbacks(r.clock.Now(), 1)[0].Request)
		_, err = downstream.ReadCallback(award, secret, festival, good)
		require.NoError(t, err)
		for _, c := range []struct {
			why   string
			want  error
			spoil func(q *downstream.Request, at *wallet.Instant, key *[]byte)
		}{
			{"another secret", wallet.ErrNotYours, func(_ *downstream.Request, _ *wallet.Instant, key *[]byte) { *key = bytes.Repeat([]byte("x"), 32) }},
			{"no secret", wallet.ErrInvalid, func(_ *downstream.Request, _ *wallet.Instant, key *[]byte) { *key = nil }},
			{"another content", wallet.ErrNotYours, func(q *downstream.Request, _ *wallet.Instant, _ *[]byte) {
				q.Body = bytes.ReplaceAll(q.Body, []byte("1_rain"), []byte("2_rain"))
			}},
			{"too old", wallet.ErrTokenExpired, func(_ *downstream.Request, at *wallet.Instant, _ *[]byte) { *at = festival.Add(6 * time.Minute) }},
			{"from the future", wallet.ErrTokenExpired, func(_ *downstream.Request, at *wallet.Instant, _ *[]byte) { *at = festival.Add(-6 * time.Minute) }},
			{"too large", wallet.ErrInvalid, func(q *downstream.Request, _ *wallet.Instant, _ *[]byte) {
				q.Body = append(q.Body, bytes.Repeat([]byte(" "), downstream.MaxCallback)...)
			}},
			{"not a POST", wallet.ErrInvalid, func(q *downstream.Request, _ *wallet.Instant, _ *[]byte) { q.Method = "GET" }},
			{"empty", wallet.ErrNotYours, func(q *downstream.Request, _ *wallet.Instant, _ *[]byte) { q.Body, q.Header = nil, nil }},
		} {
			q, at, key := good, festival, secret
			q.Header = maps.Clone(good.Header)
			c.spoil(&q, &at, &key)
			_, err := downstream.ReadCallback(award, key, at, q)
			require.ErrorIs(t, err, c.want, c.why)
		}
		_, err = downstream.ReadCallback(wallet.MovieCoupon, secret, festival, good)
		require.ErrorIs(t, err, wallet.ErrNotFound)
	}
}

// TestCallbackOfAnother: the signature covers the time, so an old callback cannot be given a new time.
func TestCallbackOfAnother(t *testing.T) {
	for _, award := range calling {
		r := newRig(t, direct, award, fake.Behaviour{})
		_, err := r.issue(t, r.item(1))
		require.NoError(t, err)
		q := downstream.Request(r.system.Callbacks(r.clock.Now(), 1)[0].Request)
		old := "1643659200" // festival
		young := "1643662800"
		q.Header = maps.Clone(q.Header)
		q.Header["X-Timestamp"] = strings.ReplaceAll(q.Header["X-Timestamp"], old, young)
		form, err := url.ParseQuery(string(q.Body))
		require.NoError(t, err)
		if form.Has("time") {
			require.Equal(t, old, form.Get("time"))
			form.Set("time", young)
			q.Body = []byte(form.Encode())
		}
		_, err = downstream.ReadCallback(award, secret, festival.Add(time.Hour), q)
		require.ErrorIs(t, err, wallet.ErrNotYours)
	}
}

// TestDeliverer: callbacks are repeated until they are accepted.
func TestDeliverer(t *testing.T) {
	c := &clock{now: festival}
	systems := fake.NewAll(secret, fake.Behaviour{})
	adapters, err := wire.Embedded(systems, c, secret)
	require.NoError(t, err)
	require.Len(t, adapters, 12)
	var received []wallet.AwardType
	listener := &wire.Listener{Secret: secret, Clock: c, OnCallback: func(_ context.Context, cb wallet.Callback) error {
		if received = append(received, cb.Award); len(received) == 1 {
			return wallet.ErrUnavailable // the first one is refused
		}
		return nil
	}}
	deliver := &wire.Deliverer{Systems: systems, Clock: c, Post: listener.Receive}
	for award, d := range adapters {
		r := rig{clock: c, award: award}
		_, err := d.Issue(t.Context(), []wallet.Item{r.item(1)})
		require.NoError(t, err)
	}
	require.Equal(t, 1, deliver.Step(t.Context()))
	require.Zero(t, deliver.Step(t.Context()), "it is repeated later, not at once")
	c.pass(time.Minute)
	require.Equal(t, 1, deliver.Step(t.Context()))
	c.pass(time.Minute)
	require.Zero(t, deliver.Step(t.Context()))
	require.Equal(t, []wallet.AwardType{wallet.AdCoupon, wallet.ConsumerFinanceCoupon, wallet.AdCoupon}, received)
}
