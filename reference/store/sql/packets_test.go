package sqlstore

import (
	"context"
	"sync"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func sentPacket(guests int) wallet.Packet {
	p := wallet.Packet{No: wallet.PacketNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 3}, Request: 1}, Owner: 4, Stage: wallet.Official,
		Amount: wallet.Money(5 * guests), Wallets: []wallet.ActID{4}, Greeting: "hi", Created: 2, State: wallet.PacketAsked}
	for i := range guests {
		p.Shares = append(p.Shares, wallet.Share{For: wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(10 + i)}, Wallet: wallet.ActID(10 + i), Amount: 5})
	}
	return p
}

// TestPacketWithoutAnswer: after COMMIT was sent the outcome is unknown, and the retry finds it, with the shares.
func TestPacketWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	p := NewPackets(l.db)
	want := sentPacket(1)
	mock.ExpectBegin()
	mock.ExpectExec("INSERT INTO packets").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectExec("INSERT INTO packet_shares").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, _, err := p.Create(t.Context(), want)
	require.ErrorIs(t, err, wallet.ErrUnknown)

	columns := []string{"family", "account", "request", "owner", "stage", "amount", "created", "state", "wallets", "greeting"}
	mock.ExpectBegin()
	mock.ExpectExec("INSERT INTO packets").WillReturnResult(sqlmock.NewResult(0, 0)) // the packet exists, so its shares do
	mock.ExpectQuery("SELECT family, .* FROM packets WHERE").WillReturnRows(sqlmock.NewRows(append(columns, "written")).
		AddRow(1, 3, 1, 4, 3, 5, 2, 1, packWallets(want.Wallets), []byte("hi"), 41))
	mock.ExpectCommit()
	mock.ExpectQuery("SELECT p.family, .* FROM packets AS p JOIN").WillReturnRows(sqlmock.NewRows(append(columns, "to", "user", "wallet", "share", "is", "goes", "at", "place")).
		AddRow(1, 3, 1, 4, 3, 5, 2, 1, packWallets(want.Wallets), []byte("hi"), 1, 10, 10, 5, 0, 0, 0, 0))
	got, isNew, err := p.Create(t.Context(), want)
	require.NoError(t, err)
	require.False(t, isNew)
	require.Equal(t, want, got)
}

// TestMarkWithoutAnswer: the next call finds a mark that may be recorded.
func TestMarkWithoutAnswer(t *testing.T) {
	l, mock := mocked(t)
	p := NewPackets(l.db)
	v := sentPacket(1)
	mark := func() (wallet.Share, error) {
		return p.Mark(t.Context(), v.No, v.Shares[0].For, wallet.ShareOpening, 9, 7)
	}
	expect := func(state, owner, at int) {
		mock.ExpectBegin()
		mock.ExpectQuery("SELECT state FROM packets .* FOR UPDATE").WillReturnRows(sqlmock.NewRows([]string{"state"}).AddRow(3))
		mock.ExpectQuery("SELECT to_family, .* FROM packet_shares").WillReturnRows(
			sqlmock.NewRows([]string{"to", "user", "wallet", "share", "is", "goes", "at"}).AddRow(1, 10, 10, 5, state, owner, at))
	}
	expect(0, 0, 0)
	mock.ExpectExec("UPDATE packet_shares").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectCommit().WillReturnError(mysql.ErrInvalidConn)
	_, err := mark()
	require.ErrorIs(t, err, wallet.ErrUnknown)

	expect(3, 4, 6) // another call has begun to return it
	mock.ExpectCommit()
	got, err := mark()
	require.NoError(t, err)
	require.Equal(t, wallet.Share{For: v.Shares[0].For, Wallet: 10, Amount: 5, State: wallet.ShareReturning, Owner: 4, At: 6}, got)

	mock.ExpectBegin()
	mock.ExpectQuery("SELECT state FROM packets .* FOR UPDATE").WillReturnError(mysql.ErrInvalidConn)
	mock.ExpectRollback()
	_, err = mark()
	require.ErrorIs(t, err, wallet.ErrUnavailable, "before COMMIT nothing was done")
}

// TestMarksOfOneTransaction: the changes of several callers to one packet go into one group commit; each caller gets
// its own result, and the last change closes the packet.
func TestMarksOfOneTransaction(t *testing.T) {
	p := NewPackets(openSQLiteTest(t, 1))
	v := sentPacket(6)
	_, _, err := p.Create(t.Context(), v)
	require.NoError(t, err)
	require.NoError(t, p.Advance(t.Context(), v.No, wallet.PacketSent))
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		release := hold(t, p.db.shards[0])
		var all sync.WaitGroup
		for i, s := range v.Shares {
			all.Go(func() {
				got, err := p.Mark(t.Context(), v.No, s.For, to, wallet.ActID(20+i), 7)
				if err != nil || got.State != to || got.For != s.For || got.Owner != wallet.ActID(20+i) {
					t.Errorf("share %d: %+v, %v", i, got, err)
				}
			})
		}
		require.Eventually(t, func() bool { return len(p.db.shards[0].queue) == len(v.Shares) }, eventually, tick)
		require.NoError(t, release())
		all.Wait()
	}
	got, err := p.Get(t.Context(), v.No)
	require.NoError(t, err)
	require.Equal(t, wallet.PacketClosed, got.State)
}

func TestPacketListsRefuseTooMuch(t *testing.T) {
	p := NewPackets(openSQLiteTest(t, 1))
	_, err := p.SentBy(t.Context(), make([]wallet.ActID, maxWallets+1), wallet.Official, 1)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = p.For(t.Context(), make([]wallet.Account, maxWallets+1), nil, wallet.Official, 1)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = p.Mark(t.Context(), wallet.PacketNo{}, wallet.Account{}, wallet.ShareOpening, 1, 1)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.ErrorIs(t, p.Advance(t.Context(), sentPacket(1).No, 9), wallet.ErrInvalid)
	for _, limit := range []int{-1, 0} {
		got, next, err := p.Unfinished(t.Context(), wallet.Never, wallet.Never, 0, limit)
		require.NoError(t, err)
		require.Empty(t, got)
		require.Zero(t, next)
	}
}

// TestPacketsFromBeforeWallets: rows that were written before shares had a wallet are read as shares for the account
// only, and can be completed.
func TestPacketsFromBeforeWallets(t *testing.T) {
	p := NewPackets(openSQLiteTest(t, 1))
	v := sentPacket(2)
	_, _, err := p.Create(t.Context(), v)
	require.NoError(t, err)
	require.NoError(t, p.Advance(t.Context(), v.No, wallet.PacketSent))
	before := &kind{apply: func(ctx context.Context, t *txn, _ []*job) error {
		return t.change(ctx, "UPDATE packet_shares SET wallet = NULL")
	}}
	require.NoError(t, p.db.shards[0].do(t.Context(), before, 1, nil))
	got, err := p.Get(t.Context(), v.No)
	require.NoError(t, err)
	for i := range v.Shares {
		v.Shares[i].Wallet = 0
	}
	require.Equal(t, v.Shares, got.Shares)
	for _, to := range []wallet.ShareState{wallet.ShareOpening, wallet.ShareOpened} {
		share, err := p.Mark(t.Context(), v.No, v.Shares[0].For, to, 10, 7)
		require.NoError(t, err)
		require.Equal(t, wallet.Share{For: v.Shares[0].For, Amount: 5, State: to, Owner: 10, At: 7}, share)
	}
	for _, c := range []struct {
		accounts []wallet.Account
		wallets  []wallet.ActID
		want     int
	}{
		{[]wallet.Account{v.Shares[1].For}, nil, 1}, // the account of the other share
		{nil, []wallet.ActID{11, 0}, 0},             // the wallet of that account, and the value in the rows
		{nil, []wallet.ActID{10}, 1},                // has opened one
	} {
		got, err := p.For(t.Context(), c.accounts, c.wallets, wallet.Official, 9)
		require.NoError(t, err)
		require.Len(t, got, c.want)
	}
}
