package oracle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// falseEntry falsifies the entry of the first grant and computes the balances from the falsified entries.
func falseEntry(spoil func(*wallet.Entry)) func(*modelStores) {
	return func(b *modelStores) { spoil(&b.entries[b.grants()[0]]); b.balance() }
}

// Each case computes the balances from the falsified entries, unless it falsifies the balances themselves.
func TestWrongBooksAreCaught(t *testing.T) {
	catch(t, slices.Concat(wrongEntries(), wrongIssuance(), wrongBudgets(), wrongStates(), wrongReconciliations()))
}

// wrongEntries returns grants that are missing or changed in the ledger.
func wrongEntries() []wrong {
	return []wrong{
		// The posting ran twice.
		{"double", "token", one, func(b *modelStores) { b.entries = append(b.entries, b.entries[0]); b.balance() }, "order-once", ""},
		// An acknowledged grant never reached the ledger.
		{"dropped", "token", one, func(b *modelStores) { b.entries = nil; b.balance() }, "nothing-lost", ""},
		// The same with the order lost too, so that no two stores differ.
		{"forgotten", "token", one, func(b *modelStores) { *b = modelStores{} }, "nothing-lost", ""},
		// The amount changed on the way to the ledger.
		{"amount", "token", one, falseEntry(func(e *wallet.Entry) { e.Amount++ }), "nothing-lost", ""},
		// It was posted to somebody else.
		{"owner", "token", func(m *model) { one(m); m.grant(1, wallet.Douyin, 1, 100) }, falseEntry(func(e *wallet.Entry) { e.Account.Owner = 2 }), "nothing-lost", ""},
		// It was posted to the hold account.
		{"kind", "token", one, falseEntry(func(e *wallet.Entry) { e.Account.Kind = wallet.HoldAccount }), "nothing-lost", ""},
		// Its time changed, and with it its position in the list.
		{"moment", "token", one, falseEntry(func(e *wallet.Entry) { e.Opened-- }), "nothing-lost", ""},
		// Postings are still held after the drain.
		{"backlog", "token", one, func(b *modelStores) { b.held = 1 }, "nothing-lost", ""},
		// Orders are still open after the drain.
		{"open", "token", one, func(b *modelStores) { b.open = 1 }, "nothing-lost", ""},
	}
}

// wrongIssuance returns ledgers with more money than was granted.
func wrongIssuance() []wrong {
	return []wrong{
		// The amount grew beyond the cap on the way.
		{"above the cap", "token", one, falseEntry(func(e *wallet.Entry) { e.Amount = singleCap + 1 }), "no-over-issuance", "in the ledger, although it is above the cap"},
		// The ledger's sum exceeds the budget.
		{"above the budget", "token", one, func(b *modelStores) {
			for rain := range int32(2 * budget / singleCap) {
				e := b.entries[0]
				e.Order.Rain, e.Amount = 1000+rain, singleCap
				b.entries = append(b.entries, e)
			}
			b.balance()
		}, "no-over-issuance", "above its budget"},
		// Money that nobody won.
		{"invented", "token", one, func(b *modelStores) {
			e := b.entries[0]
			e.Order.Rain = 77
			b.entries = append(b.entries, e)
			b.balance()
		}, "no-over-issuance", ""},
		// Money in a wallet that no person is known to own.
		{"invented wallet", "token", one, func(b *modelStores) {
			e := b.entries[0]
			e.Order.ActID, e.Account.Owner = 88, 88
			b.entries = append(b.entries, e)
			b.balance()
		}, "no-over-issuance", ""},
		// Every try was answered with "nothing was done", but the money is there.
		{"refused and posted", "token", func(m *model) { one(m); _, _ = m.apply(m.refused(0, 2, 300, wallet.ErrOverloaded)) }, nil, "no-over-issuance", ""},
	}
}

// wrongBudgets returns budgets that differ from the orders.
func wrongBudgets() []wrong {
	return []wrong{
		// The budget's counter misses a grant.
		{"counter short", "token", two, func(b *modelStores) { b.spent[wallet.InternalTest] -= 300 }, "budget-accuracy", ""},
		// A retry took from the budget twice.
		{"counter long", "token", two, func(b *modelStores) { b.spent[wallet.InternalTest] += 300 }, "budget-accuracy", ""},
		// An order is missing from the record.
		{"no order", "token", two, func(b *modelStores) { b.orders = b.orders[1:] }, "budget-accuracy", ""},
	}
}

// wrongStates returns entries of another stage, and orders and tokens in a wrong state.
func wrongStates() []wrong {
	return []wrong{
		// A grant of one stage was posted to an account of another.
		{"stage", "token", one, falseEntry(func(e *wallet.Entry) { e.Account.Stage++ }), "phase-isolation", ""},
		// A late posting used the stage at the time of the posting.
		{"order and account of another stage", "token", one, falseEntry(func(e *wallet.Entry) { e.Account.Stage++; e.Order.Stage++ }), "phase-isolation", ""},
		// A token stays between two states.
		{"processing", "token", one, func(b *modelStores) { b.tokens[0].Status = wallet.TokenProcessing }, "state-machine", ""},
		// A token is a success, but its money is missing.
		{"success without money", "token", one, func(b *modelStores) { b.entries = nil; b.balance() }, "state-machine", ""},
		// A void order is in the ledger.
		{"void and posted", "token", one, func(b *modelStores) { b.orders[0].State = wallet.OrderVoid }, "state-machine", ""},
		// An order is settled, but its money is missing.
		{"settled without money", "async", one, func(b *modelStores) { b.entries = nil; b.balance() }, "state-machine", "is settled"},
		// An order in the ledger stays open; under async, without tokens.
		{"open and posted", "async", one, func(b *modelStores) { b.orders[0].State = wallet.OrderOpen }, "state-machine", ""},
	}
}

// wrongReconciliations returns wrong reports of the wallet's own reconciliation.
func wrongReconciliations() []wrong {
	return []wrong{
		// A double posting that the wallet's own reconciliation did not report.
		{"omitted", "token", one, func(b *modelStores) { b.entries = append(b.entries, b.entries[0]); b.balance() }, "reconciled", ""},
		// One that it reported: the money is still wrong.
		{"listed", "token", one, func(b *modelStores) {
			b.entries = append(b.entries, b.entries[0])
			b.balance()
			b.reported = []wallet.Difference{{Kind: wallet.Duplicated, Order: b.entries[0].Order, Want: 500, Got: 1000}}
		}, "reconciled", ""},
		// It reports a difference that does not exist.
		{"false alarm", "token", one, func(b *modelStores) {
			b.reported = []wallet.Difference{{Kind: wallet.Missing, Order: b.entries[0].Order}}
		}, "reconciled", ""},
		// It reports that two sums differ, and names no order.
		{"sums", "token", one, func(b *modelStores) { b.reported = []wallet.Difference{{Kind: wallet.AmountOff, Want: 500, Got: 400}} }, "reconciled", "sums that differ"},
		// A token has another amount than its order.
		{"token amount", "token", one, func(b *modelStores) { b.tokens[0].Amount++ }, "reconciled", ""},
	}
}

func TestMoreDifferencesThanAreListedAreCounted(t *testing.T) {
	m := newModel("token")
	m.final(t, func(b *modelStores) {
		for rain := range int32(maxFindings + 5) {
			no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
			b.orders = append(b.orders, wallet.Order{No: no, Amount: 1})
		}
	})
	require.EqualValues(t, maxFindings+5, m.result(t, "reconciled").Violations)
}
