package storetest

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// PresenceStores are the stores of lists, with a check of their presence.
type PresenceStores struct {
	Presence    wallet.ListPresenceReader
	Withdrawals wallet.Withdrawals
	Packets     wallet.Packets
	Items       wallet.Items
}

// ListPresence tests an adapter of wallet.ListPresenceReader: a list that is reported as empty is empty, for people with and without each list and for each
// way in which a person receives a packet; and an empty list is reported as empty, because otherwise pages read it
// needlessly.
func ListPresence(t *testing.T, open func(t *testing.T) PresenceStores) {
	const people = 60
	ctx := t.Context()
	s := open(t)
	account := func(n int) wallet.Account { return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(n)} }
	draw := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= people; n++ {
		stage := wallet.Official
		if draw.IntN(4) == 0 {
			stage = wallet.ExternalDrill
		}
		if draw.IntN(3) == 0 {
			_, _, err := s.Withdrawals.Create(ctx, wallet.Withdrawal{No: wallet.WithdrawalNo{Account: account(n), Request: 1}, Owner: wallet.ActID(n), Stage: stage, Amount: 5,
				Wallets: []wallet.ActID{wallet.ActID(n)}, Created: 1, State: wallet.WithdrawalAsked})
			require.NoError(t, err)
		}
		if draw.IntN(3) == 0 {
			_, _, err := s.Items.Create(ctx, wallet.Item{No: wallet.OrderNo{ActID: wallet.ActID(n), Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: stage}, Asked: "tea",
				Account: account(n), State: wallet.ItemIssued, Award: wallet.HeyteaCoupon, Reward: "tea", Expires: wallet.Never})
			require.NoError(t, err)
		}
		if draw.IntN(4) == 0 {
			to := 1 + draw.IntN(people)
			p := wallet.Packet{No: wallet.PacketNo{Account: account(n), Request: 1}, Owner: wallet.ActID(n), Stage: stage, Amount: 5, Wallets: []wallet.ActID{wallet.ActID(n)}, Created: 1,
				State: wallet.PacketAsked, Shares: []wallet.Share{{For: account(to), Wallet: wallet.ActID(to), Amount: 5}}}
			_, _, err := s.Packets.Create(ctx, p)
			require.NoError(t, err)
			require.NoError(t, s.Packets.Advance(ctx, p.No, wallet.PacketSent))
			into := wallet.ActID(1 + draw.IntN(people)) // the wallet that the account has by that time
			for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
				_, err = s.Packets.Mark(ctx, p.No, p.Shares[0].For, to, into, 2)
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
				ws, err := s.Withdrawals.Of(ctx, id, stage, 10)
				require.NoError(t, err)
				want.Withdrawals = want.Withdrawals || len(ws) > 0
			}
			sent, err := s.Packets.SentBy(ctx, ids, stage, 10)
			require.NoError(t, err)
			received, err := s.Packets.For(ctx, []wallet.Account{account(n)}, ids, stage, 10)
			require.NoError(t, err)
			won, err := s.Items.Of(ctx, ids, stage, wallet.Cursor{}, 10)
			require.NoError(t, err)
			want.Packets, want.Items = len(sent)+len(received) > 0, len(won) > 0
			got, err := s.Presence.Presence(ctx, account(n), ids, stage)
			require.NoError(t, err)
			require.Equal(t, want, got, "persons %d and %d in stage %s", n, n+1, stage)
			seen[want]++
		}
	}
	require.Len(t, seen, 8, "every combination of lists occurred")
	for _, ids := range [][]wallet.ActID{nil, make([]wallet.ActID, wallet.MaxFormer+2)} {
		_, err := s.Presence.Presence(ctx, account(1), ids, wallet.Official)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}
