package mem_test

import (
	"testing"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestOrders(t *testing.T) {
	storetest.Orders(t, func(*testing.T) storetest.OrderStore { return mem.NewOrders() })
}

func TestBudgets(t *testing.T) {
	storetest.Budgets(t, func(*testing.T) wallet.Budgets { return mem.NewBudgets() })
}

func TestTokens(t *testing.T) {
	storetest.Tokens(t, func(*testing.T) (storetest.TokenStore, wallet.Backlog) {
		b := mem.NewBacklog(storetest.NewClock(), storetest.Shards, storetest.Lease)
		return mem.NewTokens(b), b
	})
}

func TestBacklog(t *testing.T) {
	storetest.Backlog(t, func(_ *testing.T, clock *storetest.Clock) wallet.Backlog {
		return mem.NewBacklog(clock, storetest.Shards, storetest.Lease)
	})
}

func TestLedger(t *testing.T) {
	storetest.Ledger(t, func(_ *testing.T, clock *storetest.Clock) storetest.LedgerStore {
		return mem.NewLedger(clock, storetest.CostAccounts)
	})
}

func TestWithdrawals(t *testing.T) {
	storetest.Withdrawals(t, func(*testing.T) storetest.WithdrawalStore { return mem.NewWithdrawals() })
}

func TestWithdrawalDays(t *testing.T) {
	storetest.WithdrawalDays(t, func(*testing.T) wallet.WithdrawalDays { return mem.NewWithdrawalDays() })
}

func TestIdentities(t *testing.T) {
	storetest.Identities(t, func(*testing.T) wallet.IdentityStore { return mem.NewIdentities() })
}

func TestBank(t *testing.T) {
	storetest.Bank(t, func(*testing.T) storetest.BankStore { return mem.NewBank() })
}

func TestQuotas(t *testing.T) {
	storetest.Quotas(t, func(*testing.T) wallet.Quotas { return mem.NewQuotas() })
}

func TestAdmissions(t *testing.T) {
	storetest.Admissions(t, func(*testing.T) storetest.AdmissionStore {
		o, q := mem.NewOrders(), mem.NewQuotas()
		return storetest.AdmissionStore{OrderStore: o, Quotas: q, Admissions: mem.NewAdmissions(o, q)}
	})
}

func TestListPresence(t *testing.T) {
	storetest.ListPresence(t, func(*testing.T) storetest.PresenceStores {
		w, p, i := mem.NewWithdrawals(), mem.NewPackets(), mem.NewItems()
		return storetest.PresenceStores{Presence: mem.NewListPresence(w, p, i), Withdrawals: w, Packets: p, Items: i}
	})
}

func TestPackets(t *testing.T) {
	storetest.Packets(t, func(*testing.T) storetest.PacketStore { return mem.NewPackets() })
}
