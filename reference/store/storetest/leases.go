package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// leaseTTL is the duration of the suite's leases: long enough for a busy machine to make a few calls within it, and
// short enough to wait for its end if the store's clock cannot be moved.
const leaseTTL = 2 * time.Second

// Leases tests an adapter of wallet.Leases. pass advances the store's clock.
func Leases(t *testing.T, open func(t *testing.T) (s wallet.Leases, pass func(time.Duration))) {
	story := func(name string, run func(*testing.T, wallet.Leases, func(time.Duration))) {
		t.Run(name, func(t *testing.T) {
			s, pass := open(t)
			run(t, s, pass)
		})
	}
	story("one holds", oneHolds)
	story("a lease ends", leaseEnds)
	story("one of many gets it", oneOfMany)
	story("members of a group", groupMembers)
	story("many join", manyJoin)
	story("a lease has a length", leaseHasLength)
}

func hold(t *testing.T, s wallet.Leases, name, holder string, want bool, why string) {
	t.Helper()
	call(s.Hold(t.Context(), name, holder, leaseTTL)).returns(t, want, why)
}

func oneHolds(t *testing.T, s wallet.Leases, _ func(time.Duration)) {
	hold(t, s, "shard-1", "a", true, "the lease is free")
	hold(t, s, "shard-1", "a", true, "the holder renews it")
	hold(t, s, "shard-1", "b", false, "another one holds it")
	hold(t, s, "shard-2", "b", true, "another name is another lease")

	require.NoError(t, s.Release(t.Context(), "shard-1", "b"))
	hold(t, s, "shard-1", "b", false, "b cannot release a lease that it does not hold")
	for range 2 {
		require.NoError(t, s.Release(t.Context(), "shard-1", "a"))
	}
	hold(t, s, "shard-1", "b", true, "the lease was released")
	require.NoError(t, s.Release(t.Context(), "shard-1", "a"))
	hold(t, s, "shard-1", "a", false, "a late release by the previous holder has no effect")
	require.NoError(t, s.Release(t.Context(), "unknown", "a"))
}

func leaseEnds(t *testing.T, s wallet.Leases, pass func(time.Duration)) {
	hold(t, s, "left", "a", true, "the lease is free")
	hold(t, s, "kept", "a", true, "the lease is free")
	pass(leaseTTL / 2)
	hold(t, s, "kept", "a", true, "renewed, starting now")
	pass(leaseTTL/2 + leaseTTL/10)
	hold(t, s, "left", "b", true, "the lease has ended")
	hold(t, s, "kept", "b", false, "the lease was renewed")
	hold(t, s, "left", "a", false, "the previous holder must wait too")
}

func oneOfMany(t *testing.T, s wallet.Leases, _ func(time.Duration)) {
	onceEach(t, 50, func(t *testing.T, caller, i int) bool {
		return call(s.Hold(t.Context(), "many-"+strconv.Itoa(i), strconv.Itoa(caller), time.Hour)).ok(t)
	})
}

func join(t *testing.T, s wallet.Leases, group, member string, want ...string) {
	t.Helper()
	call(s.Join(t.Context(), group, member, leaseTTL)).returns(t, want)
}

func groupMembers(t *testing.T, s wallet.Leases, pass func(time.Duration)) {
	join(t, s, "posters", "b", "b")
	join(t, s, "posters", "a", "a", "b")
	join(t, s, "others", "c", "c")
	pass(leaseTTL / 2)
	join(t, s, "posters", "b", "a", "b")
	pass(leaseTTL/2 + leaseTTL/10)
	join(t, s, "posters", "c", "b", "c") // a has not renewed its membership for the duration of a lease; b has
	for range 2 {
		require.NoError(t, s.Leave(t.Context(), "posters", "b"))
	}
	join(t, s, "posters", "c", "c")
	require.NoError(t, s.Leave(t.Context(), "unknown", "b"))
}

func manyJoin(t *testing.T, s wallet.Leases, _ func(time.Duration)) {
	var want []string
	for i := range callers {
		want = append(want, fmt.Sprintf("member-%d", i))
	}
	together(t, func(t *testing.T, caller int) {
		for range 20 {
			got := call(s.Join(t.Context(), "many", want[caller], time.Hour)).ok(t)
			require.Contains(t, got, want[caller], "the joining member is listed")
			require.Subset(t, want, got)
		}
	})
	call(s.Join(t.Context(), "many", want[0], time.Hour)).returns(t, want)
}

func leaseHasLength(t *testing.T, s wallet.Leases, _ func(time.Duration)) {
	for _, ttl := range []time.Duration{0, -time.Second} {
		call(s.Hold(t.Context(), "shard", "a", ttl)).fails(t, wallet.ErrInvalid)
		call(s.Join(t.Context(), "posters", "a", ttl)).fails(t, wallet.ErrInvalid)
	}
	hold(t, s, "shard", "b", true, "the lease was not taken")
	join(t, s, "posters", "b", "b")
}
