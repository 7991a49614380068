package limit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// slow is a bank and a downstream whose calls run hang before they answer.
type slow struct{ hang func() }

func (s *slow) Pay(context.Context, wallet.WithdrawalNo, wallet.Money) error {
	s.hang()
	return wallet.ErrDeclined
}
func (s *slow) Traits() wallet.Traits { return wallet.Traits{Batch: 7} }
func (s *slow) Issue(context.Context, []wallet.Item) ([]wallet.ItemResult, error) {
	s.hang()
	return []wallet.ItemResult{{}}, nil
}

func (s *slow) one() (wallet.Receipt, error) {
	s.hang()
	return wallet.Receipt{Ref: "r"}, wallet.ErrDeclined
}
func (s *slow) Query(context.Context, wallet.Item) (wallet.Receipt, error)  { return s.one() }
func (s *slow) Use(context.Context, wallet.Item) (wallet.Receipt, error)    { return s.one() }
func (s *slow) Refund(context.Context, wallet.Item) (wallet.Receipt, error) { return s.one() }

// TestNarrow: a system that hangs holds the allowed number of calls of any kind and no more. Another system is not affected.
// Once the system answers, its places are free again.
func TestNarrow(t *testing.T) {
	ctx, s := t.Context(), &slow{}
	bank, d, other := limit.LimitBankConcurrency(s, 2), limit.LimitDownstreamConcurrency(wallet.HeyteaCoupon, s, 2), limit.LimitDownstreamConcurrency(wallet.MovieCoupon, &slow{func() {}}, 2)
	require.Equal(t, 7, d.Traits().Batch)
	calls := map[string]func() error{
		"pay": func() error { return bank.Pay(ctx, wallet.WithdrawalNo{}, 1) },
		"issue": func() error {
			answers, err := d.Issue(ctx, nil)
			if err == nil && len(answers) == 1 {
				return wallet.ErrDeclined // like the other calls
			}
			return err
		},
		"query":  func() error { return second(d.Query(ctx, wallet.Item{})) },
		"use":    func() error { return second(d.Use(ctx, wallet.Item{})) },
		"refund": func() error { return second(d.Refund(ctx, wallet.Item{})) },
	}
	for name, call := range calls {
		inside, refused := 0, 0
		s.hang = func() {
			if inside++; inside <= 2 {
				if err := call(); wallet.ReasonOf(err) == wallet.ErrLimited.Reason {
					refused++
				}
			}
			require.NoError(t, second(other.Issue(ctx, nil)))
		}
		require.ErrorIs(t, call(), wallet.ErrDeclined, name)
		require.Equal(t, 2, inside, name)
		require.Equal(t, 1, refused, name)
		s.hang = func() {}
		for range 3 {
			require.ErrorIs(t, call(), wallet.ErrDeclined, "%s: the places are released", name)
		}
	}
}
