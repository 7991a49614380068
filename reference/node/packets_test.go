package node_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/node"
	"hongbao/reference/wallet"
)

// TestPacketsOfWhatIsPromised (P4, T6): money promised by tokens can be sent at once, under every strategy; sender and
// recipient see it on their pages. Money from a packet is part of the balance, but not of the income.
func TestPacketsOfWhatIsPromised(t *testing.T) {
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			s := newRunner(t)
			s.run("open strategy=" + string(strategy))
			s.run("grant user=1 rain=1 amount=100")
			if strategy == wallet.StrategyAsync {
				s.run("post") // only the backlog has the unposted money
			}
			sender, guest := wallet.Caller{App: wallet.Douyin, User: 1}, wallet.Caller{App: wallet.Toutiao, User: 2}
			p, err := s.node.SendPacket(t.Context(), wallet.SendPacketRequest{Caller: sender, Request: 1, Amount: 100, To: []wallet.Caller{guest}})
			require.NoError(t, err)
			require.Equal(t, wallet.PacketSent, p.State)
			page := func(c wallet.Caller) wallet.Page {
				p, err := s.node.Page(t.Context(), wallet.PageRequest{Caller: c, Limit: 10})
				require.NoError(t, err)
				require.Empty(t, p.Missing)
				return p
			}
			sent, seen := page(sender), page(guest)
			require.Zero(t, sent.Balance)
			require.EqualValues(t, 100, sent.Income)
			require.Equal(t, []wallet.Packet{p}, sent.Packets)
			require.Equal(t, []wallet.Packet{p.RecipientView(p.Shares)}, seen.Packets)
			_, err = s.node.OpenPacket(t.Context(), wallet.OpenPacketRequest{Caller: guest, Packet: p.No})
			require.NoError(t, err)
			has := page(guest)
			require.EqualValues(t, 100, has.Balance)
			require.Zero(t, has.Income)
			require.Empty(t, has.Grants)
			require.Equal(t, wallet.PacketClosed, has.Packets[0].State)
			w, err := s.node.Withdraw(t.Context(), wallet.WithdrawRequest{Caller: guest, Request: 1, Amount: 100})
			require.NoError(t, err)
			require.Equal(t, wallet.WithdrawalPaid, w.State)

			s.run("grant user=1 rain=2 amount=40")
			if strategy == wallet.StrategyAsync {
				s.run("post")
			}
			p, err = s.node.SendPacket(t.Context(), wallet.SendPacketRequest{Caller: sender, Request: 2, Amount: 40, To: []wallet.Caller{guest}})
			require.NoError(t, err)
			require.Zero(t, page(sender).Balance)
			s.clock.now = s.clock.now.Add(wallet.PacketLifetime + time.Second)
			n, err := s.node.SettlePackets(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.EqualValues(t, 40, page(sender).Balance)
			require.Contains(t, s.run("reconcile"), ": 0 differences\n")
		})
	}
}

// TestNoPackets: an instance without a packet store returns ErrNotFound.
func TestNoPackets(t *testing.T) {
	n, err := node.New(node.Config{Strategy: wallet.StrategyToken, Activity: tree(100, 10), Instances: 1, Batch: 1}, node.Ports{})
	require.NoError(t, err)
	_, err = n.SendPacket(t.Context(), wallet.SendPacketRequest{})
	require.ErrorIs(t, err, wallet.ErrNotFound)
	_, err = n.OpenPacket(t.Context(), wallet.OpenPacketRequest{})
	require.ErrorIs(t, err, wallet.ErrNotFound)
	done, err := n.SettlePackets(t.Context())
	require.NoError(t, err)
	require.Zero(t, done)
}
