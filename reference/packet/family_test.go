package packet_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// bind gives user n a phone; users with the same phone are one person.
func (s *fixture) bind(t *testing.T, n int, phone wallet.Phone) {
	_, err := s.people.Bind(t.Context(), account(caller(n)), phone)
	require.NoError(t, err)
}

const (
	phone, newPhone wallet.Phone = 13800138000, 13900139000
)

// TestAnyAppOpens (B1, B2): a person can open a share from any of the person's accounts, whenever they were joined.
func TestAnyAppOpens(t *testing.T) {
	for _, c := range []struct {
		why          string
		before, late func(t *testing.T, s *fixture) // run before and after the packet is sent
		want         error                          // result of user 2; the share is for user 1
	}{
		{"joined before", func(t *testing.T, s *fixture) { s.bind(t, 1, phone); s.bind(t, 2, phone) }, nil, nil},
		{"joined afterwards: the share's wallet is a former one", nil, func(t *testing.T, s *fixture) { s.bind(t, 2, phone); s.bind(t, 1, phone) }, nil},
		{"joined afterwards: the share's wallet is the present one", nil, func(t *testing.T, s *fixture) { s.bind(t, 1, phone); s.bind(t, 2, phone) }, nil},
		{"strangers", nil, nil, wallet.ErrNotYours},
		{"the share's account has left", func(t *testing.T, s *fixture) { s.bind(t, 1, phone); s.bind(t, 2, phone) },
			func(t *testing.T, s *fixture) { s.bind(t, 1, newPhone) }, wallet.ErrNotYours},
		{"the asking account has left", func(t *testing.T, s *fixture) { s.bind(t, 1, phone); s.bind(t, 2, phone) },
			func(t *testing.T, s *fixture) { s.bind(t, 2, newPhone) }, wallet.ErrNotYours},
		{"both have moved to a new phone", func(t *testing.T, s *fixture) { s.bind(t, 1, phone); s.bind(t, 2, phone) },
			func(t *testing.T, s *fixture) { s.bind(t, 1, newPhone); s.bind(t, 2, newPhone) }, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := newMemFixture(t)
			s.grant(t, 0, 100)
			if c.before != nil {
				c.before(t, s)
			}
			_, err := s.Send(t.Context(), sending(0, 1, 100, 3, 1))
			require.NoError(t, err)
			if c.late != nil {
				c.late(t, s)
			}
			share, err := s.Open(t.Context(), opening(2, 0, 1))
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				share, err = s.Open(t.Context(), opening(1, 0, 1))
				require.NoError(t, err, "for the share's own account")
				require.Equal(t, s.person(t, 1).ActID, share.Owner)
				require.Equal(t, share.Amount, s.balance(t, 1))
				_, err = s.Open(t.Context(), opening(2, 0, 1))
				require.ErrorIs(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, account(caller(1)), share.For)
			require.True(t, s.person(t, 2).Owns(share.Owner))
			require.Equal(t, share.Amount, s.balance(t, 1))
			for _, n := range []int{1, 2} {
				again, err := s.Open(t.Context(), opening(n, 0, 1))
				require.NoError(t, err)
				require.Equal(t, share, again, "once, from any app")
			}
			require.Equal(t, share.Amount, s.balance(t, 2))
		})
	}
}

// TestOneShareAPerson: no person gets two shares of one packet through two accounts, and the sender's other account
// counts as the sender. Recipients who become one person afterwards keep their shares, and a repeat of the request
// stays valid.
func TestOneShareAPerson(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 1000)
	first, err := s.Send(t.Context(), sending(0, 9, 100, 1, 2))
	require.NoError(t, err)
	own, err := s.Send(t.Context(), sending(0, 8, 100, 4))
	require.NoError(t, err)
	s.bind(t, 1, phone)
	s.bind(t, 2, phone)
	s.bind(t, 4, newPhone)
	s.bind(t, 0, newPhone)
	for why, r := range map[string]wallet.SendPacketRequest{"two accounts of one person": sending(0, 10, 100, 1, 3, 2), "the sender's other account": sending(0, 10, 100, 4)} {
		_, err := s.Send(t.Context(), r)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
		_, err = s.packets.Get(t.Context(), wallet.PacketNo{Account: account(r.Caller), Request: 10})
		require.ErrorIs(t, err, wallet.ErrNotFound, why)
	}
	for _, want := range []wallet.Packet{first, own} {
		again, err := s.Send(t.Context(), map[int64]wallet.SendPacketRequest{9: sending(0, 9, 100, 1, 2), 8: sending(0, 8, 100, 4)}[want.No.Request])
		require.NoError(t, err)
		require.Equal(t, want, again, "requested before they were one person")
	}
	other := sending(0, 9, 101, 1, 2)
	_, err = s.Send(t.Context(), other)
	require.ErrorIs(t, err, wallet.ErrConflict)

	third := wallet.Caller{App: wallet.Xigua, User: 77} // another account of the person, without a share
	_, err = s.people.Bind(t.Context(), account(third), phone)
	require.NoError(t, err)
	open := wallet.OpenPacketRequest{Caller: third, Packet: first.No}
	for range 2 {
		share, err := s.Open(t.Context(), open)
		require.NoError(t, err)
		require.Equal(t, account(caller(1)), share.For, "without a selection the first share, and the same again")
	}
	open.For = account(caller(2))
	share, err := s.Open(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, open.For, share.For)
	require.EqualValues(t, 100, s.balance(t, 1))
	open.For = account(caller(3))
	_, err = s.Open(t.Context(), open)
	require.ErrorIs(t, err, wallet.ErrNotYours, "an account without a share in this packet")
	swap := opening(1, 0, 9)
	swap.For = account(caller(2))
	share, err = s.Open(t.Context(), swap)
	require.NoError(t, err)
	require.Equal(t, swap.For, share.For, "the selected share before the account's own")
	_, err = s.Open(t.Context(), opening(0, 0, 8))
	require.NoError(t, err, "a share sent to an account that now belongs to the sender")
	require.Empty(t, s.alarms)
}

// TestUnnamedIsTheOpenedOne: a repeat without a selected share returns the first result, even after an account with an
// earlier share was joined.
func TestUnnamedIsTheOpenedOne(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	p, err := s.Send(t.Context(), sending(0, 1, 100, 1, 2))
	require.NoError(t, err)
	third := wallet.Caller{App: wallet.Xigua, User: 77}
	_, err = s.people.Bind(t.Context(), account(third), phone)
	require.NoError(t, err)
	open := wallet.OpenPacketRequest{Caller: third, Packet: p.No}
	for _, n := range []int{2, 1} { // they get the second share first
		s.bind(t, n, phone)
		share, err := s.Open(t.Context(), open)
		require.NoError(t, err)
		require.Equal(t, account(caller(2)), share.For)
	}
	require.Equal(t, p.Shares[1].Amount, s.balance(t, 1))
}

// TestOpenedBeforeLeaving: a share opened while two accounts were one person is always returned to the account that it
// was for, and to others as long as the money belongs to them.
func TestOpenedBeforeLeaving(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	s.bind(t, 1, phone)
	s.bind(t, 2, phone)
	_, err := s.Send(t.Context(), sending(0, 1, 100, 1))
	require.NoError(t, err)
	opened, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err)
	s.bind(t, 1, newPhone)
	for _, n := range []int{1, 2} {
		again, err := s.Open(t.Context(), opening(n, 0, 1))
		require.NoError(t, err)
		require.Equal(t, opened, again)
	}
	require.EqualValues(t, 100, s.balance(t, 2))
	require.Zero(t, s.balance(t, 1))
	s.bind(t, 2, 13700137000) // alone now: the wallet moves with the account
	again, err := s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err)
	require.Equal(t, opened, again)
}

// TestLeavingWhileItIsOpened: the share's account leaves and opens it between another account's read and mark. The
// other account gets no result for money that is not its own.
func TestLeavingWhileItIsOpened(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	s.bind(t, 1, phone)
	s.bind(t, 2, phone)
	_, err := s.Send(t.Context(), sending(0, 1, 100, 1))
	require.NoError(t, err)
	s.faults.next = func(method string) failure {
		if method == "mark" {
			s.faults.next = nil
			s.bind(t, 1, newPhone)
			_, err := s.Open(t.Context(), opening(1, 0, 1))
			require.NoError(t, err)
		}
		return works
	}
	_, err = s.Open(t.Context(), opening(2, 0, 1))
	require.ErrorIs(t, err, wallet.ErrNotYours)
	require.EqualValues(t, 100, s.balance(t, 1))
	require.Zero(t, s.balance(t, 2))
}

// TestSharesFromBeforeWallets: shares recorded without a wallet belong to their account; once opened, to the owner of
// the wallet.
func TestSharesFromBeforeWallets(t *testing.T) {
	s := newMemFixture(t)
	s.bind(t, 1, phone)
	s.bind(t, 2, phone)
	who, me := s.person(t, 2), account(caller(2))
	for _, c := range []struct {
		share wallet.Share
		want  bool
		why   string
	}{
		{wallet.Share{For: me}, true, "by account"},
		{wallet.Share{For: account(caller(1))}, false, "for another account of the person"},
		{wallet.Share{For: account(caller(1)), State: wallet.ShareOpened, Owner: who.ActID}, true, "opened into the person's wallet"},
		{wallet.Share{For: account(caller(1)), State: wallet.ShareReturned, Owner: who.ActID}, false, "returned to the person, who could not open it"},
		{wallet.Share{For: account(caller(3)), Wallet: who.ActID, State: wallet.ShareOpened, Owner: 99}, false, "opened by an account that has left"},
	} {
		got, err := c.share.BelongsTo(t.Context(), s.people, me, who)
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.why)
	}
}

// downPeople is an unreachable account centre.
type downPeople struct{}

func (downPeople) Resolve(context.Context, wallet.Account) (wallet.Person, error) {
	return wallet.Person{}, wallet.ErrUnavailable
}

// TestPeopleDown: while the owner of a share cannot be resolved, nothing is done and nothing is refused finally.
func TestPeopleDown(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	s.bind(t, 1, phone)
	s.bind(t, 2, phone)
	_, err := s.Send(t.Context(), sending(0, 1, 100, 1))
	require.NoError(t, err)
	people := s.People
	s.People = downPeople{}
	_, err = s.Open(t.Context(), opening(2, 0, 1))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	_, err = s.Send(t.Context(), sending(0, 2, 100, 1))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	s.People = people
	s.clock.Advance(time.Minute)
	_, err = s.Open(t.Context(), opening(2, 0, 1))
	require.NoError(t, err)
}
