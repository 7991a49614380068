package host_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/host"
	"hongbao/reference/wallet"
)

func TestHostsDivideTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		_, stopA := tn.start(t, "a")
		time.Sleep(time.Second)
		require.Equal(t, map[string]int{"a": shards}, tn.holders(), "a single instance posts all shards")
		_, stopB := tn.start(t, "b")
		c, _ := tn.start(t, "c")
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string]int{"a": 2, "b": 2, "c": 2}, tn.holders())
		tn.push(t, 600)
		time.Sleep(10 * time.Second)
		require.Zero(t, tn.depth(t))
		tn.mu.Lock()
		require.Zero(t, tn.doubles, "no shard is posted by two instances")
		tn.mu.Unlock()

		// c dies: it renews nothing, and its shards are taken over.
		tn.leases.cut("c")
		c.mu.Lock()
		c.failure = errors.New("dead")
		c.mu.Unlock()
		time.Sleep(15 * time.Second)
		require.Equal(t, map[string]int{"a": 3, "b": 3}, tn.holders())
		time.Sleep(time.Minute)
		tn.quotas.mu.Lock()
		require.Equal(t, []string{"c"}, tn.quotas.orphaned, "the budget of a dead instance is unavailable until an audit")
		tn.quotas.mu.Unlock()

		require.NoError(t, stopB())
		time.Sleep(5 * time.Second)
		require.Equal(t, map[string]int{"a": shards}, tn.holders(), "shards released by a stopping instance are taken at once")
		tn.push(t, 300)
		require.NoError(t, stopA())
		require.Zero(t, tn.depth(t), "the last instance to stop posts what is held")
		require.Contains(t, tn.quotas.orphaned, "a")
		total, err := tn.totals.Total(t.Context(), wallet.Official)
		require.NoError(t, err)
		require.EqualValues(t, 15, total)
		for no, n := range tn.posted {
			require.Contains(t, []int{1, 2}, n, "order %s was pushed at most twice", no)
		}
	})
}

func TestDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		w, stop := tn.start(t, "a")
		w.mu.Lock()
		w.failure = wallet.ErrUnavailable
		w.mu.Unlock()
		tn.push(t, 10)
		began := time.Now()
		err := stop()
		require.ErrorIs(t, err, wallet.ErrUnavailable)
		require.ErrorContains(t, err, "10 postings are still held")
		require.Less(t, time.Since(began), time.Minute)
	})
}

func TestRecoverPassesByWhatFails(t *testing.T) {
	tn := newCluster()
	w := &worker{cluster: tn, calls: map[string]int{}}
	h, err := host.New(host.Config{Instance: "a", Shards: 1, Batch: 1}, host.Ports{Worker: w, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	n, err := h.Recover(t.Context(), wallet.Never)
	require.Equal(t, 203, n)
	require.Equal(t, 203, w.calls["settled"])
	require.ErrorIs(t, err, wallet.ErrUnavailable, "from the last part")
	_, err = host.New(host.Config{}, host.Ports{})
	require.ErrorIs(t, err, wallet.ErrInvalid)
}
