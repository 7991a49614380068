package downstream_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// TestRefusedRequests: only a status that means "the request was not processed" means that nothing was done.
func TestRefusedRequests(t *testing.T) {
	for _, award := range downstream.Awards() {
		for _, c := range []struct {
			status int
			want   error
		}{
			{400, wallet.ErrUnavailable}, {401, wallet.ErrUnavailable}, {404, wallet.ErrUnavailable}, {405, wallet.ErrUnavailable},
			{408, wallet.ErrUnknown}, {500, wallet.ErrUnknown}, {502, wallet.ErrUnknown}, {503, wallet.ErrUnknown}, {504, wallet.ErrUnknown},
			{302, wallet.ErrUnknown}, {100, wallet.ErrUnknown}, {0, wallet.ErrUnknown},
		} {
			r := newRig(t, direct, award, fake.Behaviour{})
			if award == wallet.PaymentCoupon { // its first exchange is only a query
				_, err := r.issue(t, r.item(1))
				require.NoError(t, err)
			}
			i := r.item(1)
			i.No.Rain++
			r.faults.faults, r.faults.reply = []fault{replaced}, downstream.Reply{Status: c.status}
			_, err := r.issue(t, i)
			require.ErrorIs(t, err, c.want, fmt.Sprint(award, c.status))
		}
	}
}

// TestNew: invalid options and invalid items are refused.
func TestNew(t *testing.T) {
	good := downstream.Options{
		Exchange: func(context.Context, downstream.Request) (downstream.Reply, error) { return downstream.Reply{}, nil },
		Clock:    &clock{}, Secret: secret,
	}
	for _, c := range []struct {
		award wallet.AwardType
		spoil func(o *downstream.Options)
		why   string
	}{
		{wallet.Cash, func(*downstream.Options) {}, "its downstream is the ledger"},
		{0, func(*downstream.Options) {}, "no award"},
		{wallet.AvatarPendant + 1, func(*downstream.Options) {}, "no award"},
		{wallet.AdCoupon, func(o *downstream.Options) { o.Exchange = nil }, "no exchange"},
		{wallet.AdCoupon, func(o *downstream.Options) { o.Clock = nil }, "no clock"},
		{wallet.AdCoupon, func(o *downstream.Options) { o.Secret = secret[:15] }, "a short secret"},
	} {
		o := good
		c.spoil(&o)
		_, err := downstream.New(c.award, o)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
		require.NotContains(t, fmt.Sprint(err), string(secret[:15]))
	}
	require.Len(t, downstream.Awards(), 12)
	r := newRig(t, direct, wallet.AdCoupon, fake.Behaviour{})
	other := r.item(1)
	other.Award = wallet.MovieCoupon
	nameless := r.item(1)
	nameless.No = wallet.OrderNo{}
	for _, i := range []wallet.Item{other, nameless} {
		_, err := r.adapter.Issue(t.Context(), []wallet.Item{i})
		require.ErrorIs(t, err, wallet.ErrInvalid)
		for _, ask := range []func(context.Context, wallet.Item) (wallet.Receipt, error){r.adapter.Query, r.adapter.Use, r.adapter.Refund} {
			_, err := ask(t.Context(), i)
			require.ErrorIs(t, err, wallet.ErrInvalid)
		}
	}
	require.Zero(t, r.system.Calls())
}
