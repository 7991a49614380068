package attack_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
)

// All is sent at the moment it is due, and counted in the second in which it was.
func TestSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: []string{"grant"}, Duration: 3 * time.Second, Attackers: 2}
		r, err := attack.Run(t.Context(), c, steady(1000, 3*time.Second), sendFunc(ok))
		require.NoError(t, err)
		require.EqualValues(t, 3000, r.Kinds[0].OK)
		require.Zero(t, r.Unsent())
		require.Zero(t, r.Health.Lateness.Max())
		require.Empty(t, r.Health.Saturated)
		require.Len(t, r.Seconds, 3)
		for _, s := range r.Seconds {
			require.EqualValues(t, 1000, s.Offered)
			require.EqualValues(t, 1000, s.Done)
		}
	})
}
