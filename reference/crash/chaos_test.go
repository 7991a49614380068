package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// betweenKills is how long the service may recover before the next kill, at least; as much again at random.
	betweenKills = 1500 * time.Millisecond
	// away is how long a killed instance stays away at most, and a killed store.
	away = time.Second
	// forgetfulFor is how long after a restart of Redis an answer may come of which it holds no copy: an instance that
	// could not reach it went on granting (D1), and finds it again by and by.
	forgetfulFor = 10 * time.Second
)

// chaos kills what the city runs on, one thing after the other, and restarts it.
type chaos struct {
	*city
	*witness
	blows
	random     *rand.Rand
	log        func(format string, args ...any)
	forgetting sync.WaitGroup
}

// round is how many blows come before they begin again: among them one that wipes Redis, one that cuts the power of
// MariaDB, and one that takes two instances at once.
const round = 8

// run strikes until instances were killed so many times, or ctx ends.
func (c *chaos) run(ctx context.Context, kills int) error {
	defer c.forgetting.Wait()
	for n := 1; c.kills < kills && ctx.Err() == nil; n++ {
		pause(ctx, betweenKills+c.within(betweenKills))
		strike := c.strikeInstance
		switch {
		case n%round == 3:
			strike = c.strikeRedis
		case n%round == 5 && c.kills+2 <= kills:
			strike = c.strikeTwo
		case n%round == 6:
			strike = c.strikeMariaDB
		}
		if err := strike(ctx); err != nil {
			return fmt.Errorf("after %d kills: %w", c.kills, err)
		}
	}
	return ctx.Err()
}

func (c *chaos) within(d time.Duration) time.Duration {
	return time.Duration(c.random.Int64N(int64(d)))
}

// kill ends a random instance that lives and returns it.
func (c *chaos) kill() *instance {
	for {
		if i := c.instances[c.random.IntN(len(c.instances))]; i.Alive() {
			i.Kill()
			c.kills++
			return i
		}
	}
}

// restart brings an instance back.
func (c *chaos) restart(i *instance) error {
	c.restarts++
	began := time.Now()
	err := i.start()
	c.log("kill %d: ready again after %s", c.kills, time.Since(began).Round(time.Millisecond))
	return err
}

func (c *chaos) strikeInstance(ctx context.Context) error {
	i := c.kill()
	pause(ctx, c.within(away))
	return c.restart(i)
}

// strikeTwo leaves one instance.
func (c *chaos) strikeTwo(ctx context.Context) error {
	first, second := c.kill(), c.kill()
	pause(ctx, c.within(away))
	if err := c.restart(first); err != nil {
		return err
	}
	return c.restart(second)
}

// strikeRedis has Redis lose everything, while an instance is away.
func (c *chaos) strikeRedis(ctx context.Context) error {
	c.redis.Kill()
	c.wipes++
	c.log("redis killed")
	back := make(chan struct{})
	defer close(back)
	c.forgetting.Go(func() { c.forget(ctx, back) })
	pause(ctx, c.within(away))
	i := c.kill()
	pause(ctx, c.within(away))
	if err := c.redis.Restart(true); err != nil {
		return err
	}
	c.log("redis restarted empty")
	return c.restart(i)
}

// forget tells that what is acknowledged now may have no copy on the server, until a while after Redis is back.
func (c *chaos) forget(ctx context.Context, back <-chan struct{}) {
	tell := func(until <-chan struct{}) {
		for {
			c.tokensLost()
			select {
			case <-until:
				return
			case <-time.After(pollEvery):
			}
		}
	}
	tell(back)
	while, cancel := context.WithTimeout(ctx, forgetfulFor)
	defer cancel()
	tell(while.Done())
}

// strikeMariaDB cuts the books' power, while an instance is away.
func (c *chaos) strikeMariaDB(ctx context.Context) error {
	c.mariadb.Kill()
	c.databaseKills++
	c.log("mariadb killed")
	pause(ctx, c.within(away))
	i := c.kill()
	pause(ctx, c.within(away))
	if err := c.mariadb.Restart(); err != nil {
		return err
	}
	c.log("mariadb restarted")
	return c.restart(i)
}
