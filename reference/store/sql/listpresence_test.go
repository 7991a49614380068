package sqlstore

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestKept(t *testing.T) {
	for name, open := range map[string]func(testing.TB, int) *DB{"sqlite": openSQLiteTest, "mysql": openMySQLTest} {
		t.Run(name, func(t *testing.T) { presenceAgreesWithLists(t, open(t, 3)) })
	}
}

// presenceAgreesWithLists: a list that is reported as empty is empty, for people with and without each list and for each
// way in which a person receives a packet; and an empty list is reported as empty, because otherwise pages read it
// needlessly.
func presenceAgreesWithLists(t *testing.T, db *DB) {
	const people = 60
	ctx := t.Context()
	presence, withdrawals, packets, items := NewListPresence(db), NewWithdrawals(db), NewPackets(db), NewItems(db)
	account := func(n int) wallet.Account { return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(n)} }
	draw := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= people; n++ {
		stage := wallet.Official
		if draw.IntN(4) == 0 {
			stage = wallet.ExternalDrill
		}
		if draw.IntN(3) == 0 {
			_, _, err := withdrawals.Create(ctx, wallet.Withdrawal{No: wallet.WithdrawalNo{Account: account(n), Request: 1}, Owner: wallet.ActID(n), Stage: stage, Amount: 5,
				Wallets: []wallet.ActID{wallet.ActID(n)}, Created: 1, State: wallet.WithdrawalAsked})
			require.NoError(t, err)
		}
		if draw.IntN(3) == 0 {
			_, _, err := items.Create(ctx, wallet.Item{No: wallet.OrderNo{ActID: wallet.ActID(n), Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: stage}, Asked: "tea",
				Account: account(n), State: wallet.ItemIssued, Award: wallet.HeyteaCoupon, Reward: "tea", Expires: wallet.Never})
			require.NoError(t, err)
		}
		if draw.IntN(4) == 0 {
			to := 1 + draw.IntN(people)
			p := wallet.Packet{No: wallet.PacketNo{Account: account(n), Request: 1}, Owner: wallet.ActID(n), Stage: stage, Amount: 5, Wallets: []wallet.ActID{wallet.ActID(n)}, Created: 1,
				State: wallet.PacketAsked, Shares: []wallet.Share{{For: account(to), Wallet: wallet.ActID(to), Amount: 5}}}
			_, _, err := packets.Create(ctx, p)
			require.NoError(t, err)
			require.NoError(t, packets.Advance(ctx, p.No, wallet.PacketSent))
			into := wallet.ActID(1 + draw.IntN(people)) // the wallet that the account has by that time
			for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
				_, err = packets.Mark(ctx, p.No, p.Shares[0].For, to, into, 2)
				require.NoError(t, err)
			}
		}
	}
	seen := map[wallet.ListPresence]int{}
	for n := 1; n < people; n++ {
		for _, stage := range []wallet.Stage{wallet.ExternalDrill, wallet.Official} {
			ids := []wallet.ActID{wallet.ActID(n), wallet.ActID(n + 1)} // a person who has joined two wallets
			var want wallet.ListPresence
			for _, id := range ids {
				ws, err := withdrawals.Of(ctx, id, stage, 10)
				require.NoError(t, err)
				want.Withdrawals = want.Withdrawals || len(ws) > 0
			}
			sent, err := packets.SentBy(ctx, ids, stage, 10)
			require.NoError(t, err)
			received, err := packets.For(ctx, []wallet.Account{account(n)}, ids, stage, 10)
			require.NoError(t, err)
			won, err := items.Of(ctx, ids, stage, wallet.Cursor{}, 10)
			require.NoError(t, err)
			want.Packets, want.Items = len(sent)+len(received) > 0, len(won) > 0
			got, err := presence.Presence(ctx, account(n), ids, stage)
			require.NoError(t, err)
			require.Equal(t, want, got, "persons %d and %d in stage %s", n, n+1, stage)
			seen[want]++
		}
	}
	require.Len(t, seen, 8, "every combination of lists occurred")
	for _, ids := range [][]wallet.ActID{nil, make([]wallet.ActID, maxWallets+1)} {
		_, err := presence.Presence(ctx, account(1), ids, wallet.Official)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}
