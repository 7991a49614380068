package mem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestItems(t *testing.T) {
	storetest.Items(t, func(*testing.T) storetest.ItemStore { return mem.NewItems() })
}

// TestItemBytes: a settled item uses its record, its wallet's four bytes and its name; a waiting one also uses a list
// entry, whose capacity an append may have doubled.
func TestItemBytes(t *testing.T) {
	const wins = 1 << 16
	s := mem.NewItems()
	item := func(id int, state wallet.ItemState) wallet.Item {
		no := wallet.OrderNo{ActID: wallet.ActID(id + 1), Scene: "tea", Award: wallet.HeyteaCoupon, Stage: wallet.Official}
		return wallet.Item{No: no, Asked: "tea", Account: wallet.Account{Family: wallet.DouyinFamily, User: 1}, Award: no.Award, Reward: "tea",
			State: state, Expires: wallet.Never}
	}
	for id := range wins {
		_, _, err := s.Create(t.Context(), item(id, wallet.ItemIssued))
		require.NoError(t, err)
	}
	waiting := float64(s.Bytes()) / wins
	require.Less(t, waiting, 64.0+4+2*16+1)
	for id := range wins {
		for _, state := range []wallet.ItemState{wallet.ItemProcessing, wallet.ItemSettled} {
			i := item(id, state)
			if state == wallet.ItemSettled {
				i.Ref = "12345678"
			}
			_, err := s.Advance(t.Context(), []wallet.Item{i})
			require.NoError(t, err)
		}
	}
	require.Less(t, float64(s.Bytes())/wins, 64.0+4+8+2*16+2)
	t.Logf("%.1f bytes per waiting item", waiting)
}
