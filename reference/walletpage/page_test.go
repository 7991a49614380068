package walletpage_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
)

// TestSourcesFailAlone (P2): whichever sources fail or are turned off, the page lists them as missing and shows the
// others.
func TestSourcesFailAlone(t *testing.T) {
	sources := []struct {
		name   string
		off    wallet.Switch
		lacks  func(p *wallet.Page) // removes the source's entries from a complete page
		amount wallet.Money
	}{
		{walletpage.SourceTokens, wallet.SwitchPageNoTokens, nil, 30},
		{walletpage.SourceLedger, wallet.SwitchPageNoLedger, nil, 100},
		{walletpage.SourceWithdrawals, wallet.SwitchPageNoPayouts, func(p *wallet.Page) { p.Withdrawals = nil }, 0},
		{walletpage.SourcePackets, wallet.SwitchPageNoPackets, func(p *wallet.Page) { p.Packets = nil }, 0},
		{walletpage.SourceRewards, wallet.SwitchPageNoRewards, func(p *wallet.Page) { p.Items = nil }, 0},
	}
	h := newFixture(t)
	h.fill(t)
	whole := h.page(t, wallet.Cursor{}, 10)
	require.Empty(t, whole.Missing)
	require.Len(t, whole.Grants, 2)
	require.Len(t, whole.Withdrawals, 1)
	require.Len(t, whole.Packets, 2)
	require.Len(t, whole.Items, 1)
	for _, how := range []string{"switch", "unavailable", "unknown"} {
		for set := range 1 << len(sources) {
			want := whole
			want.Grants = slices.Clone(whole.Grants)
			clear(h.off)
			clear(h.down)
			for i, s := range sources {
				if set>>i&1 == 0 {
					continue
				}
				switch want.Missing = append(want.Missing, s.name); how {
				case "switch":
					h.off[s.off] = true
				case "unavailable":
					h.down[s.name] = wallet.ErrUnavailable
				default:
					h.down[s.name] = wallet.ErrUnknown
				}
				if s.lacks != nil {
					s.lacks(&want)
				}
				want.Balance -= s.amount
				want.Income -= s.amount
				want.Grants = slices.DeleteFunc(want.Grants, func(l wallet.Line) bool { return l.Amount == s.amount })
			}
			t.Run(fmt.Sprintf("%s/%v", how, want.Missing), func(t *testing.T) {
				require.Equal(t, want, h.page(t, wallet.Cursor{}, 10))
			})
		}
	}
	clear(h.down)
	h.down["ledger"] = wallet.ErrOverflow // the sums are meaningless: the page must fail
	_, err := h.Page(t.Context(), wallet.PageRequest{Caller: caller, Limit: 10})
	require.ErrorIs(t, err, wallet.ErrOverflow)
}

// TestWhatIsNotThereIsNotMissing: a service without packets and other rewards has complete pages.
func TestWhatIsNotThereIsNotMissing(t *testing.T) {
	h := newFixture(t)
	h.fill(t)
	h.Packets, h.Items = nil, nil
	p := h.page(t, wallet.Cursor{}, 10)
	require.Empty(t, p.Missing)
	require.Nil(t, p.Packets)
	require.Nil(t, p.Items)
	require.Len(t, p.Withdrawals, 1)
}

// TestEmptyListsAreNotRead: an empty list is neither read nor missing, unless it is turned off. If it is unknown which
// lists are empty, each is read and may fail separately.
func TestEmptyListsAreNotRead(t *testing.T) {
	h := newFixture(t)
	h.fill(t)
	for _, source := range []string{"withdrawals", "packets", "rewards"} {
		h.down[source] = wallet.ErrUnavailable // a read shows in Missing
	}
	all := []string{walletpage.SourceWithdrawals, walletpage.SourcePackets, walletpage.SourceRewards}
	for _, c := range []struct {
		presence fakePresence
		want     []string // missing
	}{
		{fakePresence{}, nil},
		{fakePresence{presence: wallet.ListPresence{Withdrawals: true, Packets: true, Items: true}}, all},
		{fakePresence{presence: wallet.ListPresence{Packets: true}}, all[1:2]},
		{fakePresence{presence: wallet.ListPresence{Withdrawals: true, Items: true}}, []string{all[0], all[2]}},
		{fakePresence{err: wallet.ErrUnavailable}, all},
	} {
		h.Presence = c.presence
		require.Equal(t, c.want, h.page(t, wallet.Cursor{}, 10).Missing, "%+v", c.presence)
	}
	h.Presence = fakePresence{}
	h.off[wallet.SwitchPageNoPackets] = true
	require.Equal(t, all[1:2], h.page(t, wallet.Cursor{}, 10).Missing)
	clear(h.down)
	h.Presence = fakePresence{err: wallet.ErrUnknown}
	clear(h.off)
	require.Len(t, h.page(t, wallet.Cursor{}, 10).Packets, 2)
}

// TestPacketsOnThePage (P4): sent and received packets, newest first, each once, and on the first page only.
func TestPacketsOnThePage(t *testing.T) {
	h := newFixture(t)
	me, friend := wallet.AccountOf(caller.App, caller.User), wallet.Account{Family: wallet.ToutiaoFamily, User: 9}
	other := wallet.Account{Family: wallet.ToutiaoFamily, User: 7} // the person's second account
	want := []wallet.PacketNo{
		h.packet(t, me, h.me.ActID, 10, friend),
		h.packet(t, friend, 77, 20, me),
		h.packet(t, me, h.me.ActID, 30, other), // before both accounts were bound to one phone
	}
	for _, a := range []wallet.Account{other, me} { // makes the wallet a former one
		_, err := h.people.Bind(t.Context(), a, 13800138000)
		require.NoError(t, err)
	}
	was := h.me.ActID
	var err error
	h.me, err = h.people.Resolve(t.Context(), me)
	require.NoError(t, err)
	require.NotEqual(t, was, h.me.ActID)
	want = append(want,
		h.packet(t, other, h.me.ActID, 40, friend),
		h.packet(t, friend, 77, 50, other), // opened below
		h.packet(t, friend, 77, 60, other)) // waiting, for the other account
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		_, err := h.packets.Mark(t.Context(), want[4], other, to, h.me.ActID, 41)
		require.NoError(t, err)
	}
	h.packet(t, friend, 77, 70, wallet.Account{Family: wallet.DouyinFamily, User: 8}) // another person's
	numbers := func(p wallet.Page) (nos []wallet.PacketNo) {
		for _, k := range p.Packets {
			nos = append(nos, k.No)
		}
		slices.Reverse(nos)
		return nos
	}
	h.post(t, 1, 1)
	h.post(t, 1, 2)
	first := h.page(t, wallet.Cursor{}, 1)
	require.Equal(t, want, numbers(first))
	require.Empty(t, h.page(t, first.Next, 1).Packets)
	again, err := h.Page(t.Context(), wallet.PageRequest{Caller: wallet.Caller{App: wallet.FanqieAudio, User: other.User}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, first.Packets, again.Packets, "all apps see the same (B1)")
	h.off[wallet.SwitchShortPages] = true
	h.ShortPage = func() int { return 2 }
	require.Equal(t, want, numbers(h.page(t, wallet.Cursor{}, 1)), "also on short pages: there is no request for the rest")
}

// TestWhatOthersGet: a recipient sees the own share and the number of shares; the sender sees all shares.
func TestWhatOthersGet(t *testing.T) {
	h := newFixture(t)
	friend := func(n int) wallet.Account {
		return wallet.Account{Family: wallet.ToutiaoFamily, User: wallet.UserID(20 + n)}
	}
	me := wallet.AccountOf(caller.App, caller.User)
	got := h.packet(t, friend(0), 77, 10, friend(1), me, friend(2))
	sent := h.packet(t, me, h.me.ActID, 20, friend(1), friend(2))
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		for _, no := range []wallet.PacketNo{got, sent} {
			_, err := h.packets.Mark(t.Context(), no, friend(1), to, 99, 41)
			require.NoError(t, err)
		}
	}
	p := h.page(t, wallet.Cursor{}, 1).Packets
	require.Equal(t, wallet.Packet{No: got, Stage: wallet.Official, Amount: 5, Shares: []wallet.Share{{For: me, Wallet: h.me.ActID, Amount: 5}},
		Created: 10, State: wallet.PacketSent, Count: 3, Opened: 1}, p[1])
	require.Equal(t, sent, p[0].No)
	require.EqualValues(t, 10, p[0].Amount)
	require.Len(t, p[0].Shares, 2)
	require.Equal(t, []int{2, 1}, []int{p[0].Count, p[0].Opened})
}

// TestWhoLeavesTakesAlong (B2): an account that leaves a shared wallet keeps the shares for it, and the others no
// longer see them; opened money stays in its wallet.
func TestWhoLeavesTakesAlong(t *testing.T) {
	h := newFixture(t)
	me, other := wallet.AccountOf(caller.App, caller.User), wallet.Account{Family: wallet.ToutiaoFamily, User: 7}
	friend := wallet.Account{Family: wallet.ToutiaoFamily, User: 9}
	bind := func(a wallet.Account, phone wallet.Phone) wallet.ActID {
		who, err := h.people.Bind(t.Context(), a, phone)
		require.NoError(t, err)
		return who.ActID
	}
	bind(me, 13800138000)
	shared := bind(other, 13800138000)
	opened, waits, mine := h.packet(t, friend, 77, 10, other), h.packet(t, friend, 77, 20, other), h.packet(t, friend, 77, 30, me)
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		_, err := h.packets.Mark(t.Context(), opened, other, to, shared, 11)
		require.NoError(t, err)
	}
	sees := func(c wallet.Caller) (nos []wallet.PacketNo) {
		p, err := h.Page(t.Context(), wallet.PageRequest{Caller: c, Limit: 1})
		require.NoError(t, err)
		for _, k := range p.Packets {
			nos = append(nos, k.No)
		}
		return nos
	}
	second := wallet.Caller{App: wallet.Toutiao, User: other.User}
	require.Equal(t, []wallet.PacketNo{mine, waits, opened}, sees(caller))
	require.Equal(t, []wallet.PacketNo{mine, waits, opened}, sees(second))
	bind(other, 13900139000)
	require.Equal(t, []wallet.PacketNo{mine, opened}, sees(caller), "opened money stays in its wallet")
	require.Equal(t, []wallet.PacketNo{waits, opened}, sees(second), "an account sees the shares for it")
}

// TestShortPagesLoseNothing: while short pages are turned on and off and new wins arrive, a client that reads page
// after page sees each line of the start once, in order (P1).
func TestShortPagesLoseNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newFixture(rt)
		add := func(from int) {
			if opened := wallet.Instant(from + rapid.IntRange(0, 3).Draw(rt, "opened")); rapid.Bool().Draw(rt, "posted") {
				h.post(rt, 1, opened)
			} else {
				h.promise(rt, 1, opened)
			}
		}
		initial := rapid.IntRange(0, 30).Draw(rt, "initial")
		for range initial {
			add(1)
		}
		whole := h.page(rt, wallet.Cursor{}, wallet.MaxPage).Grants
		require.Len(rt, whole, initial)
		setting := rapid.IntRange(-1, 4).Draw(rt, "short")
		h.ShortPage = func() int { return setting }
		walked := []wallet.Line{}
		for after := (wallet.Cursor{}); ; {
			short, limit := rapid.Bool().Draw(rt, "cut"), rapid.IntRange(1, 20).Draw(rt, "limit")
			h.off[wallet.SwitchShortPages] = short
			p := h.page(rt, after, limit)
			most := limit
			if short && setting >= 1 {
				most = min(limit, setting)
			} else if short {
				most = min(limit, 10)
			}
			require.LessOrEqual(rt, len(p.Grants), most)
			require.True(rt, p.Next == (wallet.Cursor{}) || len(p.Grants) == most, "a page with a next page is full")
			walked = append(walked, p.Grants...)
			require.LessOrEqual(rt, len(walked), initial, "a line is repeated")
			if p.Next == (wallet.Cursor{}) {
				break
			}
			after = p.Next
			add(100)
		}
		require.Equal(rt, whole, walked)
	})
}
