package identity

import (
	"context"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Memory remembers who stands behind an account for a short while, so that a storm of grants does not ask the store
// for the same people again and again. It is for grants alone; what pages show and withdrawals take is always looked up.
//
// A binding at this instance is known at once: whoever binds calls Forget. After one at another instance an account goes
// on winning under the wallet that it had, until it is forgotten here. Where that wallet was joined to another one, it is
// the person's still, and nothing is lost. Where the account left it to others, what is won meanwhile is theirs. In neither
// case is a win recorded under both wallets (package assetcenter), but for that keep has to be seconds at most where other
// instances bind.
//
// Safe for concurrent use. It holds at most twice its size, in two generations: when the younger one is full, or has
// lived for its time, it becomes the older one, and that is dropped.
type Memory struct {
	people wallet.People
	clock  wallet.Clock
	size   int
	keep   time.Duration

	mu         sync.Mutex
	young, old map[wallet.Account]known
	forgotten  int64 // how often Forget was called: what was looked up before is not kept after
}

type known struct {
	who   wallet.Person
	until wallet.Instant
}

var _ wallet.People = (*Memory)(nil)

// NewMemory returns a memory of size people before people; size 0 or less remembers nobody.
func NewMemory(people wallet.People, clock wallet.Clock, size int, keep time.Duration) *Memory {
	return &Memory{people: people, clock: clock, size: size, keep: keep, young: map[wallet.Account]known{}}
}

// Resolve implements wallet.People.
func (m *Memory) Resolve(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	if m.size <= 0 {
		return m.people.Resolve(ctx, a)
	}
	now := m.clock.Now()
	who, seen, ok := m.recall(a, now)
	if ok {
		return who, nil
	}
	who, err := m.people.Resolve(ctx, a)
	if err == nil {
		m.remember(a, known{who, now.Add(m.keep)}, seen)
	}
	return who, err
}

// Forget forgets everybody, and what is being looked up at this moment: a binding changes who stands behind other
// accounts than its own, too.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgotten++
	m.young, m.old = map[wallet.Account]known{}, nil
}

func (m *Memory) recall(a wallet.Account, now wallet.Instant) (who wallet.Person, forgotten int64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.young[a]
	if !ok {
		k, ok = m.old[a]
	}
	return k.who, m.forgotten, ok && now < k.until
}

func (m *Memory) remember(a wallet.Account, k known, forgotten int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forgotten != forgotten {
		return
	}
	if len(m.young) >= m.size {
		m.old, m.young = m.young, make(map[wallet.Account]known, m.size)
	}
	m.young[a] = k
}
