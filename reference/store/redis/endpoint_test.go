package redis_test

import (
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
)

// patience is the timeout of calls in tests that are not about time, so that a busy machine does not fail them.
const patience = 30 * time.Second

// endpoint is a server under test, and the prefix of the keys of one test on it.
type endpoint struct {
	client *redis.Client
	begin  string
	stores *atomic.Int64
	mini   *miniredis.Miniredis // nil: a real server
	now    *atomic.Pointer[time.Time]
}

// open returns a client with a separate, empty keyspace.
func (e endpoint) open(testing.TB) *redis.Client {
	return e.client.Apart(e.begin + strconv.FormatInt(e.stores.Add(1), 10) + ":")
}

// pass advances the time of the server's expiries.
func (e endpoint) pass(d time.Duration) {
	if e.mini == nil {
		time.Sleep(d) // a real server has no other clock
		return
	}
	now := e.now.Load().Add(d)
	e.now.Store(&now)
	e.mini.SetTime(now)
	e.mini.FastForward(d)
}

// onEach runs a test on miniredis, and on a real server and a real Cluster if they are configured.
func onEach(t *testing.T, run func(t *testing.T, e endpoint)) {
	t.Run("miniredis", func(t *testing.T) { run(t, onMini(t)) })
	t.Run("redis", func(t *testing.T) { run(t, onReal(t, "HONGBAO_REDIS")) })
	t.Run("cluster", func(t *testing.T) { run(t, onReal(t, "HONGBAO_REDIS_CLUSTER")) })
}

func onMini(t testing.TB) endpoint {
	mini := miniredis.RunT(t)
	e := dial(t, redis.Config{Addrs: []string{mini.Addr()}})
	e.mini, e.now = mini, new(atomic.Pointer[time.Time])
	eve := time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)
	e.now.Store(&eve)
	mini.SetTime(eve) // the clock does not advance unless pass moves it
	return e
}

// onReal dials the server in an environment variable.
func onReal(t testing.TB, variable string) endpoint {
	at := os.Getenv(variable)
	if at == "" {
		t.Skip(variable + " is not set: run make real")
	}
	return dialReal(t, redis.Config{Addrs: strings.Split(at, ","), Cluster: variable == "HONGBAO_REDIS_CLUSTER"})
}

// dialReal dials a server that outlives the test, and removes the test's keys at the end.
func dialReal(t testing.TB, c redis.Config) endpoint {
	e := dial(t, c)
	t.Cleanup(func() { require.NoError(t, e.client.Wipe(context.Background(), e.begin)) })
	return e
}

func dial(t testing.TB, c redis.Config) endpoint {
	c.Timeout = patience
	client, err := redis.Dial(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return endpoint{client: client, begin: "test:" + rand.Text() + ":", stores: new(atomic.Int64)}
}
