package crash

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	sqlstore "hongbao/reference/store/sql"
)

// open opens the stores that the instances use.
func (c *cluster) open(t *testing.T) *stores {
	db, err := sqlstore.Open(t.Context(), sqlstore.Config{Driver: "mysql", DSNs: c.dsns})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	link, err := redis.Dial(t.Context(), redis.Config{Addrs: []string{c.redis.Addr()}})
	require.NoError(t, err)
	t.Cleanup(link.Close)
	backlog := redis.NewBacklog(link, wallClock{}, shards, time.Minute)
	return &stores{
		ledger: sqlstore.NewLedger(db, wallClock{}, 1), orders: sqlstore.NewOrders(db), withdrawals: sqlstore.NewWithdrawals(db),
		bank: sqlstore.NewBank(db), quotas: sqlstore.NewQuotas(db), backlog: backlog, tokens: redis.NewTokens(backlog),
	}
}
