package packet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func newMemFixture(t *testing.T) *fixture { return newFixture(t, storetest.NewClock(), nil, nil) }

// TestSendOpenReturn covers all states of a packet (P4).
func TestSendOpenReturn(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 1000)
	for range 2 {
		p, err := s.Send(t.Context(), sending(0, 1, 900, 1, 2, 3))
		require.NoError(t, err)
		require.Equal(t, wallet.PacketSent, p.State)
		require.Equal(t, wallet.Official, p.Stage)
		require.EqualValues(t, 100, s.balance(t, 0))
		require.EqualValues(t, 900, s.waiting(t, 0))
	}
	require.Equal(t, 2, s.dues, "unposted money is posted first")
	p, err := s.packets.Get(t.Context(), wallet.PacketNo{Account: account(caller(0)), Request: 1})
	require.NoError(t, err)
	for range 2 {
		share, err := s.Open(t.Context(), opening(2, 0, 1))
		require.NoError(t, err)
		require.Equal(t, wallet.ShareOpened, share.State)
		require.Equal(t, p.Shares[1].Amount, share.Amount)
		require.Equal(t, share.Amount, s.balance(t, 2))
	}
	s.clock.Advance(wallet.PacketLifetime - time.Second)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Zero(t, done, "nothing is returned before the time is over")
	_, err = s.Open(t.Context(), opening(3, 0, 1))
	require.NoError(t, err, "a second before the end")
	s.clock.Advance(time.Second)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrExpired, "although it is not returned yet")
	s.clock.Advance(time.Second)
	for want := 1; want >= 0; want-- {
		done, err = s.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, want, done)
		require.Zero(t, s.waiting(t, 0))
		require.Equal(t, 100+p.Shares[0].Amount, s.balance(t, 0), "unopened shares were returned")
	}
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrExpired)
	again, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err, "an opened share stays opened")
	require.Equal(t, p.Shares[1].Amount, again.Amount)
	p, err = s.Send(t.Context(), sending(0, 1, 900, 1, 2, 3))
	require.NoError(t, err)
	require.Equal(t, wallet.PacketClosed, p.State)
	require.Empty(t, s.alarms)
}

func TestWhoMayOpen(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 1000)
	_, err := s.Send(t.Context(), sending(0, 1, 10, 1))
	require.NoError(t, err)
	for _, c := range []struct {
		r    wallet.OpenPacketRequest
		want error
		why  string
	}{
		{opening(0, 0, 1), wallet.ErrNotYours, "the sender opens its own packet"},
		{opening(2, 0, 1), wallet.ErrNotYours, "another user"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Douyin, User: caller(1).User}, Packet: opening(1, 0, 1).Packet}, wallet.ErrNotYours,
			"the same number in another family of apps"},
		{opening(1, 0, 2), wallet.ErrNotFound, "an unknown packet"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: 99, User: 1}}, wallet.ErrInvalid, "an unknown app"},
		{wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Xigua}}, wallet.ErrInvalid, "no user"},
	} {
		_, err := s.Open(t.Context(), c.r)
		require.ErrorIs(t, err, c.want, c.why)
		require.EqualValues(t, 10, s.waiting(t, 0), c.why)
	}
	other := opening(1, 0, 1)
	other.App = wallet.FanqieNovel // another app of the same family
	_, err = s.Open(t.Context(), other)
	require.NoError(t, err)
	require.EqualValues(t, 10, s.balance(t, 1))
}

func TestRequestsAreBounded(t *testing.T) {
	s := newMemFixture(t)
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
		{func(*wallet.SendPacketRequest) {}, true, "a valid request"},
		{func(r *wallet.SendPacketRequest) { r.App = 99 }, false, "no app"},
		{func(r *wallet.SendPacketRequest) { r.User = 0 }, false, "no user"},
		{func(r *wallet.SendPacketRequest) { r.Request = 0 }, false, "no number"},
		{func(r *wallet.SendPacketRequest) { r.To = nil }, false, "for nobody"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 1 }, false, "less than a fen per share"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2 }, true, "a fen per share"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2 * wallet.MaxPacketShare }, true, "the most"},
		{func(r *wallet.SendPacketRequest) { r.Amount = 2*wallet.MaxPacketShare + 1 }, false, "more than the maximum"},
		{func(r *wallet.SendPacketRequest) { r.Amount = -2 }, false, "taking"},
		{func(r *wallet.SendPacketRequest) { *r = sending(0, 1, wallet.MaxShares, crowd(wallet.MaxShares)...) }, true, "a hundred"},
		{func(r *wallet.SendPacketRequest) { *r = sending(0, 1, 500, crowd(wallet.MaxShares+1)...) }, false, "a hundred and one"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = r.To[0] }, false, "two shares for one account"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = wallet.Caller{App: wallet.Xigua, User: r.To[0].User} }, false, "two shares for one account, through another app"},
		{func(r *wallet.SendPacketRequest) { r.To[1] = r.Caller }, false, "for oneself"},
		{func(r *wallet.SendPacketRequest) { r.To[1].App = 0 }, false, "a recipient of an unknown app"},
		{func(r *wallet.SendPacketRequest) { r.To[1].User = -1 }, false, "an impossible recipient"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = strings.Repeat("福", wallet.MaxGreeting/3) }, true, "forty characters"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = strings.Repeat("福", wallet.MaxGreeting/3) + "x" }, false, "one byte more"},
		{func(r *wallet.SendPacketRequest) { r.Greeting = "\xff" }, false, "not UTF-8"},
		{func(r *wallet.SendPacketRequest) { r.Tokens = make([][]byte, wallet.MaxClientTokens+1) }, false, "too many tokens"},
	} {
		r := sending(0, 1, 100, 1, 3)
		c.spoil(&r)
		r.Request *= int64(1 + s.dues) // a separate number
		dues := s.dues
		_, err := s.Send(t.Context(), r)
		if c.good {
			require.NoError(t, err, c.why)
			continue
		}
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
		require.Equal(t, dues, s.dues, "nothing is done for a refused request")
	}
}

// TestSameNumberOtherContent: a number identifies one packet, even if the sender's wallets have changed since.
func TestSameNumberOtherContent(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 1000)
	first := sending(0, 1, 100, 1, 3)
	first.At = s.clock.Now()
	want, err := s.Send(t.Context(), first)
	require.NoError(t, err)
	for why, spoil := range map[string]func(r *wallet.SendPacketRequest){
		"another amount":              func(r *wallet.SendPacketRequest) { r.Amount++ },
		"another guest":               func(r *wallet.SendPacketRequest) { r.To[1] = caller(5) },
		"one recipient less":          func(r *wallet.SendPacketRequest) { r.To = r.To[:1] },
		"another greeting":            func(r *wallet.SendPacketRequest) { r.Greeting = "" },
		"another stage":               func(r *wallet.SendPacketRequest) { r.At-- },
		"recipients in another order": func(r *wallet.SendPacketRequest) { r.To[0], r.To[1] = r.To[1], r.To[0] },
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

// TestTooSmallABalance: the first answer is final even if more money arrives, and nothing is moved.
func TestTooSmallABalance(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 99)
	for range 2 {
		p, err := s.Send(t.Context(), sending(0, 1, 100, 1))
		require.NoError(t, err)
		require.Equal(t, wallet.PacketRefused, p.State)
		require.Zero(t, s.waiting(t, 0))
		_, err = s.Open(t.Context(), opening(1, 0, 1))
		require.ErrorIs(t, err, wallet.ErrNotFound)
		s.clock.Advance(2 * wallet.PacketLifetime)
		done, err := s.Settle(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, done, "no work is left")
		s.grant(t, 0, 50)
	}
	require.EqualValues(t, 199, s.balance(t, 0))
	p, err := s.Send(t.Context(), sending(0, 2, 100, 1))
	require.NoError(t, err)
	require.Equal(t, wallet.PacketSent, p.State, "another number is another packet")
}

// TestJoinedWallets: a packet is paid from all of its sender's wallets, opened into the recipient's present wallet, and
// returned to the wallet that sent it.
func TestJoinedWallets(t *testing.T) {
	s := newMemFixture(t)
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
	require.Equal(t, wallet.PacketSent, p.State, "neither wallet alone has enough")
	require.Len(t, p.Wallets, 2)
	require.EqualValues(t, 50, s.balance(t, 1))

	s.faults.next = plan("transfer", lost, lost, lost)
	_, err = s.Open(t.Context(), opening(2, 0, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	was := s.person(t, 2).ActID
	bind(3, 13900139000)
	bind(2, 13900139000) // the recipient's account changes its wallet before the repeat
	require.NotEqual(t, was, s.person(t, 2).ActID)
	share, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err)
	require.Equal(t, was, share.Owner, "the wallet of the first attempt")
	require.Equal(t, 200+share.Amount, s.balance(t, 3), "that wallet still belongs to the person")

	s.clock.Advance(wallet.PacketLifetime + time.Second)
	_, err = s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 200-share.Amount, s.balance(t, 0))
	require.Zero(t, s.waiting(t, 0))
}

// TestStagesAreApart (A1): a packet uses only money of its stage, also after that stage has ended.
func TestStagesAreApart(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100) // in the official stage
	drill := sending(0, 1, 60, 1)
	drill.At = s.clock.Now() - 1
	p, err := s.Send(t.Context(), drill)
	require.NoError(t, err)
	require.Equal(t, wallet.PacketRefused, p.State, "money of the official stage does not count")
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
	require.Zero(t, s.balance(t, 1), "in the official stage")
	require.EqualValues(t, 60, s.balances(t)[wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.ExternalDrill, Owner: int64(s.person(t, 1).ActID)}])
	require.EqualValues(t, 100, s.balance(t, 0))
	drill.Request, drill.At = 3, 1
	_, err = s.Send(t.Context(), drill)
	require.ErrorIs(t, err, wallet.ErrNoActivity)
}

// TestSwitchedOff: no new packets, but packets on record continue to their end (D3).
func TestSwitchedOff(t *testing.T) {
	s := newMemFixture(t)
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
	require.NoError(t, err, "a packet whose outcome was unknown")
	require.Equal(t, wallet.PacketSent, p.State)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.NoError(t, err)
	s.clock.Advance(2 * wallet.PacketLifetime)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 2, done)
	s.faults.next = plan("get", lost, lost, lost)
	_, err = s.Send(t.Context(), sending(0, 3, 10, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown, "it is unknown whether it is on record")
	s.off = false
	_, err = s.Send(t.Context(), sending(0, 3, 10, 1))
	require.NoError(t, err)
	require.EqualValues(t, 10, s.waiting(t, 0))
}
