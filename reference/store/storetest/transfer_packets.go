package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func packetAccount(id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.PacketAccount, Stage: wallet.Official, Owner: int64(id)}
}

// packetStep returns the transfer of a packet's step, for one share if the step has one.
func packetStep(request int64, s wallet.TransferStep, share uint8, from, to wallet.AccountNo, fen wallet.Money) wallet.Transfer {
	no := wallet.TransferNo{Packet: wallet.PacketNo{Account: asker, Request: request}, Step: s, Share: share}
	return wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: from, Amount: -fen}, {Account: to, Amount: fen}}}
}

// transferMovesPackets: a packet of three shares, of which one is opened by a stranger, one by another wallet of the
// sender, and one is returned; and a withdrawal whose client chose the same number.
func transferMovesPackets(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0), credit(number(2, 1), 50, 0)}, wallet.PostedNow, wallet.PostedNow)
	send := wallet.Transfer{No: packetStep(1, wallet.TransferSend, 0, personal(1), packetAccount(1), 1).No,
		Legs: []wallet.Leg{{Account: packetAccount(1), Amount: 120}}, Pool: []wallet.AccountNo{personal(1), personal(2)}, Take: 120}
	opens := []wallet.Transfer{
		packetStep(1, wallet.TransferOpen, 0, packetAccount(1), personal(3), 70),
		packetStep(1, wallet.TransferOpen, 2, packetAccount(1), personal(2), 20),
		packetStep(1, wallet.TransferReturn, 1, packetAccount(1), personal(1), 30),
	}
	for range 2 {
		require.NoError(t, l.Transfer(t.Context(), send), "the sender's wallets pay together")
		require.NoError(t, l.Transfer(t.Context(), step(1, wallet.TransferHold, personal(2), holdAccount(2), 7)), "a withdrawal of the same request")
		for _, o := range opens {
			require.NoError(t, l.Transfer(t.Context(), o))
		}
	}
	for a, want := range map[wallet.AccountNo]wallet.Money{personal(1): 30, personal(2): 43, personal(3): 70, packetAccount(1): 0, holdAccount(2): 7} {
		balance(t, l, a, want)
	}
	for why, c := range map[string]wallet.Transfer{
		"another wallet opens the share": packetStep(1, wallet.TransferOpen, 0, packetAccount(1), personal(2), 70),
		"another amount goes back":       packetStep(1, wallet.TransferReturn, 1, packetAccount(1), personal(1), 29),
	} {
		require.ErrorIs(t, l.Transfer(t.Context(), c), wallet.ErrConflict, why)
	}
	require.ErrorIs(t, l.Transfer(t.Context(), packetStep(1, wallet.TransferOpen, 1, packetAccount(1), personal(4), 1)), wallet.ErrInsufficient,
		"a share without money cannot be opened")
	require.EqualValues(t, -150, costs(t, l, wallet.Official))

	v := call(l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{3}, Stage: wallet.Official, Limit: 9})).ok(t)
	require.Equal(t, wallet.View{Balance: 70, Posted: []bool{}}, wallet.View{Balance: v.Balance, Income: v.Income, Posted: v.Posted}, "received money is not income")
	require.Empty(t, v.Grants)

	legs := map[wallet.TransferNo]wallet.Money{} // credited by each step
	require.NoError(t, l.Entries(t.Context(), func(e wallet.Entry) bool {
		if e.Transfer != (wallet.TransferNo{}) && e.Amount > 0 {
			legs[e.Transfer] += e.Amount
		}
		return true
	}))
	want := map[wallet.TransferNo]wallet.Money{send.No: 120, step(1, wallet.TransferHold, personal(2), holdAccount(2), 7).No: 7}
	for _, o := range opens {
		want[o.No] = o.Legs[1].Amount
	}
	require.Equal(t, want, legs, "every leg belongs to one of the steps")
}

func transferRefusesNumbers(t *testing.T, l LedgerStore, _ *Clock) {
	post(t, l, []wallet.Credit{credit(number(1, 1), 100, 0)}, wallet.PostedNow)
	for why, no := range map[string]wallet.TransferNo{
		"no step":                         {Withdrawal: wallet.WithdrawalNo{Account: asker, Request: 1}},
		"an invalid step":                 {Packet: wallet.PacketNo{Account: asker, Request: 1}, Step: wallet.TransferReturn + 1},
		"a packet's step of a withdrawal": {Withdrawal: wallet.WithdrawalNo{Account: asker, Request: 1}, Step: wallet.TransferSend},
		"a withdrawal's step of a packet": {Packet: wallet.PacketNo{Account: asker, Request: 1}, Step: wallet.TransferHold},
		"a number of both":                {Packet: wallet.PacketNo{Account: asker, Request: 1}, Withdrawal: wallet.WithdrawalNo{Account: asker}, Step: wallet.TransferSend},
		"a share of a whole packet":       {Packet: wallet.PacketNo{Account: asker, Request: 1}, Step: wallet.TransferSend, Share: 1},
		"a share number out of range":     {Packet: wallet.PacketNo{Account: asker, Request: 1}, Step: wallet.TransferOpen, Share: wallet.MaxShares},
	} {
		transfer := step(1, wallet.TransferHold, personal(1), holdAccount(1), 10)
		transfer.No = no
		require.ErrorIs(t, l.Transfer(t.Context(), transfer), wallet.ErrInvalid, why)
	}
	transit := wallet.AccountNo{Kind: wallet.TransitAccount, Stage: wallet.Official, Owner: 1}
	require.ErrorIs(t, l.Transfer(t.Context(), step(1, wallet.TransferHold, personal(1), transit, 10)), wallet.ErrInvalid, "callers cannot name transit accounts")
	balance(t, l, personal(1), 100)
}
