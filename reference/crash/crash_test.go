// Package crash contains tests that kill the service under load and let the oracle check whether money was safe. They
// run the real program, three instances on one Redis and one MariaDB, and observe only the wire and, at the end, the
// stores. They run if CRASH_KILLS gives the number of kills; `make crash` sets it.
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
	envKills = "CRASH_KILLS" // number of instance kills
	envSeed  = "CRASH_SEED"  // seed of the kills and of people's actions; the rest depends on the machine
)

// The load: enough people that nobody wins more than a page holds, and a rate that keeps two processors busy without
// overloading them.
const (
	peopleCount = 3000
	workers     = 48
	every       = 60 * time.Millisecond
	maxGrant    = wallet.Money(200)

	// fenPerKill sets the budget: about what the load grants between two kills, so that it runs out near the end.
	fenPerKill = wallet.Money(70_000)
)

// Bounds of the waits. Each is far more than a busy machine needs.
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
	require.GreaterOrEqual(t, kills, uint64(chaosCycle), "fewer kills do not cover every disruption")
	if err := rig.Need(rig.Programs()...); err != nil {
		t.Fatal(err) // an explicit request must not be skipped
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
	require.NotZero(t, s.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)), "the budget never ran out, so that case was not tested")
	require.Positive(t, s.orphaned, "no budget was orphaned, so the audit was not tested")
	require.Equal(t, s.budget, s.last().after.Reserved, "after the audit the whole budget was granted")
	require.EqualValues(t, kills, s.kills)
	require.Positive(t, s.wipes)
	require.Positive(t, s.databaseKills)
}

// crash runs the service under load and kills, waits until it is idle, audits its budget, grants the rest of the budget
// completely, and checks the result.
func crash(t *testing.T, kills int, seed uint64) summary {
	ctx := t.Context()
	budget := wallet.Money(kills) * fenPerKill
	cl := newCluster(t, festivalActivity(budget, maxGrant))
	activity := cl.scenario.Activity
	w := newEventLog(activity, peopleCount)
	crowd := newCrowd(w, plan{persons: peopleCount, workers: workers, every: every, most: maxGrant}, activity.Parent, cl.clients(t), seed)
	chaos := &chaos{cluster: cl, eventLog: w, random: rand.New(rand.NewPCG(seed, seed)), log: t.Logf}

	load, end := context.WithCancel(ctx)
	loadDone := make(chan struct{})
	go func() {
		defer close(loadDone)
		crowd.run(load)
	}()
	err := chaos.run(ctx, kills)
	spent := false
	if err == nil {
		spent = waitFor(within(t, runsOutWithin), func() bool {
			return w.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)) > 0 || len(w.violations()) > 0
		})
	}
	end()
	<-loadDone
	require.NoError(t, err)
	require.Empty(t, w.violations())
	require.True(t, spent, "the budget of %d fen did not run out within %s", budget, runsOutWithin)

	s := cl.open(t)
	orphaned := cl.orphanedNow(t, s)
	cl.settle(t, crowd, s)
	first, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)

	cl.start(t)
	crowd.clients = crowd.clients[:1] // no other instance holds a part of the rest
	crowd.spendRest(ctx, t, budget-first.after.Reserved)
	left := cl.settle(t, crowd, s)
	last, err := s.audit(ctx, wallet.Official)
	require.NoError(t, err)
	v, err := judge(ctx, w, s, budget, first, last)
	require.NoError(t, err)
	v.left, v.orphaned = left, orphaned
	return summary{verdict: v, eventLog: w, killCounts: chaos.killCounts, seed: seed}
}

// orphanedNow returns the orphaned budget, once the running instances have detected the dead ones.
func (c *cluster) orphanedNow(t *testing.T, s *stores) wallet.Money {
	known := waitFor(within(t, settleWithin), func() bool {
		holders, err := s.quotas.Holders(t.Context())
		return err == nil && len(holders) <= instances
	})
	require.True(t, known, "the blocks of dead instances were not orphaned within %s", settleWithin)
	q, err := s.quotas.Quota(t.Context(), wallet.Official)
	require.NoError(t, err)
	return q.Orphaned
}

// settle lets every client learn its open outcomes, waits until the backlog is empty and stops all instances
// gracefully. It returns the number of people with open outcomes.
func (c *cluster) settle(t *testing.T, crowd *crowd, s *stores) int {
	left := crowd.settle(within(t, settleWithin))
	r, err := s.drain(within(t, drainWithin))
	require.NoError(t, err)
	require.Zero(t, r, "unfinished after %s", drainWithin)
	c.stop(t)
	return left
}

// within returns a context that ends with the test, or after d.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	require.NoError(t, err, name)
	return n
}
