package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// minPause is the shortest pause between disruptions, for the service to recover; up to the same again is
	// added at random.
	minPause = 1500 * time.Millisecond
	// maxDown bounds how long a killed instance or store stays down.
	maxDown = time.Second
	// tokensMayBeMissing is how long after a restart of Redis a grant may be acknowledged without a copy of its token
	// there: an instance that could not reach Redis goes on granting (D1) and reconnects after a while.
	tokensMayBeMissing = 10 * time.Second
)

// chaos kills instances and stores, one after the other, and restarts them.
type chaos struct {
	*cluster
	*eventLog
	killCounts
	random    *rand.Rand
	log       func(format string, args ...any)
	reporting sync.WaitGroup
}

// chaosCycle is the number of disruptions in a cycle. A cycle wipes Redis once, kills MariaDB once, and kills two
// instances at once once.
const chaosCycle = 8

// run disrupts the service until the given number of instance kills, or until ctx ends.
func (c *chaos) run(ctx context.Context, kills int) error {
	defer c.reporting.Wait()
	for n := 1; c.kills < kills && ctx.Err() == nil; n++ {
		pause(ctx, minPause+c.within(minPause))
		disrupt := c.killInstance
		switch {
		case n%chaosCycle == 3:
			disrupt = c.wipeRedis
		case n%chaosCycle == 5 && c.kills+2 <= kills:
			disrupt = c.killTwo
		case n%chaosCycle == 6:
			disrupt = c.killMariaDB
		}
		if err := disrupt(ctx); err != nil {
			return fmt.Errorf("after %d kills: %w", c.kills, err)
		}
	}
	return ctx.Err()
}

func (c *chaos) within(d time.Duration) time.Duration {
	return time.Duration(c.random.Int64N(int64(d)))
}

// kill kills a random running instance and returns it.
func (c *chaos) kill() *instance {
	for {
		if i := c.instances[c.random.IntN(len(c.instances))]; i.Alive() {
			i.Kill()
			c.kills++
			return i
		}
	}
}

// restart starts an instance again.
func (c *chaos) restart(i *instance) error {
	c.restarts++
	began := time.Now()
	err := i.start()
	c.log("kill %d: ready again after %s", c.kills, time.Since(began).Round(time.Millisecond))
	return err
}

func (c *chaos) killInstance(ctx context.Context) error {
	i := c.kill()
	pause(ctx, c.within(maxDown))
	return c.restart(i)
}

// killTwo leaves one instance running.
func (c *chaos) killTwo(ctx context.Context) error {
	first, second := c.kill(), c.kill()
	pause(ctx, c.within(maxDown))
	if err := c.restart(first); err != nil {
		return err
	}
	return c.restart(second)
}

// wipeRedis deletes everything in Redis, while an instance is down.
func (c *chaos) wipeRedis(ctx context.Context) error {
	c.redis.Kill()
	c.wipes++
	c.log("redis killed")
	back := make(chan struct{})
	defer close(back)
	c.reporting.Go(func() { c.reportTokensLost(ctx, back) })
	pause(ctx, c.within(maxDown))
	i := c.kill()
	pause(ctx, c.within(maxDown))
	if err := c.redis.Restart(true); err != nil {
		return err
	}
	c.log("redis restarted empty")
	return c.restart(i)
}

// reportTokensLost reports to the oracle that tokens of acknowledged grants may be missing on the server, until a while
// after the restart of Redis.
func (c *chaos) reportTokensLost(ctx context.Context, back <-chan struct{}) {
	report := func(until <-chan struct{}) {
		for {
			c.tokensLost()
			select {
			case <-until:
				return
			case <-time.After(pollEvery):
			}
		}
	}
	report(back)
	while, cancel := context.WithTimeout(ctx, tokensMayBeMissing)
	defer cancel()
	report(while.Done())
}

// killMariaDB kills MariaDB, while an instance is down.
func (c *chaos) killMariaDB(ctx context.Context) error {
	c.mariadb.Kill()
	c.databaseKills++
	c.log("mariadb killed")
	pause(ctx, c.within(maxDown))
	i := c.kill()
	pause(ctx, c.within(maxDown))
	if err := c.mariadb.Restart(); err != nil {
		return err
	}
	c.log("mariadb restarted")
	return c.restart(i)
}
