package open

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// TestServeWithoutTokenStore: with a Redis that takes nothing every grant is acknowledged all the same, after some of them
// nobody asks that Redis any more, and once it is well tokens are kept again.
func TestServeWithoutTokenStore(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Data = t.TempDir()
	require.NoError(t, c.Complete())
	tree := BuiltInActivity()
	s, err := New(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	user := wallet.UserID(0)
	grant := func() wallet.GrantState {
		user++
		reply, err := s.live.API.Grant(t.Context(), wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: user}, Activity: tree.Parent,
			Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 88, Opened: systemClock{}.Now()})
		require.NoError(t, err)
		return reply.State
	}
	breaker := func(name string) (b degrade.BreakerStatus) {
		for _, one := range s.live.Guard.Breakers() {
			if one.Name == name {
				b = one
			}
		}
		require.Equal(t, name, b.Name)
		return b
	}
	require.Equal(t, wallet.GrantAccepted, grant())
	s.mini.data.SetError("LOADING Redis is loading the dataset in memory")
	for range 100 {
		require.Equal(t, wallet.GrantTokenOnly, grant())
	}
	for _, name := range []string{degrade.BreakerTokens, degrade.BreakerBacklog} {
		b := breaker(name)
		require.Positive(t, b.Refused, name)
		require.NotEqual(t, degrade.Closed, b.State, name)
	}
	for _, state := range s.flags.set.States() {
		require.False(t, state.On, "%s: these breakers have no switch", state.Switch)
	}
	s.mini.data.SetError("")
	require.Eventually(t, func() bool {
		return grant() == wallet.GrantAccepted && breaker(degrade.BreakerTokens).State == degrade.Closed
	}, patience, 10*time.Millisecond, "tokens are kept again")
}
