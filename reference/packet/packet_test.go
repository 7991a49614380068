package packet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func fixture(t *testing.T) *town { return newTown(t, storetest.NewClock(), nil, nil) }

// TestSendOpenReturn is the whole life of a packet (P4).
func TestSendOpenReturn(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 1000)
	for range 2 {
		p, err := s.Send(t.Context(), sending(0, 1, 900, 1, 2, 3))
		require.NoError(t, err)
		require.Equal(t, wallet.PacketSent, p.State)
		require.Equal(t, wallet.Official, p.Stage)
		require.EqualValues(t, 100, s.balance(t, 0))
		require.EqualValues(t, 900, s.waiting(t, 0))
	}
	require.Equal(t, 2, s.dues, "what is due is posted first")
	p, err := s.packets.Get(t.Context(), wallet.PacketNo{Account: account(caller(0)), Request: 1})
	require.NoError(t, err)
	for range 2 {
		share, err := s.Open(t.Context(), opening(2, 0, 1))
		require.NoError(t, err)
		require.Equal(t, wallet.ShareOpened, share.State)
		require.Equal(t, p.Shares[1].Amount, share.Amount)
		require.Equal(t, share.Amount, s.balance(t, 2))
	}
	s.clock.Advance(wallet.PacketLife - time.Second)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Zero(t, done, "nothing goes back in time")
	_, err = s.Open(t.Context(), opening(3, 0, 1))
	require.NoError(t, err, "a second before the end")
	s.clock.Advance(time.Second)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrExpired, "though nobody has sent it back yet")
	s.clock.Advance(time.Second)
	for want := 1; want >= 0; want-- {
		done, err = s.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, want, done)
		require.Zero(t, s.waiting(t, 0))
		require.Equal(t, 100+p.Shares[0].Amount, s.balance(t, 0), "what nobody opened went back")
	}
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrExpired)
	again, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err, "what was opened stays opened")
	require.Equal(t, p.Shares[1].Amount, again.Amount)
	p, err = s.Send(t.Context(), sending(0, 1, 900, 1, 2, 3))
	require.NoError(t, err)
	require.Equal(t, wallet.PacketClosed, p.State)
	require.Empty(t, s.alarms)
}

func TestWhoMayOpen(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 1000)
	_, err := s.Send(t.Context(), sending(0, 1, 10, 1))
	require.NoError(t, err)
	for _, c := range []struct {
		r    wallet.OpenPacketRequest
		want error
		why  string
	}{
		{opening(0, 0, 1), wallet.ErrNotYours, "the sender, of its own packet"},
		{opening(2, 0, 1), wallet.ErrNotYours, "somebody else"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Douyin, User: caller(1).User}, Packet: opening(1, 0, 1).Packet}, wallet.ErrNotYours,
			"the same number in another family of apps"},
		{opening(1, 0, 2), wallet.ErrNotFound, "a packet that nobody sent"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: 99, User: 1}}, wallet.ErrInvalid, "from no app"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Xigua}}, wallet.ErrInvalid, "no user"},
	} {
		_, err := s.Open(t.Context(), c.r)
		require.ErrorIs(t, err, c.want, c.why)
		require.EqualValues(t, 10, s.waiting(t, 0), c.why)
	}
	other := opening(1, 0, 1)
	other.App = wallet.FanqieNovel // of the same family
	_, err = s.Open(t.Context(), other)
	require.NoError(t, err)
	require.EqualValues(t, 10, s.balance(t, 1))
}

func TestRequestsAreBounded(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 1<<40)
	crowd := func(n int) (to []int) {
		for i := range n {
			to = append(to, i+1)
		}
		return to
	}
	for _, c := range []struct {
		spoil func(r *wallet.SendPacketRequest)
		good  bool
		why   string
	}{
		{func(*wallet.SendPacketRequest) {}, true, "a good one"},
		{func(r *wallet.SendPacketRequest) { r.App = 99 }, false, "no app"},
		{func(r *wallet.SendPacketRequest) { r.User = 0 }, false, "no user"},
		{func(r *wallet.SendPacketRequest) { r.Request = 0 }, false, "no number"},
		{func(r *wallet.SendPacketRequest) { r.To = nil }, false, "for nobody"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 1 }, false, "less than a fen a share"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2 }, true, "a fen a share"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2 * wallet.MaxPacketShare }, true, "the most"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2*wallet.MaxPacketShare + 1 }, false, "more than the most"},
		{func(r *wallet.SendPacketRequest) { r.Amount = -2 }, false, "taking"},
		{func(r *wallet.SendPacketRequest) { *r = sending(0, 1, wallet.MaxShares, crowd(wallet.MaxShares)...) }, true, "a hundred"},
		{func(r *wallet.SendPacketRequest) { *r = sending(0, 1, 500, crowd(wallet.MaxShares+1)...) }, false, "a hundred and one"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = r.To[0] }, false, "twice for one"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = wallet.Caller{App: wallet.Xigua, User: r.To[0].User} }, false, "twice for one, by another app"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = r.Caller }, false, "for oneself"},
		{func(r *wallet.SendPacketRequest) { r.To[1].App = 0 }, false, "a guest of no app"},
		{func(r *wallet.SendPacketRequest) { r.To[1].User = -1 }, false, "a guest who cannot be"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = strings.Repeat("福", wallet.MaxGreeting/3) }, true, "forty characters"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = strings.Repeat("福", wallet.MaxGreeting/3) + "x" }, false, "a byte more"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = "\xff" }, false, "no UTF-8"},
		{func(r *wallet.SendPacketRequest) { r.Tokens = make([][]byte, wallet.MaxClientTokens+1) }, false, "too many tokens"},
	} {
		r := sending(0, 1, 100, 1, 3)
		c.spoil(&r)
		r.Request *= int64(1 + s.dues) // a number of its own
		dues := s.dues
		_, err := s.Send(t.Context(), r)
		if c.good {
			require.NoError(t, err, c.why)
			continue
		}
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
		require.Equal(t, dues, s.dues, "nothing is done for it")
	}
}

// TestSameNumberOtherContent: a number is one packet, whatever its sender's wallets have become since.
func TestSameNumberOtherContent(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 1000)
	first := sending(0, 1, 100, 1, 3)
	first.At = s.clock.Now()
	want, err := s.Send(t.Context(), first)
	require.NoError(t, err)
	for why, spoil := range map[string]func(r *wallet.SendPacketRequest){
		"another amount":       func(r *wallet.SendPacketRequest) { r.Amount++ },
		"another guest":        func(r *wallet.SendPacketRequest) { r.To[1] = caller(5) },
		"a guest less":         func(r *wallet.SendPacketRequest) { r.To = r.To[:1] },
		"another greeting":     func(r *wallet.SendPacketRequest) { r.Greeting = "" },
		"of another stage":     func(r *wallet.SendPacketRequest) { r.At-- },
		"other guests in turn": func(r *wallet.SendPacketRequest) { r.To[0], r.To[1] = r.To[1], r.To[0] },
	} {
		r := sending(0, 1, 100, 1, 3)
		r.At = first.At
		spoil(&r)
		_, err := s.Send(t.Context(), r)
		require.ErrorIs(t, err, wallet.ErrConflict, why)
	}
	for _, n := range []int{0, 9} { // the sender's account joins another person's wallet
		_, err = s.people.Bind(t.Context(), account(caller(n)), 13800138000)
		require.NoError(t, err)
	}
	s.clock.Advance(time.Hour)
	got, err := s.Send(t.Context(), sending(0, 1, 100, 1, 3))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.EqualValues(t, 900, s.balance(t, 0))
}

// TestTooSmallABalance: the first answer stands, however much comes in later, and nothing is moved.
func TestTooSmallABalance(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 99)
	for range 2 {
		p, err := s.Send(t.Context(), sending(0, 1, 100, 1))
		require.NoError(t, err)
		require.Equal(t, wallet.PacketRefused, p.State)
		require.Zero(t, s.waiting(t, 0))
		_, err = s.Open(t.Context(), opening(1, 0, 1))
		require.ErrorIs(t, err, wallet.ErrNotFound)
		s.clock.Advance(2 * wallet.PacketLife)
		done, err := s.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, done, "there is nothing to do")
		s.grant(t, 0, 50)
	}
	require.EqualValues(t, 199, s.balance(t, 0))
	p, err := s.Send(t.Context(), sending(0, 2, 100, 1))
	require.NoError(t, err)
	require.Equal(t, wallet.PacketSent, p.State, "another number is another question")
}

// TestJoinedWallets: a packet is paid by all of its sender's wallets, opened into the wallet that its guest has then, and
// goes back to the wallet that sent it.
func TestJoinedWallets(t *testing.T) {
	s := fixture(t)
	for n := range 4 {
		s.grant(t, n, 100)
	}
	bind := func(n int, phone wallet.Phone) {
		_, err := s.people.Bind(t.Context(), account(caller(n)), phone)
		require.NoError(t, err)
	}
	bind(0, 13800138000)
	bind(1, 13800138000)
	require.EqualValues(t, 200, s.balance(t, 0))
	p, err := s.Send(t.Context(), sending(0, 1, 150, 2, 5))
	require.NoError(t, err)
	require.Equal(t, wallet.PacketSent, p.State, "neither of the two has enough alone")
	require.Len(t, p.Wallets, 2)
	require.EqualValues(t, 50, s.balance(t, 1))

	s.faults.next = plan("transfer", lost, lost, lost)
	_, err = s.Open(t.Context(), opening(2, 0, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	was := s.person(t, 2).ActID
	bind(3, 13900139000)
	bind(2, 13900139000) // the guest's account changes its wallet before the repeat
	require.NotEqual(t, was, s.person(t, 2).ActID)
	share, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err)
	require.Equal(t, was, share.Owner, "where it was promised to")
	require.Equal(t, 200+share.Amount, s.balance(t, 3), "which is the person's still")

	s.clock.Advance(wallet.PacketLife + time.Second)
	_, err = s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 200-share.Amount, s.balance(t, 0))
	require.Zero(t, s.waiting(t, 0))
}

// TestStagesAreApart (A1): a packet takes, keeps and gives money of its own stage, also when that is over.
func TestStagesAreApart(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 100) // of the festival
	drill := sending(0, 1, 60, 1)
	drill.At = s.clock.Now() - 1
	p, err := s.Send(t.Context(), drill)
	require.NoError(t, err)
	require.Equal(t, wallet.PacketRefused, p.State, "the festival's money does not help")
	no := wallet.OrderNo{ActID: s.person(t, 0).ActID, Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.ExternalDrill}
	_, err = s.ledger.Post(t.Context(), []wallet.Credit{{Order: no, Amount: 60}})
	require.NoError(t, err)
	drill.Request = 2
	p, err = s.Send(t.Context(), drill)
	require.NoError(t, err)
	require.Equal(t, wallet.PacketSent, p.State)
	require.Equal(t, wallet.ExternalDrill, p.Stage)
	_, err = s.Open(t.Context(), opening(1, 0, 2))
	require.NoError(t, err)
	require.Zero(t, s.balance(t, 1), "of the festival")
	require.EqualValues(t, 60, s.balances(t)[wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.ExternalDrill, Owner: int64(s.person(t, 1).ActID)}])
	require.EqualValues(t, 100, s.balance(t, 0))
	drill.Request, drill.At = 3, 1
	_, err = s.Send(t.Context(), drill)
	require.ErrorIs(t, err, wallet.ErrNoActivity)
}

// TestSwitchedOff: no new packets, but those on record go on to their end (D3).
func TestSwitchedOff(t *testing.T) {
	s := fixture(t)
	s.grant(t, 0, 100)
	_, err := s.Send(t.Context(), sending(0, 1, 10, 1, 3))
	require.NoError(t, err)
	s.faults.next = plan("transfer", lost, lost, lost)
	_, err = s.Send(t.Context(), sending(0, 2, 10, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	s.off = true
	_, err = s.Send(t.Context(), sending(0, 3, 10, 1))
	require.ErrorIs(t, err, wallet.ErrSwitchedOff)
	p, err := s.Send(t.Context(), sending(0, 2, 10, 1))
	require.NoError(t, err, "one whose outcome was not known")
	require.Equal(t, wallet.PacketSent, p.State)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.NoError(t, err)
	s.clock.Advance(2 * wallet.PacketLife)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 2, done)
	s.faults.next = plan("get", lost, lost, lost)
	_, err = s.Send(t.Context(), sending(0, 3, 10, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown, "whether it is on record")
	s.off = false
	_, err = s.Send(t.Context(), sending(0, 3, 10, 1))
	require.NoError(t, err)
	require.EqualValues(t, 10, s.waiting(t, 0))
}
