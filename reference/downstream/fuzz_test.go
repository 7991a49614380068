package downstream_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// FuzzReplies answers a call with arbitrary bytes: nothing panics, every error is one that the caller handles, and an
// accepted reply names the order and has a success status.
func FuzzReplies(f *testing.F) {
	for n, award := range downstream.Awards() { // the seeds are the stand-ins' replies
		r := newRig(f, direct, award, fake.Behaviour{})
		inner := r.faults.inner
		r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
			reply, err := inner(ctx, q)
			f.Add(uint8(n), uint8(0), reply.Status, reply.Header["Etag"], reply.Body)
			f.Add(uint8(n), uint8(2), reply.Status, reply.Header["Etag"], reply.Body)
			return reply, err
		}
		i := r.settled(f, r.item(1))
		_, _ = r.adapter.Query(f.Context(), i)
		_, _ = r.adapter.Query(f.Context(), r.item(2))
		_, _ = r.adapter.Use(f.Context(), i)
		_, _ = r.adapter.Refund(f.Context(), r.item(1))
		r.system.Behave(fake.Behaviour{DeclineNum: 1, DeclineDen: 1})
		_, _ = r.issue(f, r.item(3))
	}
	f.Fuzz(func(t *testing.T, which, call uint8, status int, etag string, body []byte) {
		awards := downstream.Awards()
		c := &clock{now: festival}
		award := awards[int(which)%len(awards)]
		d, err := downstream.New(award, downstream.Options{Clock: c, Secret: secret, Exchange: func(context.Context, downstream.Request) (downstream.Reply, error) {
			return downstream.Reply{Status: status, Header: map[string]string{"Etag": etag}, Body: body}, nil
		}})
		require.NoError(t, err)
		i := (&rig{clock: c, award: award}).item(1)
		var receipt wallet.Receipt
		may := []error{wallet.ErrUnknown, wallet.ErrUnavailable, wallet.ErrLimited, wallet.ErrDeclined, wallet.ErrNotFound}
		switch call % 4 {
		case 0:
			a, called := d.Issue(t.Context(), []wallet.Item{i})
			require.NoError(t, called)
			require.Len(t, a, 1)
			receipt, err = a[0].Receipt, a[0].Err
			may = may[:4]
		case 1:
			receipt, err = d.Query(t.Context(), i)
		case 2:
			receipt, err = d.Use(t.Context(), i)
		case 3:
			receipt, err = d.Refund(t.Context(), i)
		}
		if err != nil {
			require.True(t, mayBe(err, may), "%v", err)
			require.Zero(t, receipt.State == wallet.ItemSettled || receipt.State == wallet.ItemUsed, "an error with a success")
			return
		}
		believed(t, receipt, i, status, body)
	})
}

// believed checks that an accepted receipt is in the reply.
func believed(t *testing.T, receipt wallet.Receipt, i wallet.Item, status int, body []byte) {
	if receipt.State == wallet.ItemRefunded { // also a declined item that was to be refunded
		return
	}
	require.True(t, status >= 200 && status < 300, "status %d", status)
	require.Contains(t, []wallet.ItemState{wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemUsed, wallet.ItemExpired}, receipt.State)
	require.LessOrEqual(t, len(receipt.Ref), wallet.MaxItemRef)
	plain := !bytes.ContainsAny(body, `\&%`) // no escapes of JSON, XML or forms
	if plain {
		require.True(t, strings.Contains(string(body), i.No.String()), "it names the order")
	}
	if receipt.State != wallet.ItemProcessing {
		require.NotEmpty(t, receipt.Ref)
	}
	if receipt.State == wallet.ItemSettled {
		require.Positive(t, receipt.Expires)
	}
}

// FuzzCallbacks decodes arbitrary bytes as a callback, also with a correct signature: nothing panics, and an accepted
// callback names an order.
func FuzzCallbacks(f *testing.F) {
	for _, award := range calling {
		r := newRig(f, direct, award, fake.Behaviour{})
		_, err := r.issue(f, r.item(1))
		require.NoError(f, err)
		q := r.system.Callbacks(r.clock.Now(), 1)[0].Request
		f.Add(uint8(award), q.Header["X-Timestamp"], q.Header["X-Signature"], q.Body)
		f.Add(uint8(award), q.Header["X-Timestamp"], "", bytes.Replace(q.Body, []byte("done"), []byte("fine"), 1))
	}
	f.Fuzz(func(t *testing.T, award uint8, at, signature string, body []byte) {
		for _, s := range []string{signature, downstream.Sign(secret, at+"."+string(body))} {
			q := downstream.Request{Method: "POST", Header: map[string]string{"X-Timestamp": at, "X-Signature": s}, Body: body}
			c, err := downstream.ReadCallback(wallet.AwardType(award), secret, festival, q)
			if err != nil {
				require.Zero(t, c)
				continue
			}
			require.NoError(t, c.Order.Validate())
			require.Equal(t, wallet.AwardType(award), c.Award)
			require.NotEqual(t, wallet.ItemOpen, c.Receipt.State, "no state")
		}
	})
}

// FuzzStandIns sends arbitrary requests to the stand-ins: nothing panics, and nothing is issued for an invalid order
// number.
func FuzzStandIns(f *testing.F) {
	for n, award := range downstream.Awards() {
		r := newRig(f, direct, award, fake.Behaviour{})
		inner := r.faults.inner
		r.faults.inner = func(ctx context.Context, q downstream.Request) (downstream.Reply, error) {
			f.Add(uint8(n), q.Method, q.Path, q.Header["Idempotency-Key"]+q.Header["If-None-Match"], q.Body)
			return inner(ctx, q)
		}
		i := r.settled(f, r.item(1))
		_, _ = r.adapter.Query(f.Context(), i)
		_, _ = r.adapter.Use(f.Context(), i)
		_, _ = r.adapter.Refund(f.Context(), r.item(2))
	}
	f.Fuzz(func(t *testing.T, which uint8, method, path, header string, body []byte) {
		awards := downstream.Awards()
		s, err := fake.New(awards[int(which)%len(awards)], secret, fake.Behaviour{})
		require.NoError(t, err)
		for range 2 {
			reply := s.Handle(festival, fake.Request{Method: method, Path: path, Body: body, Header: map[string]string{
				"Idempotency-Key": header, "If-None-Match": header, "If-Match": header,
			}})
			require.NotZero(t, reply.Status)
		}
		for e := range s.Entries(festival) {
			require.NoError(t, e.Order.Validate())
			require.LessOrEqual(t, e.Issued, 1)
		}
	})
}
