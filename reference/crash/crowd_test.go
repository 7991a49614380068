package crash

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// instanceClient calls one instance, once per call.
type instanceClient interface {
	Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error)
	Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error)
	Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error)
}

const (
	scene = wallet.SceneID("rain")

	// tryWithin bounds the wait for one response: longer than an instance's own deadline.
	tryWithin = 4 * time.Second
	// tries bounds the tries of one call before the client leaves it open and resumes later.
	tries = 6
	// The wait before a repeat starts with firstWait and doubles at most maxDoublings times.
	firstWait    = 20 * time.Millisecond
	maxDoublings = 5
)

// plan sets what the crowd does.
type plan struct {
	persons int
	workers int           // goroutines that act for the people, each for its own part
	every   time.Duration // interval between a worker's actions, if the last one has ended
	most    wallet.Money  // the largest grant
}

// crowd is the people and their clients.
type crowd struct {
	*eventLog
	plan
	activity wallet.ActivityID
	clients  []instanceClient
	people   []*person
	seed     uint64
}

func newCrowd(w *eventLog, p plan, activity wallet.ActivityID, clients []instanceClient, seed uint64) *crowd {
	c := &crowd{eventLog: w, plan: p, activity: activity, clients: clients, seed: seed}
	for i := range p.persons {
		c.people = append(c.people, &person{id: int64(i), caller: wallet.Caller{App: wallet.Douyin, User: wallet.UserID(i + 1)}})
	}
	return c
}

// run lets people win, read pages and withdraw until ctx ends. Actions in progress are completed.
func (c *crowd) run(ctx context.Context) {
	c.each(func(r *rand.Rand, mine []*person) {
		beat := time.NewTicker(c.every)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				c.act(context.WithoutCancel(ctx), r, mine[r.IntN(len(mine))])
			}
		}
	})
}

// act is one action of a person. With open outcomes, half of the actions resume them.
func (c *crowd) act(ctx context.Context, r *rand.Rand, p *person) {
	if !p.settled() && r.IntN(2) == 0 {
		c.resume(ctx, p)
		return
	}
	switch n := r.IntN(100); {
	case n < 70:
		c.win(ctx, p, wallet.Money(1+r.Int64N(int64(c.most))), n < 5)
	case n < 90:
		_, _ = c.readPage(ctx, p, false)
	default:
		c.withdrawPart(ctx, p, wallet.Money(1+r.IntN(3)))
	}
}

// resume repeats the calls whose outcome a person's client does not know.
func (c *crowd) resume(ctx context.Context, p *person) {
	open := p.grants
	p.grants = nil
	for _, g := range open {
		c.pursue(ctx, p, g)
	}
	if p.payout != nil {
		c.pursuePayout(ctx, p)
	}
	if len(p.held) > 0 {
		_, _ = c.readPage(ctx, p, false)
	}
}

// settle resumes all people until nobody has open outcomes or ctx ends. It returns the number who still have.
func (c *crowd) settle(ctx context.Context) (left int) {
	var mu sync.Mutex
	c.each(func(_ *rand.Rand, mine []*person) {
		for _, p := range mine {
			for !p.settled() && ctx.Err() == nil {
				c.resume(ctx, p)
				if !p.settled() {
					pause(ctx, pollEvery)
				}
			}
			if !p.settled() {
				mu.Lock()
				left++
				mu.Unlock()
			}
		}
	})
	return left
}

// each divides the people among the workers and waits for them.
func (c *crowd) each(work func(r *rand.Rand, mine []*person)) {
	var all sync.WaitGroup
	for w := range c.workers {
		var mine []*person
		for i := w; i < len(c.people); i += c.workers {
			mine = append(mine, c.people[i])
		}
		all.Go(func() { work(rand.New(rand.NewPCG(c.seed, uint64(w))), mine) })
	}
	all.Wait()
}

// ask calls a random instance once.
func ask[T any](ctx context.Context, c *crowd, what func(context.Context, instanceClient) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	return what(ctx, c.clients[rand.IntN(len(c.clients))])
}

// retry repeats a request unchanged, while its outcome is unknown or nothing was done for lack of capacity.
func (c *crowd) retry(ctx context.Context, request func() error) error {
	for try := 0; ; try++ {
		err := request()
		if !wallet.Retryable(err) || try == tries-1 || ctx.Err() != nil {
			return err
		}
		wait := firstWait << min(try, maxDoublings)
		pause(ctx, wait+time.Duration(rand.Int64N(int64(wait))))
	}
}

// unknown reports whether an error leaves the outcome unknown.
func unknown(err error) bool { return err != nil && wallet.CodeOf(err) == wallet.CodeUnknown }

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
