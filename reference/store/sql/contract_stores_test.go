package sqlstore

import (
	"testing"

	"hongbao/reference/quota"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestOrdersContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Orders(t, func(t *testing.T) storetest.OrderStore { return NewOrders(open(t)) })
	})
}

func TestQuotasContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Quotas(t, func(t *testing.T) wallet.Quotas { return NewQuotas(open(t)) })
	})
}

func TestAdmissionsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Admissions(t, func(t *testing.T) storetest.AdmissionStore {
			db := open(t)
			o, q := NewOrders(db), NewQuotas(db)
			return storetest.AdmissionStore{OrderStore: o, Quotas: q, Admissions: NewAdmissions(o, q)}
		})
	})
}

// TestBudgetsContract tests the rules of leasing on this store.
func TestBudgetsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Budgets(t, func(t *testing.T) wallet.Budgets {
			return quota.New(NewQuotas(open(t)), "a", quota.Config{Block: 50})
		})
	})
}

func TestWithdrawalsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Withdrawals(t, func(t *testing.T) storetest.WithdrawalStore { return NewWithdrawals(open(t)) })
	})
}

func TestWithdrawalDaysContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.WithdrawalDays(t, func(t *testing.T) wallet.WithdrawalDays { return NewWithdrawalDays(open(t)) })
	})
}

func TestBankContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Bank(t, func(t *testing.T) storetest.BankStore { return NewBank(open(t)) })
	})
}

func TestAuditLogContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.AuditLog(t, func(t *testing.T) wallet.AuditLog { return NewAuditLog(open(t)) })
	})
}

func TestIdentitiesContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Identities(t, func(t *testing.T) wallet.IdentityStore { return NewIdentities(open(t)) })
	})
}

func TestPacketsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Packets(t, func(t *testing.T) storetest.PacketStore { return NewPackets(open(t)) })
	})
}
