package oracle

import (
	"math"
	"slices"
	"testing"

	"hongbao/reference/wallet"
)

func TestWrongAccountsAreCaught(t *testing.T) {
	catch(t, slices.Concat(wrongBalances(), wrongPayouts(), wrongAccounts(), wrongWithdrawalRecords()))
}

// wrongBalances returns balances that differ from the entries.
func wrongBalances() []wrong {
	return []wrong{
		// A balance is not the sum of its entries.
		{"balance", "token", one, func(b *modelStores) { b.balances[1].amount++; b.balances[0].amount-- }, "zero-sum", "its entries sum to"},
		// The cost account was not debited.
		{"cost", "token", one, func(b *modelStores) { b.balances[0].amount += 500 }, "zero-sum", "not to zero"},
		// An account is listed that has no entries.
		{"no entries", "token", one, func(b *modelStores) {
			b.balances = append(b.balances, balance{wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}, 5})
		}, "zero-sum", ""},
		// An account that has entries is not listed.
		{"no account", "token", one, func(b *modelStores) { b.balances = b.balances[:1] }, "zero-sum", "but its balance is zero"},
		// A personal account is below zero.
		{"below zero", "token", paid, func(b *modelStores) {
			for i := range b.entries {
				if e := &b.entries[i]; e.Transfer.Step == wallet.TransferHold {
					e.Amount *= 4
				}
			}
			b.balance()
		}, "zero-sum", "below zero"},
	}
}

// wrongPayouts returns withdrawals whose money moved too rarely, too often or from another account.
func wrongPayouts() []wrong {
	return []wrong{
		// A hold is never released although no withdrawal is unfinished.
		{"hold left", "token", paid, func(b *modelStores) {
			b.entries = slices.DeleteFunc(b.entries, func(e wallet.Entry) bool { return e.Transfer.Step == wallet.TransferSettle })
			b.balance()
		}, "zero-sum", ""},
		// The same, seen from the withdrawal: not settled.
		{"not settled", "token", paid, func(b *modelStores) {
			b.entries = slices.DeleteFunc(b.entries, func(e wallet.Entry) bool { return e.Transfer.Step == wallet.TransferSettle })
			b.balance()
		}, "withdraw-whole", ""},
		// The bank paid twice.
		{"paid twice", "token", paid, func(b *modelStores) { b.payments = append(b.payments, b.payments[0]) }, "withdraw-whole", ""},
		// The bank never paid.
		{"not paid", "token", paid, func(b *modelStores) { b.payments = nil }, "withdraw-whole", ""},
		// The bank paid less.
		{"paid less", "token", paid, func(b *modelStores) { b.payments[0].amount-- }, "withdraw-whole", ""},
		// The bank paid a withdrawal that nobody asked for.
		{"paid unasked", "token", paid, func(b *modelStores) { b.payments[0].no.Request += 5 }, "withdraw-whole", "nobody asked"},
		// The record of the withdrawal is missing.
		{"no record", "token", paid, func(b *modelStores) { b.withdrawals = nil }, "withdraw-whole", ""},
		// A refused withdrawal was paid.
		{"refused and paid", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			_, _ = m.payOut(r)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrNotReleased, m.tick())
		}, nil, "withdraw-whole", ""},
		// A withdrawal took the money of another person.
		{"another's money", "token", func(m *model) { paid(m); m.grant(1, wallet.Douyin, 1, 500) }, func(b *modelStores) {
			for i := range b.entries {
				if b.entries[i].Transfer.Step != 0 {
					b.entries[i].Account.Owner = 2
				}
			}
			b.sort()
			b.balance()
		}, "withdraw-whole", ""},
		// A withdrawal took the money of another stage.
		{"another stage's money", "token", paid, func(b *modelStores) {
			for i := range b.entries {
				if b.entries[i].Transfer.Step != 0 {
					b.entries[i].Account.Stage = wallet.Official
				}
			}
			b.balance()
		}, "phase-isolation", ""},
	}
}

// wrongAccounts returns entries and accounts that cannot exist, and wrong cost accounts.
func wrongAccounts() []wrong {
	return []wrong{
		// The cost account was debited for more than was granted; the rest is in accounts without entries.
		{"cost and grants", "token", func(m *model) { one(m); m.grant(1, wallet.Douyin, 1, 100) }, func(b *modelStores) {
			b.balances[0].amount -= 100
			b.balances[1].amount += 50
			b.balances[2].amount += 50
		}, "zero-sum", "were granted from them"},
		// The cost account has gained.
		{"cost gained", "token", one, func(b *modelStores) { b.balances[0].amount = 5 }, "zero-sum", "cost account 7"},
		// Sums overflow.
		{"overflow", "token", two, func(b *modelStores) {
			b.entries[0].Amount, b.entries[1].Amount = math.MaxInt64, math.MaxInt64
		}, "zero-sum", "overflow"},
		// An entry without an owner.
		{"no owner", "token", one, func(b *modelStores) { e := b.entries[0]; e.Account.Owner = 0; b.entries = append(b.entries, e) }, "zero-sum", "belongs to no wallet"},
		// An entry in an account of a kind that does not exist.
		{"kind of entry", "token", one, func(b *modelStores) { b.entries[0].Account.Kind = 9 }, "zero-sum", "is in account 9"},
		// An account of a kind that does not exist.
		{"kind of account", "token", one, func(b *modelStores) {
			b.balances = append(b.balances, balance{wallet.AccountNo{Kind: 9, Stage: wallet.InternalTest, Owner: 1}, 5})
		}, "zero-sum", "account 9 of stage 1 of wallet 1 has"},
	}
}

// wrongWithdrawalRecords returns records, payments and entries that do not belong to a withdrawal.
func wrongWithdrawalRecords() []wrong {
	return []wrong{
		// A withdrawal is on record that nobody asked for.
		{"record unasked", "token", paid, func(b *modelStores) {
			w := b.withdrawals[0]
			w.No.Request += 5
			b.withdrawals = append(b.withdrawals, w)
		}, "withdraw-whole", "is on record, but nobody asked"},
		// The record has another amount.
		{"record of less", "token", paid, func(b *modelStores) { b.withdrawals[0].Amount-- }, "withdraw-whole", "record number 1"},
		// The bank also paid another withdrawal.
		{"paid besides", "token", paid, func(b *modelStores) {
			p := b.payments[0]
			p.no.Request += 5
			b.payments = append(b.payments, p)
		}, "withdraw-whole", "the bank paid"},
		// The ledger moved money for a withdrawal that nobody asked for.
		{"moved unasked", "token", paid, func(b *modelStores) {
			for i := range b.entries {
				if e := &b.entries[i]; e.Transfer.Step != 0 {
					e.Transfer.Withdrawal.Request += 5
				}
			}
		}, "withdraw-whole", "the ledger moved"},
		// A step moved an account that does not belong to it.
		{"moved elsewhere", "token", paid, func(b *modelStores) {
			for i := range b.entries {
				if e := &b.entries[i]; e.Transfer.Step == wallet.TransferHold && e.Account.Kind == wallet.HoldAccount {
					e.Account.Kind = wallet.PaidAccount
				}
			}
		}, "withdraw-whole", "in step 1"},
	}
}
