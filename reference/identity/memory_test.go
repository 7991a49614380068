package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/identity"
	"hongbao/reference/wallet"
)

// counted answers with a person whose wallet is the number of the question.
type counted struct {
	asked int
	err   error
	then  func() // called while an answer is on its way
}

func (c *counted) Resolve(context.Context, wallet.Account) (wallet.Person, error) {
	c.asked++
	if c.then != nil {
		c.then()
	}
	return wallet.Person{ActID: wallet.ActID(c.asked)}, c.err
}

type hand struct{ now wallet.Instant }

func (h *hand) Now() wallet.Instant { return h.now }

func TestMemory(t *testing.T) {
	people, clock := &counted{}, &hand{1}
	m := identity.NewMemory(people, clock, 2, time.Second)
	a := func(n int64) wallet.Account {
		return wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(n)}
	}
	is := func(n int64, want wallet.ActID, why string) {
		t.Helper()
		who, err := m.Resolve(t.Context(), a(n))
		require.NoError(t, err)
		require.Equal(t, want, who.ActID, why)
	}
	is(1, 1, "asked")
	is(1, 1, "remembered")
	clock.now = clock.now.Add(time.Second)
	is(1, 2, "for a second only")
	m.Forget()
	is(1, 3, "forgotten when told")
	is(2, 4, "another account")
	is(3, 5, "the first two are the older generation now")
	is(1, 3, "which is still known")
	is(4, 6, "full")
	is(5, 7, "the oldest are dropped")
	is(2, 8, "so they are asked for")

	people.then = func() { people.then = nil; m.Forget() }
	is(9, 9, "bound to a phone while the answer was on its way")
	is(9, 10, "so the answer is not kept")

	people.err = wallet.ErrUnavailable
	_, err := m.Resolve(t.Context(), a(10))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	people.err = nil
	is(10, 12, "errors are not remembered")

	none := identity.NewMemory(people, clock, 0, time.Second)
	_, err = none.Resolve(t.Context(), a(1))
	require.NoError(t, err)
	asked := people.asked
	_, err = none.Resolve(t.Context(), a(1))
	require.NoError(t, err)
	require.Equal(t, asked+1, people.asked, "a memory of nobody asks each time")
}
