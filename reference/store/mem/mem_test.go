package mem

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// fixedClock is a clock that does not advance.
type fixedClock wallet.Instant

func (c fixedClock) Now() wallet.Instant { return wallet.Instant(c) }

func number(id wallet.ActID, rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "rain-cash", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
}

func TestMalformedNumbersAreRefusedByEveryStore(t *testing.T) {
	bad := func(change func(*wallet.OrderNo)) wallet.OrderNo {
		no := number(1, 1)
		change(&no)
		return no
	}
	ctx, backlog := t.Context(), NewBacklog(fixedClock(0), 1, time.Second)
	orders, budgets, tokens, ledger := NewOrders(), NewBudgets(), NewTokens(backlog), NewLedger(fixedClock(0), 1)
	for _, no := range []wallet.OrderNo{
		bad(func(no *wallet.OrderNo) { no.ActID = 0 }),
		bad(func(no *wallet.OrderNo) { no.ActID = -1 }),
		bad(func(no *wallet.OrderNo) { no.ActID = slab.MaxKey + 1 }), // would wrap to a known wallet
		bad(func(no *wallet.OrderNo) { no.ActID = math.MaxInt64 }),
		bad(func(no *wallet.OrderNo) { no.Scene = "" }),
		bad(func(no *wallet.OrderNo) { no.Scene = "Rain_Cash" }),
		bad(func(no *wallet.OrderNo) { no.Rain = -1 }),
		bad(func(no *wallet.OrderNo) { no.Award = 0 }),
		bad(func(no *wallet.OrderNo) { no.Stage = wallet.Official + 1 }),
	} {
		_, _, err := orders.Create(ctx, wallet.Order{No: no, Amount: 1})
		require.ErrorIs(t, err, wallet.ErrInvalid)
		require.ErrorIs(t, budgets.Reserve(ctx, no, 1, 10), wallet.ErrInvalid)
		require.ErrorIs(t, tokens.Issue(ctx, wallet.Token{App: wallet.Douyin, Order: no, Amount: 1}), wallet.ErrInvalid)
		require.ErrorIs(t, backlog.Push(ctx, []wallet.Credit{{Order: number(1, 1), Amount: 1}, {Order: no, Amount: 1}}), wallet.ErrInvalid)
		_, err = ledger.Post(ctx, []wallet.Credit{{Order: no, Amount: 1}})
		require.ErrorIs(t, err, wallet.ErrInvalid)
		// Reads find nothing and do not fail.
		got, err := orders.Get(ctx, []wallet.OrderNo{no})
		require.NoError(t, err)
		require.Equal(t, []wallet.Order{{}}, got)
		require.NoError(t, tokens.Mark(ctx, []wallet.OrderNo{no}, wallet.TokenSuccess))
		v, err := ledger.View(ctx, wallet.ViewQuery{Wallets: []wallet.ActID{no.ActID}, Stage: no.Stage, Check: []wallet.OrderNo{no}, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []bool{false}, v.Posted)
	}
	depth, err := backlog.Depth(ctx)
	require.NoError(t, err)
	require.Zero(t, depth, "a batch with a malformed number is refused as a whole")
}

func TestBadArgumentsAreRefused(t *testing.T) {
	ctx, backlog := t.Context(), NewBacklog(fixedClock(0), 2, time.Second)
	orders, tokens, ledger, ids := NewOrders(), NewTokens(backlog), NewLedger(fixedClock(0), 2), NewIdentities()
	good := wallet.Token{App: wallet.Douyin, Order: number(1, 1), Amount: 1}
	odd := good
	odd.Status = 3
	nobody := wallet.Account{Family: 3, User: 1}
	_, _, badState := orders.Create(ctx, wallet.Order{No: number(1, 1), State: wallet.OrderMoved + 1})
	_, badTake := backlog.Take(ctx, 2, 1)
	_, badLimit := ledger.View(ctx, wallet.ViewQuery{Limit: 0})
	move := func(to wallet.AccountNo) error {
		no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.Account{Family: 1, User: 1}, Request: 1}, Step: wallet.TransferHold}
		from := wallet.AccountNo{Kind: wallet.CostAccount, Stage: wallet.Official}
		return ledger.Transfer(ctx, wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: from, Amount: -1}, {Account: to, Amount: 1}}})
	}
	badCost := move(wallet.AccountNo{Kind: wallet.CostAccount, Stage: wallet.Official, Owner: 2})
	badKind := move(wallet.AccountNo{Kind: 9, Stage: wallet.Official, Owner: 1})
	badStage := move(wallet.AccountNo{Kind: wallet.CostAccount, Stage: 4})
	_, badPerson := ids.Person(ctx, nobody)
	_, _, badRow := ids.Row(ctx, nobody, 1)
	_, badWallet := ids.Apply(ctx, wallet.IdentityChange{Account: wallet.Account{Family: 1, User: 1}, Wallet: 7})
	for i, err := range []error{
		badState, badTake, badLimit, badCost, badKind, badStage, badPerson, badRow, badWallet,
		backlog.Ack(ctx, -1, nil),
		orders.Finish(ctx, nil, wallet.OrderOpen), // not a final state
		tokens.Issue(ctx, wallet.Token{Order: number(1, 1), Amount: 1}),
		tokens.Issue(ctx, odd),
		tokens.Mark(ctx, nil, 3),
		NewWithdrawals().Advance(ctx, wallet.WithdrawalNo{Account: nobody}, wallet.WithdrawalHeld),
		NewBank().Pay(ctx, wallet.WithdrawalNo{Account: nobody}, 1),
	} {
		require.ErrorIs(t, err, wallet.ErrInvalid, "case %d", i)
	}
}

func TestAWalletJoinsOnceAndNeverItself(t *testing.T) {
	ids := NewIdentities()
	account := func(u wallet.UserID) wallet.Account { return wallet.Account{Family: wallet.DouyinFamily, User: u} }
	for u := range wallet.UserID(2) {
		_, err := ids.Apply(t.Context(), wallet.IdentityChange{Account: account(u + 1)})
		require.NoError(t, err)
	}
	_, err := ids.Apply(t.Context(), wallet.IdentityChange{Account: account(2), Before: wallet.AccountRow{ActID: 2}, Wallet: 1, Join: 2})
	require.NoError(t, err)
	for _, c := range []wallet.IdentityChange{
		{Account: account(1), Before: wallet.AccountRow{ActID: 1}, Wallet: 1, Join: 1}, // itself
		{Account: account(1), Before: wallet.AccountRow{ActID: 1}, Wallet: 1, Join: 2}, // again
		{Account: account(1), Before: wallet.AccountRow{ActID: 1}, Wallet: 2, Join: 1}, // a cycle
	} {
		_, err := ids.Apply(t.Context(), c)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

func TestNamesAreBounded(t *testing.T) {
	n := newNames[int](3)
	for i := range 6 { // each twice
		id, err := n.add(i / 2)
		require.NoError(t, err)
		require.EqualValues(t, i/2+1, id)
	}
	_, err := n.add(3)
	require.ErrorIs(t, err, wallet.ErrOverloaded)
	require.Zero(t, n.find(3))
	require.EqualValues(t, 2, n.find(1))
	require.Equal(t, 1, n.name(2))
}

func TestTokenListIsBounded(t *testing.T) {
	b := NewBacklog(fixedClock(0), 1, time.Second)
	s := NewTokens(b)
	issue := func(no wallet.OrderNo) error {
		return s.Issue(t.Context(), wallet.Token{App: wallet.Douyin, Order: no, Amount: 1})
	}
	for rain := range int32(wallet.MaxTokenList) {
		require.NoError(t, issue(number(1, rain)))
	}
	require.ErrorIs(t, issue(number(1, wallet.MaxTokenList)), wallet.ErrOverloaded)
	require.NoError(t, issue(number(1, 0)), "a repeat is not a new token")
	require.NoError(t, issue(number(2, 0)), "another person's list is not full")
	drill := number(1, 0)
	drill.Stage = wallet.ExternalDrill
	require.NoError(t, issue(drill), "another stage's list is not full either")
	depth, err := b.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, wallet.MaxTokenList+2, depth, "refused tokens are not held")
}

func TestFlushLosesEverything(t *testing.T) {
	b := NewBacklog(fixedClock(0), 1, time.Second)
	s := NewTokens(b)
	token := wallet.Token{App: wallet.Xigua, Activity: "official", Order: number(1, 1), Amount: 5}
	require.NoError(t, s.Issue(t.Context(), token))
	before, err := b.Take(t.Context(), 0, 1)
	require.NoError(t, err)
	s.Flush()
	b.Flush()
	require.Zero(t, s.records.Bytes()+s.heads.Bytes())
	listed, err := s.List(t.Context(), 1, wallet.Official)
	require.NoError(t, err)
	require.Empty(t, listed)
	require.NoError(t, s.Tokens(t.Context(), func(wallet.Token) bool { t.Error("a token remains"); return false }))
	require.NoError(t, s.Issue(t.Context(), token), "a lost token is issued again")
	require.NoError(t, b.Ack(t.Context(), 0, []uint64{before[0].ID}), "a handle from before matches nothing")
	depth, err := b.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, depth)
	after, err := b.Take(t.Context(), 0, 1)
	require.NoError(t, err)
	require.Equal(t, []wallet.Credit{token.Credit()}, []wallet.Credit{after[0].Credit})
}

// TestPendingSkipsWhatIsDone checks the summaries: a search must not start at the beginning again.
func TestPendingSkipsWhatIsDone(t *testing.T) {
	var p pending
	const n = 10 * pendingBlock
	for i := uint32(1); i < n; i++ {
		p.add(i, wallet.Instant(i))
	}
	ranges := func(at wallet.Instant) (firsts []uint32) {
		for first := range p.before(at) {
			firsts = append(firsts, first)
		}
		return firsts
	}
	require.Equal(t, []uint32{1, pendingBlock}, ranges(pendingBlock+1), "later blocks were created later")
	for i := uint32(1); i < 8*pendingBlock; i++ {
		if i != 5*pendingBlock+7 {
			p.done(i)
		}
	}
	require.Equal(t, 5, p.first, "the watermark is at the oldest waiting record")
	require.Equal(t, []uint32{5 * pendingBlock, 8 * pendingBlock, 9 * pendingBlock}, ranges(wallet.Never))
	for range p.before(wallet.Never) {
		break // stopping early is fine
	}
	p.done(5*pendingBlock + 7)
	require.Equal(t, 8, p.first)
	require.EqualValues(t, 2*pendingBlock, p.count)
}

func TestAWalletNamedTwiceCountsOnce(t *testing.T) {
	l := NewLedger(fixedClock(0), 1)
	for rain, fen := range []wallet.Money{5, 7} {
		_, err := l.Post(t.Context(), []wallet.Credit{{Order: number(1, int32(rain)), Amount: fen}})
		require.NoError(t, err)
	}
	v, err := l.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1, 2, 1}, Stage: wallet.Official, Limit: 10})
	require.NoError(t, err)
	require.EqualValues(t, 12, v.Balance)
	require.EqualValues(t, 12, v.Income)
	require.Len(t, v.Grants, 2)
	var written []wallet.Money
	require.NoError(t, l.Entries(t.Context(), func(e wallet.Entry) bool { written = append(written, e.Amount); return true }))
	require.Equal(t, []wallet.Money{5, 7}, written, "entries are listed in the order of writing")
}
