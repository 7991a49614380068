package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// finding is one difference between two stores.
type finding struct {
	order wallet.OrderNo
	kind  wallet.DifferenceKind
}

// findings maps each difference to the money at stake.
type findings map[finding]wallet.Money

// maxFindings bounds the differences kept. Ten thousand show what is wrong; further ones are only counted as violations.
const maxFindings = 10_000

// found records a difference.
func (u *audit) found(no wallet.OrderNo, kind wallet.DifferenceKind, amount wallet.Money) {
	if len(u.findings) == maxFindings {
		u.fail(reconciled, amount, "%s: order %s, %d fen, not listed, because there are too many differences", kind, no, amount)
		return
	}
	u.findings[finding{no, kind}] = amount
}

// records compares the orders, tokens and entries of one wallet (F5, T4).
func (u *audit) records(l walletRecords, ran bool) {
	for i := range l.orders {
		if ran {
			u.evaluated(reconciled, 1)
		}
		u.order(&l.orders[i], l)
	}
	for i := range l.entries {
		e := &l.entries[i]
		if e.Order == (wallet.OrderNo{}) {
			continue
		}
		same := func(r wallet.Order) bool { return r.No == e.Order }
		switch {
		case int64(e.Order.ActID) != e.Account.Owner:
			u.found(e.Order, wallet.WrongOwner, e.Amount)
		case !slices.ContainsFunc(l.orders, same):
			u.found(e.Order, wallet.Extra, e.Amount)
		case e.Account.Stage != e.Order.Stage:
			u.found(e.Order, wallet.WrongStage, e.Amount)
		}
	}
	for i := range l.tokens {
		u.token(&l.tokens[i], l)
	}
}

// order checks one order on record against the ledger.
func (u *audit) order(r *wallet.Order, l walletRecords) {
	entries, sum := 0, wallet.Money(0)
	for i := range l.entries {
		if e := &l.entries[i]; e.Order == r.No {
			entries++
			sum = e.Amount
		}
	}
	if r.State.Pays() && r.No.Stage <= wallet.Official {
		u.sum(&u.sums[r.No.Stage].orders, r.Amount, wallet.AccountNo{Stage: r.No.Stage, Owner: int64(r.No.ActID)})
	}
	u.evaluated(stateMachine, 1)
	switch {
	case !r.State.Pays() && entries > 0:
		u.fail(stateMachine, sum, "order %s of %d fen is void or moved, but in the ledger", r.No, r.Amount)
		u.found(r.No, wallet.Extra, sum)
		return
	case r.State == wallet.OrderSettled && entries == 0:
		u.fail(stateMachine, r.Amount, "order %s of %d fen is settled, but not in the ledger", r.No, r.Amount)
	case r.State == wallet.OrderOpen && entries > 0:
		u.fail(stateMachine, sum, "order %s of %d fen is in the ledger, but still open", r.No, r.Amount)
	}
	switch {
	case !r.State.Pays():
	case entries == 0:
		u.found(r.No, wallet.Missing, r.Amount)
	case entries > 1:
		u.found(r.No, wallet.Duplicated, r.Amount)
	case sum != r.Amount:
		u.found(r.No, wallet.AmountOff, max(sum-r.Amount, r.Amount-sum))
	}
}

// token checks one token of the server's lists: in the end each is a success, on record and in the ledger.
func (u *audit) token(t *wallet.Token, l walletRecords) {
	u.evaluated(stateMachine, 1)
	in := slices.ContainsFunc(l.entries, func(e wallet.Entry) bool { return e.Order == t.Order })
	// A posting that skips the token store leaves the token unchanged; pages leave it out because its number is posted.
	spared := u.cfg.mayBeOn(wallet.SwitchSkipTokens, 0, wallet.Never) || u.cfg.mayBeOn(wallet.SwitchLastResort, 0, wallet.Never)
	if t.Status != wallet.TokenSuccess && !spared || !in {
		u.fail(stateMachine, t.Amount, "the token of order %s, %d fen, has status %d at the end; in the ledger: %t", t.Order, t.Amount, t.Status, in)
	}
	i := slices.IndexFunc(l.orders, func(r wallet.Order) bool { return r.No == t.Order })
	switch {
	case i < 0:
		u.found(t.Order, wallet.Extra, t.Amount)
	case l.orders[i].Amount != t.Amount:
		u.found(t.Order, wallet.AmountOff, max(t.Amount-l.orders[i].Amount, l.orders[i].Amount-t.Amount))
	}
}

// compare reports the differences, and checks that the wallet's own reconciliation reported the same ones (F3, F4).
func (u *audit) compare(b Sources) {
	list := make([]finding, 0, len(u.findings))
	differs := map[wallet.OrderNo]bool{}
	for f := range u.findings {
		if _, stray := u.findings[finding{f.order, wallet.WrongOwner}]; stray && f.kind == wallet.Missing {
			continue // It is not missing: another wallet has it.
		}
		list = append(list, f)
		differs[f.order] = true
	}
	slices.SortFunc(list, func(x, y finding) int { return cmp.Or(x.order.Compare(y.order), cmp.Compare(x.kind, y.kind)) })
	reported := map[finding]bool{}
	for _, d := range b.Reported {
		reported[finding{d.Order, d.Kind}] = true
	}
	for _, f := range list {
		omitted := ""
		if !reported[f] {
			omitted = ", and the wallet's own reconciliation omits it"
		}
		amount := u.findings[f]
		u.fail(reconciled, amount, "%s", fmt.Sprintf("%s: order %s, %d fen%s", f.kind, f.order, amount, omitted))
	}
	for _, d := range b.Reported {
		amount := max(d.Want-d.Got, d.Got-d.Want)
		switch {
		case d.Order == (wallet.OrderNo{}):
			u.fail(reconciled, amount, "the wallet's own reconciliation reports sums that differ: %s", d)
		case !differs[d.Order] && d.Kind != wallet.Late: // an order that was late and arrived in the end is no difference of money
			u.fail(reconciled, amount, "the wallet's own reconciliation reports a difference that the stores do not show: %s", d)
		}
	}
	if b.ReconcileRan {
		u.evaluated(reconciled, 1)
	}
}
