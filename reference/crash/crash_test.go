// Package crash is a suite of tests that kill the service under load and ask the oracle whether money was safe. It runs
// the program as people do, three instances on one Redis and one MariaDB, and sees only the wire and, in the end, the
// books. It runs when CRASH_KILLS says how often to kill; `make crash` does that.
package crash

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/rig"
	"hongbao/reference/wallet"
)

// The environment of a run.
const (
	envKills = "CRASH_KILLS" // how often an instance is killed
	envSeed  = "CRASH_SEED"  // of what is killed when, and of what people do; the rest is up to the machine
)

// The load: people enough that nobody wins more than a page holds, and so much that two processors are busy, not
// drowned.
const (
	persons = 3000
	workers = 48
	every   = 60 * time.Millisecond
	most    = wallet.Money(200)

	// fenPerKill is the budget: what the load grants between two kills, more or less, so that it runs out near the end.
	fenPerKill = wallet.Money(70_000)
)

// Bounds of the waits. Each is far above what a busy machine needs.
const (
	runsOutWithin = 5 * time.Minute
	settleWithin  = 3 * time.Minute
	drainWithin   = 3 * time.Minute
)

// TestCrash is the suite. To repeat a run's plan: CRASH_SEED=n make crash.
func TestCrash(t *testing.T) {
	kills := number(t, envKills, 0)
	if kills == 0 {
		t.Skip("SKIPPED: run make crash, or set " + envKills)
	}
	require.GreaterOrEqual(t, kills, uint64(round), "fewer kills do not strike everything")
	if err := rig.Need(rig.Programs()...); err != nil {
		t.Fatal(err) // Who asks for it wants to know.
	}
	seed := number(t, envSeed, uint64(time.Now().UnixNano()))
	t.Logf("seed %d: repeat the plan with %s=%d %s=%d make crash", seed, envSeed, seed, envKills, kills)
	began := time.Now()
	s := crash(t, int(kills), seed)
	s.took = time.Since(began)
	var table strings.Builder
	s.write(&table)
	t.Log("\n" + table.String())
	require.NoError(t, s.faults())
	require.NotZero(t, s.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)), "the budget never ran out, so its end was not tried")
	require.Positive(t, s.stranded, "nothing was stranded, so the audit was not tried")
	require.Equal(t, s.budget, s.last().after.Reserved, "after the audit the budget was granted to the last fen")
	require.EqualValues(t, kills, s.kills)
	require.Positive(t, s.wipes)
	require.Positive(t, s.databaseKills)
}

// crash runs the service under load and blows, lets it come to rest, audits its budget, grants what is left of that to
// the last fen, and judges.
func crash(t *testing.T, kills int, seed uint64) summary {
	ctx := t.Context()
	budget := wallet.Money(kills) * fenPerKill
	city := newCity(t, festival(budget, most))
	activity := city.scenario.Activity
	w := newWitness(activity, persons)
	crowd := newCrowd(w, plan{persons: persons, workers: workers, every: every, most: most}, activity.Parent, city.doors(t), seed)
	chaos := &chaos{city: city, witness: w, random: rand.New(rand.NewPCG(seed, seed)), log: t.Logf}

	life, end := context.WithCancel(ctx)
	lived := make(chan struct{})
	go func() {
		defer close(lived)
		crowd.live(life)
	}()
	err := chaos.run(ctx, kills)
	spent := false
	if err == nil {
		spent = waitFor(within(t, runsOutWithin), func() bool {
			return w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)) > 0 || len(w.violations()) > 0
		})
	}
	end()
	<-lived
	require.NoError(t, err)
	require.Empty(t, w.violations())
	require.True(t, spent, "the budget of %d fen did not run out within %s", budget, runsOutWithin)

	books := city.open(t)
	stranded := city.strandedNow(t, books)
	city.rest(t, crowd, books)
	first, err := books.audit(ctx, wallet.Official)
	require.NoError(t, err)

	city.start(t)
	crowd.doors = crowd.doors[:1] // Nobody else holds a part of what is left.
	crowd.spendRest(ctx, t, budget-first.after.Reserved)
	left := city.rest(t, crowd, books)
	last, err := books.audit(ctx, wallet.Official)
	require.NoError(t, err)
	v, err := judge(ctx, w, books, budget, first, last)
	require.NoError(t, err)
	v.left, v.stranded = left, stranded
	return summary{verdict: v, witness: w, blows: chaos.blows, seed: seed}
}

// strandedNow returns how much budget is stranded, once the living instances have found out about the dead ones.
func (c *city) strandedNow(t *testing.T, books *stores) wallet.Money {
	known := waitFor(within(t, settleWithin), func() bool {
		holders, err := books.quotas.Holders(t.Context())
		return err == nil && len(holders) <= instances
	})
	require.True(t, known, "the blocks of dead instances were not stranded within %s", settleWithin)
	q, err := books.quotas.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	return q.Stranded
}

// rest lets everybody learn what became of their requests, has the backlog emptied and stops all instances in order. It
// returns how many people still have something open.
func (c *city) rest(t *testing.T, crowd *crowd, books *stores) int {
	left := crowd.settle(within(t, settleWithin))
	r, err := books.drain(within(t, drainWithin))
	require.NoError(t, err)
	require.Zero(t, r, "left to do after %s", drainWithin)
	c.stop(t)
	return left
}

// within returns a context that ends with the test, or after so long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	require.NoError(t, err, name)
	return n
}
