package downstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// TestLifeOfAnItem hands one out, uses it, and finds that it cannot be taken back.
func TestLifeOfAnItem(t *testing.T) {
	forAll(t, fake.Behaviour{}, func(t *testing.T, r *rig) {
		i := r.item(7)
		_, err := r.adapter.Look(t.Context(), i)
		require.ErrorIs(t, err, wallet.ErrNotFound, "it was never asked for")

		receipt := r.settle(t, i)
		require.NotEmpty(t, receipt.Ref)
		require.Greater(t, receipt.Expires, r.clock.Now())
		i.Ref, i.Expires, i.State = receipt.Ref, receipt.Expires, wallet.ItemSettled
		looked, err := r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, receipt, looked)

		for range 2 {
			usedUp, err := r.adapter.Use(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, wallet.ItemUsed, usedUp.State)
		}
		back, err := r.adapter.Refund(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, wallet.ItemUsed, back.State, "it is used up")
		require.Equal(t, fake.Entry{Award: r.award, Order: i.No, Account: i.Account, Reward: i.Reward, Issued: 1, Used: 1}, r.entry(i))
	})
}
