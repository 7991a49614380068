package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
)

func TestKept(t *testing.T) {
	for name, open := range map[string]func(testing.TB, int) *DB{"sqlite": openSQLiteTest, "mysql": openMySQLTest} {
		t.Run(name, func(t *testing.T) {
			storetest.ListPresence(t, func(t *testing.T) storetest.PresenceStores {
				db := open(t, 3)
				return storetest.PresenceStores{Presence: NewListPresence(db), Withdrawals: NewWithdrawals(db), Packets: NewPackets(db), Items: NewItems(db)}
			})
		})
	}
}
