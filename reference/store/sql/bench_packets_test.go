package sqlstore

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// BenchmarkPacketsOfAPage measures what packets add to a page: the packets that a person sent, and those that others
// sent to the person. For comparison it measures the withdrawals of a page.
func BenchmarkPacketsOfAPage(b *testing.B) {
	const people, each = 200, 10
	db := openSQLiteTest(b, 1)
	p, w := NewPackets(db), NewWithdrawals(db)
	account := func(n int) wallet.Account {
		return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(n%people + 1)}
	}
	for n := range people * each {
		v := sentPacket(3)
		v.No, v.Owner, v.Created = wallet.PacketNo{Account: account(n), Request: int64(n + 1)}, wallet.ActID(n%people+1), wallet.Instant(n)
		for i := range v.Shares {
			v.Shares[i].For = account(n + 1 + i)
		}
		_, _, err := p.Create(context.Background(), v)
		require.NoError(b, err)
		require.NoError(b, p.Advance(context.Background(), v.No, wallet.PacketSent))
	}
	page := func(b *testing.B, from int) {
		for n := 0; b.Loop(); n++ {
			who := from + n
			_, err := p.SentBy(b.Context(), []wallet.ActID{wallet.ActID(who%people + 1)}, wallet.Official, 50)
			require.NoError(b, err)
			_, err = p.For(b.Context(), []wallet.Account{account(who)}, []wallet.ActID{wallet.ActID(who%people + 1)}, wallet.Official, 50)
			require.NoError(b, err)
		}
	}
	b.Run("packets/many", func(b *testing.B) { page(b, 0) })
	b.Run("packets/none", func(b *testing.B) {
		for b.Loop() {
			_, err := p.SentBy(b.Context(), []wallet.ActID{people + 1}, wallet.Official, 50)
			require.NoError(b, err)
			_, err = p.For(b.Context(), []wallet.Account{{Family: wallet.DouyinFamily, User: people + 1}}, []wallet.ActID{people + 1}, wallet.Official, 50)
			require.NoError(b, err)
		}
	})
	b.Run("withdrawals/none", func(b *testing.B) {
		for b.Loop() {
			_, err := w.Of(b.Context(), people+1, wallet.Official, 50)
			require.NoError(b, err)
		}
	})
}
