package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/identity"
	"hongbao/reference/wallet"
)

// counted returns a person whose wallet is the number of the call.
type counted struct {
	asked int
	err   error
	then  func() // called before the call returns
}

func (c *counted) Resolve(context.Context, wallet.Account) (wallet.Person, error) {
	c.asked++
	if c.then != nil {
		c.then()
	}
	return wallet.Person{ActID: wallet.ActID(c.asked)}, c.err
}

type manualClock struct{ now wallet.Instant }

func (h *manualClock) Now() wallet.Instant { return h.now }

func TestMemory(t *testing.T) {
	people, clock := &counted{}, &manualClock{1}
	m := identity.NewCache(people, clock, 2, time.Second)
	a := func(n int64) wallet.Account {
		return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(n)}
	}
	is := func(n int64, want wallet.ActID, why string) {
		t.Helper()
		who, err := m.Resolve(t.Context(), a(n))
		require.NoError(t, err)
		require.Equal(t, want, who.ActID, why)
	}
	is(1, 1, "read from the store")
	is(1, 1, "cached")
	clock.now = clock.now.Add(time.Second)
	is(1, 2, "for one second only")
	m.Clear()
	is(1, 3, "cleared")
	is(2, 4, "another account")
	is(3, 5, "the first two are now the old generation")
	is(1, 3, "which is still cached")
	is(4, 6, "full")
	is(5, 7, "the oldest are dropped")
	is(2, 8, "so they are read again")

	people.then = func() { people.then = nil; m.Clear() }
	is(9, 9, "cleared while the reply was on its way")
	is(9, 10, "so the reply is not cached")

	people.err = wallet.ErrUnavailable
	_, err := m.Resolve(t.Context(), a(10))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	people.err = nil
	is(10, 12, "errors are not cached")

	none := identity.NewCache(people, clock, 0, time.Second)
	_, err = none.Resolve(t.Context(), a(1))
	require.NoError(t, err)
	asked := people.asked
	_, err = none.Resolve(t.Context(), a(1))
	require.NoError(t, err)
	require.Equal(t, asked+1, people.asked, "a cache of size 0 reads the store each time")
}
