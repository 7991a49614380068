package downstream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// lastReply makes a call and returns the last reply to it.
func (r *rig) lastReply(call func()) downstream.Reply {
	var last downstream.Reply
	inner := r.faults.inner
	r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
		reply, err := inner(ctx, q)
		last = reply
		return reply, err
	}
	call()
	r.faults.inner = inner
	return last
}

// queryWithReply makes Query receive the given reply.
func (r *rig) queryWithReply(t *testing.T, i wallet.Item, reply downstream.Reply) (wallet.Receipt, error) {
	r.faults.faults, r.faults.reply = []fault{replaced}, reply
	return r.adapter.Query(t.Context(), i)
}

// resigned signs a changed reply again, where the protocol signs replies, so that the change is its only fault.
func resigned(t *testing.T, award wallet.AwardType, reply downstream.Reply) downstream.Reply {
	if award != wallet.CreditCardCoupon {
		return reply
	}
	in := map[string]string{}
	require.NoError(t, json.Unmarshal(reply.Body, &in))
	in["sign"] = downstream.Sign(secret, downstream.Sorted(in))
	body, err := json.Marshal(in)
	require.NoError(t, err)
	reply.Body = body
	return reply
}

// with returns the reply with old replaced by text.
func with(t *testing.T, award wallet.AwardType, reply downstream.Reply, old, text string) downstream.Reply {
	require.Contains(t, string(reply.Body), old)
	reply.Body = bytes.ReplaceAll(reply.Body, []byte(old), []byte(text))
	return resigned(t, award, reply)
}

// TestDoubtfulReplies changes one thing in a valid reply: it is no longer accepted.
func TestDoubtfulReplies(t *testing.T) {
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		i := r.settled(t, r.item(1))
		good := r.lastReply(func() { _, _ = r.adapter.Query(t.Context(), i) })
		receipt, err := r.queryWithReply(t, i, good)
		require.NoError(t, err)
		require.Equal(t, wallet.Receipt{State: wallet.ItemSettled, Ref: i.Ref, Expires: i.Expires}, receipt)

		for n := range good.Body[:len(good.Body)-1] {
			_, err := r.queryWithReply(t, i, downstream.Reply{Status: good.Status, Header: good.Header, Body: good.Body[:n]})
			require.ErrorIs(t, err, wallet.ErrUnknown, "the first %d bytes", n)
		}
		for _, status := range []int{199, 202, 299, 500} {
			if r.award == wallet.AdCoupon && status == 202 {
				continue // this status is valid for it
			}
			_, err := r.queryWithReply(t, i, downstream.Reply{Status: status, Header: good.Header, Body: good.Body})
			require.ErrorIs(t, err, wallet.ErrUnknown, "status %d", status)
		}
		for old, text := range map[string]string{
			i.No.String(): r.item(2).No.String(), // another order
			i.Ref:         "x-" + i.Ref,          // another reference than before
		} {
			_, err := r.queryWithReply(t, i, with(t, r.award, good, old, text))
			require.ErrorIs(t, err, wallet.ErrUnknown, "%s for %s", text, old)
		}
		nameless := i
		nameless.Ref = ""
		_, err = r.queryWithReply(t, nameless, with(t, r.award, good, i.Ref, strings.Repeat("x", wallet.MaxItemRef+1)))
		require.ErrorIs(t, err, wallet.ErrUnknown, "a reference that is too long")
		_, err = r.queryWithReply(t, nameless, with(t, r.award, good, i.Ref, strings.Repeat("x", wallet.MaxItemRef)))
		require.NoError(t, err, "the longest reference")
		if r.award != wallet.MovieCoupon && r.award != wallet.PaymentCoupon && r.award != wallet.InsuranceCoupon { // JSON
			twice := downstream.Reply{Status: good.Status, Header: good.Header, Body: append(bytes.Clone(good.Body), good.Body...)}
			_, err = r.queryWithReply(t, i, twice)
			require.ErrorIs(t, err, wallet.ErrUnknown, "two replies in one")
		}
	})
}

// TestSomebodyElsesNo: a refusal that names another order is not accepted.
func TestSomebodyElsesNo(t *testing.T) {
	forAll(t, fake.Behaviour{DeclineNum: 1, DeclineDen: 1}, func(t *testing.T, r *rig) {
		i := r.item(1)
		ask := r.issue
		if r.award == wallet.AdCoupon || r.award == wallet.ConsumerFinanceCoupon { // they accept first
			_, _ = r.issue(t, i)
			ask = func(t testing.TB, i wallet.Item) (wallet.Receipt, error) { return r.adapter.Query(t.Context(), i) }
		}
		no := r.lastReply(func() { _, _ = ask(t, i) })
		for reply, ours := range map[*downstream.Reply]bool{new(no): true, new(with(t, r.award, no, i.No.String(), r.item(2).No.String())): false} {
			r.faults.faults, r.faults.reply = []fault{replaced}, *reply
			_, err := ask(t, i)
			require.Error(t, err)
			require.Equal(t, ours, errors.Is(err, wallet.ErrDeclined), "%v", err)
		}
	})
}

// TestForeignCall: the reply to another call is refused, even if it names the same order.
func TestForeignCall(t *testing.T) {
	r := newRig(t, direct, wallet.CulturalCoupon, fake.Behaviour{})
	i := r.settled(t, r.item(1))
	good := r.lastReply(func() { _, _ = r.adapter.Query(t.Context(), i) })
	_, err := r.queryWithReply(t, i, with(t, r.award, good, `"id":"1_`, `"id":"2_`))
	require.ErrorIs(t, err, wallet.ErrUnknown)
}

// TestAnotherQuantity: another quantity than one coupon is refused.
func TestAnotherQuantity(t *testing.T) {
	r := newRig(t, direct, wallet.CreditCardCoupon, fake.Behaviour{})
	i := r.settled(t, r.item(1))
	good := r.lastReply(func() { _, _ = r.adapter.Query(t.Context(), i) })
	_, err := r.queryWithReply(t, i, with(t, r.award, good, `"1.00"`, `"10.0"`))
	require.ErrorIs(t, err, wallet.ErrUnknown)
}

// TestEchoOfAChange: a change that is refused because its own duplicate came first is not reported as not made.
func TestEchoOfAChange(t *testing.T) {
	for _, ask := range []func(r *rig) func(context.Context, wallet.Item) (wallet.Receipt, error){
		func(r *rig) func(context.Context, wallet.Item) (wallet.Receipt, error) { return r.adapter.Use },
		func(r *rig) func(context.Context, wallet.Item) (wallet.Receipt, error) { return r.adapter.Refund },
	} {
		r := newRig(t, direct, wallet.DouPlusCoupon, fake.Behaviour{})
		i := r.settled(t, r.item(1))
		r.faults.faults = []fault{arrives, duplicated, down}
		_, err := ask(r)(t.Context(), i)
		require.ErrorIs(t, err, wallet.ErrUnknown)
		e := r.entry(i)
		require.Equal(t, 1, e.Used+e.Refunded)
	}
}

// TestInHand: a use in progress is reported as neither done nor refused.
func TestInHand(t *testing.T) {
	r := newRig(t, direct, wallet.ConsumerFinanceCoupon, fake.Behaviour{})
	i := r.settled(t, r.item(1))
	taken := downstream.Reply{Status: 200, Body: []byte(`{"serial":"` + i.No.String() + `","code":"P0"}`)}
	unused := r.lastReply(func() { _, _ = r.adapter.Query(t.Context(), i) })
	for _, ask := range []func(context.Context, wallet.Item) (wallet.Receipt, error){r.adapter.Use, r.adapter.Refund} {
		r.faults.faults, r.faults.reply, r.faults.more = []fault{replaced, replaced}, taken, []downstream.Reply{unused}
		_, err := ask(t.Context(), i)
		require.ErrorIs(t, err, wallet.ErrUnknown)
	}
	require.Zero(t, r.entry(i).Used)
	r.clock.pass(time.Second)
	receipt, err := r.adapter.Use(t.Context(), i)
	require.NoError(t, err)
	require.Equal(t, wallet.ItemUsed, receipt.State)
}

// TestForeignUserID: the id of another user is refused and not cached.
func TestForeignUserID(t *testing.T) {
	r := newRig(t, direct, wallet.PaymentCoupon, fake.Behaviour{})
	i := r.item(1)
	for _, body := range []string{
		"result=OK&uid=77&openid=ou_dy2&end=.", "result=OK&uid=1000001&openid=&end=.", "result=NO&uid=1000001&openid=ou_dy2&end=.",
		"result=OK&uid=1000001&openid=" + strings.Repeat("o", 65) + "&end=.", "result=OK&uid=1000001&openid=ou_dy2",
		"result=OK&uid=1000001&openid=ou_dy2&openid=ou_dy3&end=.",
	} {
		r.faults.faults, r.faults.reply = []fault{replaced}, downstream.Reply{Status: 200, Body: []byte(body)}
		_, err := r.issue(t, i)
		require.ErrorIs(t, err, wallet.ErrUnavailable, body)
	}
	r.settle(t, i)
	require.Equal(t, i.Account, r.entry(i).Account)
}
