package mem

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// Entries implements wallet.LedgerReader; entries of one owner come in the order in which they were written.
func (l *Ledger) Entries(_ context.Context, yield func(wallet.Entry) bool) error {
	eachOwner(&l.mu, &l.heads, func(buf []wallet.Entry, owner int64) []wallet.Entry {
		for i := l.heads.Get(owner); i != 0; i = l.entries.At(i).next {
			buf = append(buf, l.entry(owner, l.entries.At(i)))
		}
		slices.Reverse(buf)
		return buf
	}, yield)
	return nil
}

// Balances implements wallet.LedgerReader. It lists every cost account, and of each wallet the accounts that have
// entries, by kind and stage.
func (l *Ledger) Balances(_ context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
		for sub := range l.cost[stage] {
			l.mu.Lock()
			m := l.cost[stage][sub]
			l.mu.Unlock()
			if !yield(wallet.AccountNo{Kind: wallet.CostAccount, Stage: stage, Owner: int64(sub)}, m) {
				return nil
			}
		}
	}
	var failed error
	eachOwner(&l.mu, &l.heads, func(buf []wallet.Leg, owner int64) []wallet.Leg {
		buf, err := l.balances(buf, owner)
		if err != nil {
			failed = err
		}
		return buf
	}, func(b wallet.Leg) bool { return failed == nil && yield(b.Account, b.Amount) })
	return failed
}

// balances appends the balance of each account of the owner that has entries.
func (l *Ledger) balances(buf []wallet.Leg, owner int64) ([]wallet.Leg, error) {
	var used [wallet.PacketAccount + 1][wallet.Stages + 1]bool
	for i := l.heads.Get(owner); i != 0; i = l.entries.At(i).next {
		used[l.entries.At(i).account][l.entries.At(i).stage] = true
	}
	for kind := range used {
		for stage, is := range used[kind] {
			if !is {
				continue
			}
			a := wallet.AccountNo{Kind: wallet.AccountKind(kind), Stage: wallet.Stage(stage), Owner: owner}
			m, err := l.balance(a)
			if err != nil {
				return buf, err
			}
			buf = append(buf, wallet.Leg{Account: a, Amount: m})
		}
	}
	return buf, nil
}
