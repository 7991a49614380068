package packet_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// recorded returns all packets on record.
func (m *model) recorded() (out []wallet.Packet) {
	require.NoError(m.t, m.packets.Packets(context.Background(), func(p wallet.Packet) bool {
		out = append(out, p)
		return true
	}))
	return out
}

// between checks the ledger between two steps: it sums to zero, and the money in packets is at least what may be opened
// and at most what is neither opened nor returned.
func (m *model) between() {
	least, most := map[int64]wallet.Money{}, map[int64]wallet.Money{}
	for _, p := range m.recorded() {
		for _, s := range p.Shares {
			if p.State == wallet.PacketSent && s.State == wallet.ShareWaiting {
				least[int64(p.Owner)] += s.Amount
			}
			if p.State != wallet.PacketRefused && !s.State.Final() {
				most[int64(p.Owner)] += s.Amount
			}
		}
	}
	in := map[int64]wallet.Money{}
	for a, fen := range m.balances(m.t) {
		if a.Kind == wallet.PacketAccount {
			in[a.Owner] = fen
		} else if a.Kind == wallet.PersonalAccount {
			require.Positive(m.t, fen)
		}
	}
	for owner := range int64(users + 2) {
		require.GreaterOrEqual(m.t, in[owner], least[owner], "in packets of wallet %d", owner)
		require.LessOrEqual(m.t, in[owner], most[owner], "in packets of wallet %d", owner)
	}
	if m.quiet {
		for n := range users {
			want := wallet.Money(0)
			for _, mate := range m.mates(n) {
				want += m.balanceOf(mate)
			}
			require.Equal(m.t, want, m.balance(m.t, n), "user %d", n)
		}
	}
}

// end finishes all remaining work and checks all answers ever given.
func (m *model) end() {
	m.faults.next = nil
	m.clock.Advance(wallet.PacketLifetime + 2*time.Minute)
	for range 2 { // packets only asked for are sent first, and then returned
		_, err := m.Settle(context.Background(), 1000)
		require.NoError(m.t, err)
	}
	left, _, err := m.packets.Unfinished(context.Background(), wallet.Never, wallet.Never, 0, 1000)
	require.NoError(m.t, err)
	require.Empty(m.t, left)
	require.Empty(m.t, m.alarms)

	has := m.won
	found := map[wallet.PacketNo]wallet.Packet{}
	for _, p := range m.recorded() {
		require.NotContains(m.t, found, p.No)
		found[p.No] = p
		m.judge(p, &has)
	}
	for no := range m.sent {
		require.Contains(m.t, found, no)
	}
	for a := range m.balances(m.t) {
		require.Contains(m.t, []wallet.AccountKind{wallet.CostAccount, wallet.PersonalAccount}, a.Kind, "no transfer is unfinished")
	}
	for n := range users {
		want := wallet.Money(0)
		for _, mate := range m.mates(n) {
			want += has[mate]
		}
		require.Equal(m.t, want, m.balance(m.t, n), "user %d has won %d", n, m.won[n])
	}
	m.moved(found)
}

// judge compares one packet with its request and with the answers, and moves its money in has.
func (m *model) judge(p wallet.Packet, has *[users]wallet.Money) {
	r, asked := m.asked[p.No]
	require.True(m.t, asked)
	require.Equal(m.t, r.Amount, p.Amount)
	require.Equal(m.t, r.Greeting, p.Greeting)
	require.Len(m.t, p.Shares, len(r.To))
	_, sent := m.sent[p.No]
	require.False(m.t, sent && p.State != wallet.PacketClosed, "a reply said that it is sent")
	require.False(m.t, m.no[p.No] && p.State != wallet.PacketRefused, "a reply said that it is refused")
	require.Contains(m.t, []wallet.PacketState{wallet.PacketRefused, wallet.PacketClosed}, p.State)
	if p.State == wallet.PacketRefused {
		return
	}
	sum := wallet.Money(0)
	for i, s := range p.Shares {
		sum += s.Amount
		require.Equal(m.t, account(r.To[i]), s.For)
		answered, opened := m.opened[shareNo{p.No, s.For}]
		require.True(m.t, !opened || answered == s, "a reply said that it is opened")
		require.True(m.t, s.State == wallet.ShareOpened || s.Owner == p.Owner, "it returns to the wallet that sent it")
		require.False(m.t, m.back[shareNo{p.No, s.For}] && s.State != wallet.ShareReturned, "a reply said that it is expired")
		for n := range users {
			if caller(n) == r.Caller {
				has[n] -= s.Amount
			}
			if s.State == wallet.ShareOpened && caller(n) == r.To[i] || s.State == wallet.ShareReturned && caller(n) == r.Caller {
				has[n] += s.Amount
			}
		}
	}
	require.Equal(m.t, p.Amount, sum)
}

// moved compares the ledger's entries with the records: each packet left its sender once, and each share left the
// packet once, in the direction on record.
func (m *model) moved(found map[wallet.PacketNo]wallet.Packet) {
	in := map[wallet.TransferNo]wallet.Money{}
	require.NoError(m.t, m.ledger.Entries(context.Background(), func(e wallet.Entry) bool {
		if e.Transfer.OfPacket() && e.Amount > 0 {
			in[e.Transfer] += e.Amount
		}
		return true
	}))
	want := map[wallet.TransferNo]wallet.Money{}
	for no, p := range found {
		if p.State == wallet.PacketRefused {
			continue
		}
		want[wallet.TransferNo{Packet: no, Step: wallet.TransferSend}] = p.Amount
		for i, s := range p.Shares {
			step := wallet.TransferOpen
			if s.State == wallet.ShareReturned {
				step = wallet.TransferReturn
			}
			want[wallet.TransferNo{Packet: no, Step: step, Share: uint8(i)}] = s.Amount
		}
	}
	require.Equal(m.t, want, in)
}
