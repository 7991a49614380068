package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// View implements wallet.Ledger. A wallet that is given twice counts once. ErrInvalid for a limit below one.
func (l *Ledger) View(_ context.Context, q wallet.ViewQuery) (wallet.View, error) {
	if q.Limit < 1 {
		return wallet.View{}, fmt.Errorf("%w: view of at most %d entries", wallet.ErrInvalid, q.Limit)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	v := wallet.View{Posted: make([]bool, len(q.Check))}
	n, err := l.totals(q, &v)
	if err != nil {
		return wallet.View{}, err
	}
	for i, no := range q.Check {
		v.Posted[i] = l.isPosted(no)
	}
	if n == 0 {
		return v, nil
	}
	v.Grants = make([]wallet.Entry, 0, n)
	for w, id := range q.Wallets {
		if slices.Contains(q.Wallets[:w], id) {
			continue
		}
		for i := l.heads.Get(int64(id)); i != 0; i = l.entries.At(i).next {
			if e := l.entries.At(i); l.listed(q, id, e) {
				v.Grants = append(v.Grants, l.entry(int64(id), e))
			}
		}
	}
	slices.SortFunc(v.Grants, func(a, b wallet.Entry) int {
		return cmp.Or(cmp.Compare(b.Opened, a.Opened), a.Order.Compare(b.Order))
	})
	v.Grants = v.Grants[:min(len(v.Grants), q.Limit)]
	return v, nil
}

// totals computes the sums, and returns the number of grants after the cursor.
func (l *Ledger) totals(q wallet.ViewQuery, v *wallet.View) (n int, err error) {
	for w, id := range q.Wallets {
		if slices.Contains(q.Wallets[:w], id) {
			continue
		}
		for i := l.heads.Get(int64(id)); i != 0; i = l.entries.At(i).next {
			e := l.entries.At(i)
			if e.account != wallet.PersonalAccount || e.stage != q.Stage {
				continue
			}
			if v.Balance, err = v.Balance.Add(e.amount); err != nil {
				return 0, err
			}
			if !e.isGrant() {
				continue
			}
			if v.Income, err = v.Income.Add(e.amount); err != nil {
				return 0, err
			}
			if l.listed(q, id, e) {
				n++
			}
		}
	}
	return n, nil
}

// listed reports whether an entry of the wallet belongs to the list that q requests.
func (l *Ledger) listed(q wallet.ViewQuery, id wallet.ActID, e *entry) bool {
	return e.isGrant() && e.stage == q.Stage && q.After.After(wallet.Instant(e.data), l.kinds.no(id, e.kind))
}

func (l *Ledger) isPosted(no wallet.OrderNo) bool {
	kind := l.kinds.of(no)
	if kind == 0 { // legs have kind 0
		return false
	}
	i := l.heads.Get(int64(no.ActID))
	for i != 0 && l.entries.At(i).kind != kind {
		i = l.entries.At(i).next
	}
	return i != 0
}

// entry converts an owner's entry to the port's type.
func (l *Ledger) entry(owner int64, e *entry) wallet.Entry {
	out := wallet.Entry{Account: wallet.AccountNo{Kind: e.account, Stage: e.stage, Owner: owner}, Amount: e.amount, Posted: e.posted}
	if e.isGrant() {
		out.Order, out.Opened = l.kinds.no(wallet.ActID(owner), e.kind), wallet.Instant(e.data)
		return out
	}
	out.Transfer = l.moves.At(uint32(e.data)).no()
	return out
}
