package degrade_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// system is a bank and a downstream with preset answers.
type system struct {
	err     error
	answers []wallet.ItemResult
	calls   int
}

func (s *system) Pay(context.Context, wallet.WithdrawalNo, wallet.Money) error {
	s.calls++
	return s.err
}
func (s *system) Traits() wallet.Traits { return wallet.Traits{Batch: 7} }
func (s *system) Issue(context.Context, []wallet.Item) ([]wallet.ItemResult, error) {
	s.calls++
	return s.answers, s.err
}

func (s *system) one() (wallet.Receipt, error)                                { s.calls++; return wallet.Receipt{Ref: "r"}, s.err }
func (s *system) Query(context.Context, wallet.Item) (wallet.Receipt, error)  { return s.one() }
func (s *system) Use(context.Context, wallet.Item) (wallet.Receipt, error)    { return s.one() }
func (s *system) Refund(context.Context, wallet.Item) (wallet.Receipt, error) { return s.one() }

// TestGuard: few calls reach a failing system, and every answer reaches the caller.
func TestGuard(t *testing.T) {
	bad, good := wallet.ItemResult{Err: wallet.ErrUnknown}, wallet.ItemResult{Receipt: wallet.Receipt{Ref: "r"}}
	ctx := t.Context()
	for _, c := range []struct {
		why    string
		system system
		call   func(wallet.Bank, wallet.Downstream) error
		trips  wallet.Switch
		opens  bool
	}{
		{"a bank that is down", system{err: wallet.ErrUnavailable},
			func(b wallet.Bank, _ wallet.Downstream) error { return b.Pay(ctx, wallet.WithdrawalNo{}, 1) }, wallet.SwitchBreakBank, true},
		{"a bank that declines", system{err: wallet.ErrDeclined},
			func(b wallet.Bank, _ wallet.Downstream) error { return b.Pay(ctx, wallet.WithdrawalNo{}, 1) }, wallet.SwitchBreakBank, false},
		{"a batch with one good item", system{answers: []wallet.ItemResult{bad, good, bad}},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Issue(ctx, nil); return err }, wallet.SwitchBreakDownstream, false},
		{"a batch without a good item", system{answers: []wallet.ItemResult{bad, bad}},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Issue(ctx, nil); return err }, wallet.SwitchBreakDownstream, true},
		{"a batch that fails as a whole", system{err: wallet.ErrOverloaded},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Issue(ctx, nil); return err }, wallet.SwitchBreakDownstream, true},
		{"an empty batch", system{},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Issue(ctx, nil); return err }, wallet.SwitchBreakDownstream, false},
		{"a query", system{err: wallet.ErrUnknown},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Query(ctx, wallet.Item{}); return err }, wallet.SwitchBreakDownstream, true},
		{"a use", system{err: wallet.ErrUnknown},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Use(ctx, wallet.Item{}); return err }, wallet.SwitchBreakDownstream, true},
		{"a refund", system{err: wallet.ErrUnknown},
			func(_ wallet.Bank, d wallet.Downstream) error { _, err := d.Refund(ctx, wallet.Item{}); return err }, wallet.SwitchBreakDownstream, true},
	} {
		clock := &manualClock{startTime}
		set := degrade.NewSet(clock)
		g, err := degrade.NewGuard(set, clock, sameRules(small()))
		require.NoError(t, err)
		bank, downstream := g.Bank(&c.system), g.Downstream(wallet.HeyteaCoupon, &c.system)
		require.Equal(t, 7, downstream.Traits().Batch)
		for range 20 {
			err = c.call(bank, downstream)
		}
		require.Equal(t, c.opens, set.On(c.trips), c.why)
		want := 20
		if c.opens {
			want = 4
			require.ErrorIs(t, err, wallet.ErrUnavailable, c.why)
		}
		require.Equal(t, want, c.system.calls, c.why)
		c.system.err, c.system.answers = nil, nil
		clock.pass(5 * time.Second)
		for range 3 {
			require.NoError(t, c.call(bank, downstream), c.why)
		}
		require.False(t, set.On(c.trips), c.why)
		require.Equal(t, []string{"bank", "heytea-coupon"}, []string{g.Breakers()[0].Name, g.Breakers()[1].Name})
	}
}

// TestBreakersAreListedByName: the order of creation does not matter.
func TestBreakersAreListedByName(t *testing.T) {
	g, err := degrade.NewGuard(nil, &manualClock{startTime}, sameRules(small()))
	require.NoError(t, err)
	g.Downstream(wallet.HeyteaCoupon, &system{})
	g.Backlog(nil)
	g.Bank(&system{})
	g.Downstream(wallet.AdCoupon, &system{})
	var names []string
	for _, b := range g.Breakers() {
		names = append(names, b.Name)
	}
	require.Equal(t, []string{wallet.AdCoupon.String(), degrade.BreakerBacklog, degrade.BreakerBank, wallet.HeyteaCoupon.String()}, names)
}

// TestGuardAnswers: the answers for single items reach the caller.
func TestGuardAnswers(t *testing.T) {
	g, err := degrade.NewGuard(nil, &manualClock{startTime}, sameRules(small()))
	require.NoError(t, err)
	d := g.Downstream(wallet.HeyteaCoupon, &system{answers: []wallet.ItemResult{{Receipt: wallet.Receipt{Ref: "a"}}}})
	for _, call := range []func(context.Context, wallet.Item) (wallet.Receipt, error){d.Query, d.Use, d.Refund} {
		r, err := call(t.Context(), wallet.Item{})
		require.NoError(t, err)
		require.Equal(t, "r", r.Ref)
	}
	answers, err := d.Issue(t.Context(), []wallet.Item{{}})
	require.NoError(t, err)
	require.Equal(t, "a", answers[0].Receipt.Ref)
}
