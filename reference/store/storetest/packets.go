package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// PacketStore is the set of ports of a store of packets.
type PacketStore interface {
	wallet.Packets
	wallet.PacketReader
}

// guest returns the account that a packet's share is for.
func guest(n int64) wallet.Account {
	return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(900 + n)}
}

// home returns the wallet of a guest's account.
func home(n int64) wallet.ActID { return wallet.ActID(900 + n) }

// packet returns a packet of asker, from wallets 5 and 6, for the given number of guests: one fen for the first, two
// for the second, and so on.
func packet(request int64, after time.Duration, guests int) wallet.Packet {
	p := wallet.Packet{No: wallet.PacketNo{Account: asker, Request: request}, Owner: 5, Stage: wallet.Official, Wallets: []wallet.ActID{5, 6},
		Greeting: "恭喜发财", Created: eve.Add(after), State: wallet.PacketAsked}
	for i := range guests {
		p.Shares = append(p.Shares, wallet.Share{For: guest(int64(i)), Wallet: home(int64(i)), Amount: wallet.Money(i + 1)})
		p.Amount += wallet.Money(i + 1)
	}
	return p
}

// Packets tests an adapter of wallet.Packets and wallet.PacketReader.
func Packets(t *testing.T, open func(t *testing.T) PacketStore) {
	t.Run("create is idempotent", func(t *testing.T) { packetOnce(t, open(t)) })
	t.Run("create refuses nonsense", func(t *testing.T) { packetNonsense(t, open(t)) })
	t.Run("advance moves forward only", func(t *testing.T) { packetForward(t, open(t)) })
	t.Run("mark follows the state", func(t *testing.T) { markFollows(t, open(t)) })
	t.Run("mark waits until it is sent", func(t *testing.T) { markNeedsSent(t, open(t)) })
	t.Run("the last share closes", func(t *testing.T) { lastShareCloses(t, open(t)) })
	t.Run("lists are newest first", func(t *testing.T) { packetLists(t, open(t)) })
	t.Run("lists find what is for a wallet", func(t *testing.T) { packetForWallet(t, open(t)) })
	t.Run("lists find what was opened", func(t *testing.T) { packetOpenedBy(t, open(t)) })
	t.Run("unfinished finds the oldest", func(t *testing.T) { packetUnfinished(t, open(t)) })
	t.Run("unfinished walks from place to place", func(t *testing.T) { packetsPass(t, open(t)) })
	t.Run("walks like a map", func(t *testing.T) {
		s, run := open(t), 0
		rapid.Check(t, func(rt *rapid.T) { run++; packetsModel(rt, s, run) })
	})
	t.Run("reader lists by owner", func(t *testing.T) { packetsByOwner(t, open(t)) })
	t.Run("one of many callers creates", func(t *testing.T) { oneSends(t, open(t)) })
	t.Run("opening and returning exclude each other", func(t *testing.T) { oneMarks(t, open(t)) })
}

func sent(t testable, s PacketStore, p wallet.Packet) {
	t.Helper()
	write(s.Create(t.Context(), p)).records(t, p)
	require.NoError(t, s.Advance(t.Context(), p.No, wallet.PacketSent))
}

// onRecord requires a packet to be recorded as given.
func onRecord(t testable, s PacketStore, want wallet.Packet, why string) {
	t.Helper()
	call(s.Get(t.Context(), want.No)).returns(t, want, why)
}

func packetOnce(t *testing.T, s PacketStore) {
	want := packet(1, 0, wallet.MaxShares)
	want.Greeting = strings.Repeat("'", wallet.MaxGreeting)
	write(s.Create(t.Context(), want)).records(t, want)
	other := packet(1, time.Hour, 2)
	other.Owner, other.Wallets, other.Greeting = 9, []wallet.ActID{9}, "" // requested again after the person's wallet has changed
	write(s.Create(t.Context(), other)).keeps(t, want, "the first record is kept, with its shares")
	onRecord(t, s, want, "Get returns the same")

	require.NoError(t, s.Advance(t.Context(), want.No, wallet.PacketSent))
	share := call(s.Mark(t.Context(), want.No, guest(3), wallet.ShareOpening, 44, eve+1)).ok(t)
	want.State, want.Shares[3] = wallet.PacketSent, share
	write(s.Create(t.Context(), other)).keeps(t, want, "with its current states")

	for i, no := range []wallet.PacketNo{
		{Account: asker, Request: 2},
		{Account: wallet.Account{Family: asker.Family, User: asker.User + 1}, Request: 1},
		{Account: wallet.Account{Family: wallet.DouyinFamily, User: asker.User}, Request: 1},
	} {
		p := packet(1, time.Duration(i)*time.Second, 1)
		p.No = no
		sent(t, s, p)
	}
	call(s.Get(t.Context(), wallet.PacketNo{Account: asker, Request: 3})).fails(t, wallet.ErrNotFound)
}

func packetNonsense(t *testing.T, s PacketStore) {
	for why, spoil := range map[string]func(p *wallet.Packet){
		"no family":                     func(p *wallet.Packet) { p.No.Account.Family = 7 },
		"no wallet":                     func(p *wallet.Packet) { p.Owner = 0 },
		"no stage":                      func(p *wallet.Packet) { p.Stage = 9 },
		"a state that is not its first": func(p *wallet.Packet) { p.State = wallet.PacketSent },
		"no shares":                     func(p *wallet.Packet) { p.Shares, p.Amount = nil, 0 },
		"too many shares":               func(p *wallet.Packet) { *p = packet(1, 0, wallet.MaxShares+1) },
		"a fen less than its shares":    func(p *wallet.Packet) { p.Amount-- },
		"an empty share":                func(p *wallet.Packet) { p.Shares[0].Amount, p.Amount = 0, p.Amount-1 },
		"two shares for one account":    func(p *wallet.Packet) { p.Shares[1].For = p.Shares[0].For },
		"two shares for one wallet":     func(p *wallet.Packet) { p.Shares[1].Wallet = p.Shares[0].Wallet },
		"a share for the sender":        func(p *wallet.Packet) { p.Shares[1].Wallet = p.Wallets[1] },
		"a share for no wallet":         func(p *wallet.Packet) { p.Shares[1].Wallet = 0 },
		"a share that is opened":        func(p *wallet.Packet) { p.Shares[0].State = wallet.ShareOpened },
		"too many wallets":              func(p *wallet.Packet) { p.Wallets = make([]wallet.ActID, wallet.MaxFormer+2) },
		"a long greeting":               func(p *wallet.Packet) { p.Greeting = strings.Repeat("x", wallet.MaxGreeting+1) },
	} {
		p := packet(1, 0, 2)
		spoil(&p)
		write(s.Create(t.Context(), p)).fails(t, wallet.ErrInvalid, why)
	}
	sent(t, s, packet(1, 0, 2))
}

func packetForward(t *testing.T, s PacketStore) {
	const refused, gone, closed = wallet.PacketRefused, wallet.PacketSent, wallet.PacketClosed
	for i, c := range []struct {
		steps []wallet.PacketState
		want  wallet.PacketState
	}{
		{nil, wallet.PacketAsked},
		{[]wallet.PacketState{gone}, gone},
		{[]wallet.PacketState{gone, gone, wallet.PacketAsked, refused}, gone}, // repeated, and late steps
		{[]wallet.PacketState{refused, gone, closed}, refused},                // final is final
		{[]wallet.PacketState{closed}, wallet.PacketAsked},                    // a packet that was not sent cannot be closed
		{[]wallet.PacketState{gone, closed, gone}, closed},
	} {
		p := packet(int64(i+1), 0, 1)
		write(s.Create(t.Context(), p)).ok(t)
		for _, to := range c.steps {
			require.NoError(t, s.Advance(t.Context(), p.No, to))
		}
		p.State = c.want
		onRecord(t, s, p, fmt.Sprintf("case %d", i))
	}
	require.ErrorIs(t, s.Advance(t.Context(), packet(99, 0, 1).No, gone), wallet.ErrNotFound)
}

func markFollows(t *testing.T, s PacketStore) {
	const opening, opened, returning, returned = wallet.ShareOpening, wallet.ShareOpened, wallet.ShareReturning, wallet.ShareReturned
	for i, c := range []struct {
		steps []wallet.ShareState
		took  []bool // which of the steps were recorded
	}{
		{[]wallet.ShareState{opening, opening, opened, opened}, []bool{true, false, true, false}}, // repeated
		{[]wallet.ShareState{opened, returned}, []bool{false, false}},                             // no step was begun
		{[]wallet.ShareState{opening, returning, returned, opened}, []bool{true, false, false, true}},
		{[]wallet.ShareState{returning, opening, opened, returned}, []bool{true, false, false, true}},
		{[]wallet.ShareState{opening, opened, returning, opening}, []bool{true, true, false, false}}, // final is final
	} {
		p := packet(int64(i+1), 0, 3)
		sent(t, s, p)
		p.State = wallet.PacketSent
		for n, to := range c.steps {
			owner, at := wallet.ActID(100+n), eve.Add(time.Duration(n+1)*time.Second)
			got := call(s.Mark(t.Context(), p.No, guest(1), to, owner, at)).ok(t)
			if c.took[n] {
				p.Shares[1].State, p.Shares[1].Owner, p.Shares[1].At = to, owner, at
			}
			require.Equal(t, p.Shares[1], got, "case %d, step %d", i, n)
		}
		onRecord(t, s, p, "the other shares wait")
	}
	call(s.Mark(t.Context(), packet(1, 0, 1).No, guest(3), opening, 1, eve)).fails(t, wallet.ErrNotFound, "an account without a share")
	call(s.Mark(t.Context(), packet(99, 0, 1).No, guest(1), opening, 1, eve)).fails(t, wallet.ErrNotFound, "an unknown packet")
}

func markNeedsSent(t *testing.T, s PacketStore) {
	p := packet(1, 0, 1)
	write(s.Create(t.Context(), p)).ok(t)
	for _, state := range []wallet.PacketState{wallet.PacketAsked, wallet.PacketRefused} {
		require.NoError(t, s.Advance(t.Context(), p.No, state))
		call(s.Mark(t.Context(), p.No, guest(0), wallet.ShareOpening, 1, eve)).returns(t, p.Shares[0], "the packet contains no money")
	}
}

func lastShareCloses(t *testing.T, s PacketStore) {
	p := packet(1, 0, 3)
	sent(t, s, p)
	p.State = wallet.PacketSent
	for i, steps := range [][2]wallet.ShareState{
		{wallet.ShareOpening, wallet.ShareOpened}, {wallet.ShareReturning, wallet.ShareReturned}, {wallet.ShareOpening, wallet.ShareOpened},
	} {
		for _, to := range steps {
			onRecord(t, s, p, "not closed yet")
			share := call(s.Mark(t.Context(), p.No, guest(int64(i)), to, 7, eve)).ok(t)
			require.Equal(t, to, share.State)
			p.Shares[i] = share
		}
	}
	p.State = wallet.PacketClosed
	onRecord(t, s, p, "closed with its last share")
}

func packetLists(t *testing.T, s PacketStore) {
	var bySender, forGuest []wallet.Packet
	for i := range 24 {
		p := packet(int64(i+1), time.Duration(i*7%24)*time.Minute, 1+i%2)
		p.Owner = wallet.ActID(5 + i%3)
		if i%4 == 0 {
			p.Stage = wallet.ExternalDrill
		}
		if i%5 == 0 { // requested only: its sender sees it, its guests do not
			write(s.Create(t.Context(), p)).ok(t)
		} else {
			sent(t, s, p)
			p.State = wallet.PacketSent
		}
		if p.Owner != 6 && p.Stage == wallet.Official {
			bySender = append(bySender, p)
		}
		if i%2 == 1 && p.Stage == wallet.Official && p.State == wallet.PacketSent {
			forGuest = append(forGuest, p)
		}
	}
	newest := func(a, b wallet.Packet) int { return int(b.Created - a.Created) }
	slices.SortFunc(bySender, newest)
	slices.SortFunc(forGuest, newest)
	require.NotEmpty(t, forGuest)
	for _, limit := range []int{0, 1, 3, 100} {
		got := call(s.SentBy(t.Context(), []wallet.ActID{5, 7}, wallet.Official, limit)).ok(t)
		require.ElementsMatch(t, bySender[:min(limit, len(bySender))], got)
		require.True(t, slices.IsSortedFunc(got, newest))
		got = call(s.For(t.Context(), []wallet.Account{guest(1)}, []wallet.ActID{5}, wallet.Official, limit)).ok(t)
		require.ElementsMatch(t, forGuest[:min(limit, len(forGuest))], got)
		require.True(t, slices.IsSortedFunc(got, newest))
	}
	require.Empty(t, call(s.SentBy(t.Context(), []wallet.ActID{5}, wallet.InternalTest, 10)).ok(t))
	require.Empty(t, call(s.For(t.Context(), []wallet.Account{guest(7)}, []wallet.ActID{1}, wallet.Official, 10)).ok(t))
}

// packetForWallet: a share for one account of a person is in the list of all the person's accounts (B1), once it is
// sent.
func packetForWallet(t *testing.T, s PacketStore) {
	const drill, asked = 1, 2 // the others are of the official stage, and sent
	var want []wallet.PacketNo
	for i := range 5 {
		p := packet(int64(i+1), time.Duration(i)*time.Minute, 2)
		if i == drill {
			p.Stage = wallet.ExternalDrill
		}
		if i == asked {
			write(s.Create(t.Context(), p)).ok(t)
			continue
		}
		sent(t, s, p)
		if i != drill {
			want = append([]wallet.PacketNo{p.No}, want...)
		}
	}
	for _, c := range []struct {
		wallets []wallet.ActID
		limit   int
		want    []wallet.PacketNo
	}{
		{[]wallet.ActID{home(1)}, 10, want},
		{[]wallet.ActID{77, home(0), home(1)}, 10, want}, // a packet for two of the wallets is listed once
		{[]wallet.ActID{home(1)}, 2, want[:2]},
		{[]wallet.ActID{home(2)}, 10, nil}, // a wallet without a share
		{[]wallet.ActID{5}, 10, nil},       // the sender's wallet
	} {
		got := call(s.For(t.Context(), nil, c.wallets, wallet.Official, c.limit)).ok(t)
		var numbers []wallet.PacketNo
		for _, p := range got {
			numbers = append(numbers, p.No)
			require.Equal(t, home(1), p.Shares[1].Wallet)
		}
		require.Equal(t, c.want, numbers)
	}
}

// packetOpenedBy: shares that a wallet has opened stay in its list, whichever account of the person reads it.
func packetOpenedBy(t *testing.T, s PacketStore) {
	p := packet(1, 0, 2)
	sent(t, s, p)
	list := func(as []wallet.Account, ids ...wallet.ActID) []wallet.Packet {
		got := call(s.For(t.Context(), as, ids, wallet.Official, 10)).ok(t)
		return got
	}
	require.Empty(t, list(nil, 31, 32))
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		for i := range int64(2) {
			call(s.Mark(t.Context(), p.No, guest(i), to, wallet.ActID(31+i), eve)).ok(t)
		}
	}
	for _, got := range [][]wallet.Packet{list(nil, 31), list(nil, 32, 99), list(nil, 31, 32), list([]wallet.Account{guest(0), guest(1)}, 31, 32)} {
		require.Len(t, got, 1, "each packet once")
		require.Equal(t, p.No, got[0].No)
		require.Equal(t, wallet.PacketClosed, got[0].State)
	}
	returned := packet(2, 0, 1)
	sent(t, s, returned)
	for _, to := range []wallet.ShareState{wallet.ShareReturning, wallet.ShareReturned} {
		call(s.Mark(t.Context(), returned.No, guest(0), to, returned.Owner, eve)).ok(t)
	}
	require.Len(t, list([]wallet.Account{guest(0)}), 2, "its guest sees that it was returned")
	require.Len(t, list(nil, home(0)), 2, "in every app of the person")
	require.Empty(t, list(nil, returned.Owner), "its sender did not open it")
}
