package identity

import (
	"context"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Cache caches the owners of accounts for a short time, so that many grants for the same people do not each read the
// store. It is for grants only; pages and withdrawals always read the store.
//
// A binding at this instance takes effect at once, because it calls Clear. After a binding at another instance, an
// account keeps winning for its earlier wallet until its entry expires. If that wallet was joined to another one, it
// still belongs to the person and nothing is lost. If the account left it to others, they get what is won meanwhile. In
// neither case is a win recorded under both wallets (package assetcenter), but this requires that keep is at most a few
// seconds if other instances bind.
//
// Safe for concurrent use. It has at most twice size entries, in two generations: when the young generation is full it
// becomes the old one, and the previous old one is dropped.
type Cache struct {
	people wallet.People
	clock  wallet.Clock
	size   int
	keep   time.Duration

	mu         sync.Mutex
	young, old map[wallet.Account]known
	purges     int64 // number of Clear calls: a lookup that began before a call is not stored after it
}

type known struct {
	who   wallet.Person
	until wallet.Instant
}

var _ wallet.People = (*Cache)(nil)

// NewCache returns a cache of at most twice size entries in front of people. With size 0 or less it caches nothing.
// keep is the lifetime of an entry.
func NewCache(people wallet.People, clock wallet.Clock, size int, keep time.Duration) *Cache {
	return &Cache{people: people, clock: clock, size: size, keep: keep, young: map[wallet.Account]known{}}
}

// Resolve implements wallet.People.
func (m *Cache) Resolve(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	if m.size <= 0 {
		return m.people.Resolve(ctx, a)
	}
	now := m.clock.Now()
	who, purges, ok := m.lookup(a, now)
	if ok {
		return who, nil
	}
	who, err := m.people.Resolve(ctx, a)
	if err == nil {
		m.store(a, known{who, now.Add(m.keep)}, purges)
	}
	return who, err
}

// Clear removes all entries, and prevents lookups that are in progress from being stored: a binding can also change the
// owners of other accounts.
func (m *Cache) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.purges++
	m.young, m.old = map[wallet.Account]known{}, nil
}

func (m *Cache) lookup(a wallet.Account, now wallet.Instant) (who wallet.Person, purges int64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.young[a]
	if !ok {
		k, ok = m.old[a]
	}
	return k.who, m.purges, ok && now < k.until
}

func (m *Cache) store(a wallet.Account, k known, purges int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.purges != purges {
		return
	}
	if len(m.young) >= m.size {
		m.old, m.young = m.young, make(map[wallet.Account]known, m.size)
	}
	m.young[a] = k
}
