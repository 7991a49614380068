package sqlstore

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// Two instances on the same databases must keep the same guarantees as one. So the contracts are tested once more,
// with calls that alternate between the two.

// turns alternates between two instances.
type turns[T any] struct {
	both [2]T
	next *atomic.Uint64
}

func (t turns[T]) one() T { return t.both[t.next.Add(1)%2] }

// eachPair runs a test on two instances that share their databases.
func eachPair(t *testing.T, run func(t *testing.T, open func(t *testing.T) (a, b *DB))) {
	pair := func(t *testing.T, c Config) (a, b *DB) { return openConfig(t, c), openConfig(t, c) }
	t.Run("sqlite", func(t *testing.T) {
		var a, b *DB
		run(t, func(*testing.T) (*DB, *DB) {
			if a == nil || !emptySQLite(t, a) {
				a, b = pair(t, Config{Driver: "sqlite", DSNs: sqliteFiles(t, 2)})
			}
			return a, b
		})
	})
	t.Run("mysql", func(t *testing.T) {
		if os.Getenv("HONGBAO_MYSQL") == "" {
			t.Skip("HONGBAO_MYSQL is not set: run make real")
		}
		a, b := pair(t, Config{Driver: "mysql", DSNs: mysqlDatabases(t, 2)})
		run(t, func(t *testing.T) (*DB, *DB) {
			for _, s := range a.shards {
				empty(t, s)
			}
			return a, b
		})
	})
}

func inTurn[T any](a, b T) turns[T] { return turns[T]{[2]T{a, b}, &atomic.Uint64{}} }

type pairedOrders struct {
	storetest.OrderStore
	turns[*Orders]
}

func (p pairedOrders) Create(ctx context.Context, o wallet.Order) (wallet.Order, bool, error) {
	return p.one().Create(ctx, o)
}

func (p pairedOrders) Finish(ctx context.Context, nos []wallet.OrderNo, s wallet.OrderState) error {
	return p.one().Finish(ctx, nos, s)
}

func TestOrdersOfTwoInstances(t *testing.T) {
	eachPair(t, func(t *testing.T, open func(t *testing.T) (a, b *DB)) {
		storetest.Orders(t, func(t *testing.T) storetest.OrderStore {
			a, b := open(t)
			o := NewOrders(a)
			return pairedOrders{o, inTurn(o, NewOrders(b))}
		})
	})
}

type pairedQuotas struct {
	*Quotas
	turns[*Quotas]
}

func (p pairedQuotas) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	return p.one().Lease(ctx, holder, s, need, want, budget)
}

func (p pairedQuotas) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	return p.one().Record(ctx, r)
}

func (p pairedQuotas) Orphan(ctx context.Context, holder string) error {
	return p.one().Orphan(ctx, holder)
}

func (p pairedQuotas) Reclaim(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return p.one().Reclaim(ctx, s)
}

func TestQuotasOfTwoInstances(t *testing.T) {
	eachPair(t, func(t *testing.T, open func(t *testing.T) (a, b *DB)) {
		storetest.Quotas(t, func(t *testing.T) wallet.Quotas {
			a, b := open(t)
			q := NewQuotas(a)
			return pairedQuotas{q, inTurn(q, NewQuotas(b))}
		})
	})
}

type pairedIdentities struct {
	*Identities
	turns[*Identities]
}

func (p pairedIdentities) Apply(ctx context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	return p.one().Apply(ctx, c)
}

func TestIdentitiesOfTwoInstances(t *testing.T) {
	eachPair(t, func(t *testing.T, open func(t *testing.T) (a, b *DB)) {
		storetest.Identities(t, func(t *testing.T) wallet.IdentityStore {
			a, b := open(t)
			s := NewIdentities(a)
			return pairedIdentities{s, inTurn(s, NewIdentities(b))}
		})
	})
}

// TestShadowTablesAreApart: load-test traffic (K2) leaves no trace in the tables of live traffic.
func TestShadowTablesAreApart(t *testing.T) {
	files := sqliteFiles(t, 1)
	live := openConfig(t, Config{Driver: "sqlite", DSNs: files})
	shadow := openConfig(t, Config{Driver: "sqlite", DSNs: files, Shadow: true})
	for i, db := range []*DB{shadow, live, shadow, live} {
		no := wallet.OrderNo{ActID: 1, Scene: "rain-cash", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
		_, isNew, err := NewOrders(db).Create(t.Context(), wallet.Order{No: no, Amount: 1, Created: 1})
		require.NoError(t, err)
		require.Equal(t, i < 2, isNew)
		block, err := NewQuotas(db).Lease(t.Context(), "a", wallet.Official, 5, 5, 10)
		require.NoError(t, err)
		require.Equal(t, wallet.Money(5+5*(i/2)), block.Amount)
		p, err := NewIdentities(db).Apply(t.Context(), wallet.IdentityChange{Account: wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(i)}})
		require.NoError(t, err)
		require.Equal(t, wallet.ActID(1+i/2), p.ActID)
	}
}
