package oracle

import "hongbao/reference/wallet"

// kinds is how many kinds of account there are.
const kinds = int(wallet.PacketAccount)

// sum adds amount to *to. An overflow is a violation, because the sum then means nothing.
func (u *audit) sum(to *wallet.Money, amount wallet.Money, what wallet.AccountNo) {
	s, err := to.Add(amount)
	if err != nil {
		u.fail(zeroSum, amount, "%d fen overflow a sum over stage %d at owner %d", amount, what.Stage, what.Owner)
		return
	}
	*to = s
}

// costs records the cost accounts.
func (u *audit) costs(l walletRecords) {
	for _, b := range l.balances {
		u.evaluated(zeroSum, 1)
		if !staged(b.account) || b.amount > 0 {
			u.fail(zeroSum, b.amount, "cost account %d of stage %d has a balance of %d fen: the balance is above zero, or the stage does not exist", b.account.Owner, b.account.Stage, b.amount)
			continue
		}
		u.sum(&u.sums[b.account.Stage].cost, b.amount, b.account)
		u.sum(&u.sums[b.account.Stage].all, b.amount, b.account)
	}
	for _, e := range l.entries {
		u.fail(zeroSum, e.Amount, "an entry of %d fen for order %s is in an account of kind %d that belongs to no wallet", e.Amount, e.Order, e.Account.Kind)
	}
}

// staged reports whether the kind and the stage of an account exist.
func staged(a wallet.AccountNo) bool {
	return a.Kind >= wallet.CostAccount && int(a.Kind) <= kinds && a.Kind != wallet.TransitAccount && a.Stage >= wallet.InternalTest && a.Stage <= wallet.Official
}

// accounts judges one wallet's accounts against their entries (F1).
func (u *audit) accounts(id int64, l walletRecords) {
	var sums [kinds + 1][wallet.Stages + 1]wallet.Money
	for i := range l.entries {
		e := &l.entries[i]
		if !staged(e.Account) {
			u.fail(zeroSum, e.Amount, "an entry of %d fen is in account %d of stage %d of wallet %d, which does not exist", e.Amount, e.Account.Kind, e.Account.Stage, id)
			continue
		}
		u.sum(&sums[e.Account.Kind][e.Account.Stage], e.Amount, e.Account)
		if e.Order != (wallet.OrderNo{}) {
			u.sum(&u.sums[e.Account.Stage].grants, e.Amount, e.Account)
		}
	}
	for _, b := range l.balances {
		u.evaluated(zeroSum, 1)
		if !staged(b.account) {
			u.fail(zeroSum, b.amount, "account %d of stage %d of wallet %d has a balance of %d fen, but does not exist", b.account.Kind, b.account.Stage, id, b.amount)
			continue
		}
		sum := &sums[b.account.Kind][b.account.Stage]
		if *sum != b.amount {
			u.fail(zeroSum, max(b.amount-*sum, *sum-b.amount), "account %d of wallet %d in stage %s has a balance of %d fen, but its entries sum to %d fen", b.account.Kind, id, b.account.Stage, b.amount, *sum)
		}
		*sum = 0
		u.sum(&u.sums[b.account.Stage].all, b.amount, b.account)
		switch {
		case b.amount < 0:
			u.fail(zeroSum, -b.amount, "account %d of wallet %d in stage %s is %d fen below zero", b.account.Kind, id, b.account.Stage, -b.amount)
		case b.account.Kind == wallet.HoldAccount && b.amount != 0 && !u.unfinished(Person(u.owners.Get(id))-1):
			u.fail(zeroSum, b.amount, "wallet %d holds %d fen in stage %s for a withdrawal, but no withdrawal is unfinished", id, b.amount, b.account.Stage)
		case b.account.Kind == wallet.PacketAccount && b.amount != u.inPackets[b.account]:
			u.fail(zeroSum, b.amount, "the packet account of wallet %d has a balance of %d fen in stage %s, but its packets hold %d fen", id, b.amount, b.account.Stage, u.inPackets[b.account])
		}
	}
	for kind := range sums {
		for stage, left := range sums[kind] {
			if left != 0 {
				u.fail(zeroSum, max(left, -left), "the entries of account %d of wallet %d in stage %d sum to %d fen, but its balance is zero", kind, id, stage, left)
			}
		}
	}
}

// unfinished reports whether a withdrawal of the person is on record and not finished.
func (u *audit) unfinished(p Person) bool {
	for i := u.withdrawn[p]; i != 0; i = u.withdrawals.At(i).next {
		if s := u.moves[i].state; s == wallet.WithdrawalAsked || s == wallet.WithdrawalHeld || s == wallet.WithdrawalDeclined {
			return true
		}
	}
	return false
}
