package mem

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// The largest memory use of each store, so that 54 million grants to as many people fit into one machine with some
// reserve. Bytes per grant, everything included: records, directories, and the four bytes per wallet that lead to
// them.
const (
	maxOrderBytes    = 40 + 4 + 1
	maxBudgetBytes   = 1 // one bit, in words of 64 wallets
	maxTokenBytes    = 24 + 4 + 1
	maxEntryBytes    = 32 + 4 + 1
	maxHeldBytes     = 24 + 1
	maxIdentityBytes = 2*(16+8) + 10 // rows of an account and its phone, each with its key, and their indexes
	maxPaidBytes     = 32 + 16 + 9
	maxAskedBytes    = 56 + 4 + 4 + 16 + 8 + 3 // with one wallet to take from
)

// grants is the number of grants that the figures are averaged over: enough to make the last chunk negligible.
const grants = 1 << 18

func TestBytesPerGrant(t *testing.T) {
	ctx, b := t.Context(), NewBacklog(fixedClock(0), 8, time.Second)
	orders, budgets, tokens, ledger := NewOrders(), NewBudgets(), NewTokens(b), NewLedger(fixedClock(0), 8)
	ids, bank, withdrawals := NewIdentities(), NewBank(), NewWithdrawals()
	empty := b.Bytes()
	for i := range grants {
		no := number(wallet.ActID(i+1), 1)
		account := wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(i + 1)}
		_, _, err := orders.Create(ctx, wallet.Order{No: no, Amount: 1})
		require.NoError(t, err)
		require.NoError(t, budgets.Reserve(ctx, no, 1, grants))
		require.NoError(t, tokens.Issue(ctx, wallet.Token{App: wallet.Douyin, Activity: "official", Order: no, Amount: 1}))
		_, err = ledger.Post(ctx, []wallet.Credit{{Order: no, Amount: 1}})
		require.NoError(t, err)
		_, err = ids.Apply(ctx, wallet.IdentityChange{Account: account, Phone: wallet.Phone(13_000_000_000 + i)})
		require.NoError(t, err)
		w := wallet.WithdrawalNo{Account: account, Request: 1}
		require.NoError(t, bank.Pay(ctx, w, 1))
		_, _, err = withdrawals.Create(ctx, wallet.Withdrawal{No: w, Owner: no.ActID, Stage: wallet.Official, Amount: 1,
			Wallets: []wallet.ActID{no.ActID}, State: wallet.WithdrawalAsked})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		store string
		bytes int64
		most  float64
	}{
		{"orders", orders.Bytes(), maxOrderBytes},
		{"budgets", budgets.Bytes(), maxBudgetBytes},
		{"tokens", tokens.Bytes(), maxTokenBytes},
		{"backlog", b.Bytes(), maxHeldBytes},
		{"ledger", ledger.Bytes(), maxEntryBytes},
		{"identities", ids.Bytes(), maxIdentityBytes},
		{"bank", bank.Bytes(), maxPaidBytes},
		{"withdrawals", withdrawals.Bytes(), maxAskedBytes},
	} {
		each := float64(c.bytes) / grants
		t.Logf("%-12s %6.2f bytes", c.store, each)
		require.LessOrEqual(t, each, c.most, c.store)
		require.Positive(t, c.bytes, c.store)
	}
	for shard := range 8 {
		held, err := b.Take(ctx, shard, grants)
		require.NoError(t, err)
		ids := make([]uint64, len(held))
		for i, h := range held {
			ids[i] = h.ID
		}
		require.NoError(t, b.Ack(ctx, shard, ids))
	}
	require.Less(t, b.Bytes(), empty+8*64*1024, "an empty backlog frees its memory")
}

// TestHotPathsDoNotAllocate: a simulated festival makes each of these calls fifty million times.
func TestHotPathsDoNotAllocate(t *testing.T) {
	ctx, b := t.Context(), NewBacklog(fixedClock(0), 8, time.Second)
	orders, budgets, tokens := NewOrders(), NewBudgets(), NewTokens(b)
	i := 0
	require.Zero(t, int(testing.AllocsPerRun(20_000, func() {
		i++
		no := number(wallet.ActID(i), 1)
		_, _, err1 := orders.Create(ctx, wallet.Order{No: no, Amount: 1})
		err2 := budgets.Reserve(ctx, no, 1, 1<<40)
		err3 := tokens.Issue(ctx, wallet.Token{App: wallet.Douyin, Activity: "official", Order: no, Amount: 1})
		nos := [...]wallet.OrderNo{no}
		err4 := tokens.Mark(ctx, nos[:], wallet.TokenProcessing)
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(err1, err2, err3, err4)
		}
	})), "except for the chunks, which are fewer than one per call")
}
