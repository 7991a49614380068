package crash

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// door is how one instance is asked, once.
type door interface {
	Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error)
	Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error)
	Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error)
}

const (
	scene = wallet.SceneID("rain")

	// tryWithin is how long a client waits for one answer: longer than an instance's own deadline.
	tryWithin = 4 * time.Second
	// tries bounds how often a client asks before it does something else and comes back later.
	tries = 6
	// The wait before a repeat begins with firstWait and doubles at most maxDoublings times.
	firstWait    = 20 * time.Millisecond
	maxDoublings = 5
)

// plan is what the crowd does.
type plan struct {
	persons int
	workers int           // that move the people, each its own
	every   time.Duration // a worker begins something new this often, if it is done with the last
	most    wallet.Money  // the largest grant
}

// crowd is the people and their clients.
type crowd struct {
	*witness
	plan
	activity wallet.ActivityID
	doors    []door
	people   []*person
	seed     uint64
}

func newCrowd(w *witness, p plan, activity wallet.ActivityID, doors []door, seed uint64) *crowd {
	c := &crowd{witness: w, plan: p, activity: activity, doors: doors, seed: seed}
	for i := range p.persons {
		c.people = append(c.people, &person{id: int64(i), caller: wallet.Caller{App: wallet.Douyin, User: wallet.UserID(i + 1)}})
	}
	return c
}

// live lets everybody win, look and withdraw until ctx ends. What is under way then is finished.
func (c *crowd) live(ctx context.Context) {
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

// act is one thing that somebody does. Who left something open comes back to it first, half the time.
func (c *crowd) act(ctx context.Context, r *rand.Rand, p *person) {
	if !p.settled() && r.IntN(2) == 0 {
		c.comeBack(ctx, p)
		return
	}
	switch n := r.IntN(100); {
	case n < 70:
		c.win(ctx, p, wallet.Money(1+r.Int64N(int64(c.most))), n < 5)
	case n < 90:
		_, _ = c.look(ctx, p, false)
	default:
		c.cashIn(ctx, p, wallet.Money(1+r.IntN(3)))
	}
}

// comeBack repeats what a person's client does not know the outcome of.
func (c *crowd) comeBack(ctx context.Context, p *person) {
	open := p.grants
	p.grants = nil
	for _, g := range open {
		c.pursue(ctx, p, g)
	}
	if p.payout != nil {
		c.claim(ctx, p)
	}
	if len(p.held) > 0 {
		_, _ = c.look(ctx, p, false)
	}
}

// settle lets everybody come back until nobody has anything open, at most until ctx ends. It returns how many have.
func (c *crowd) settle(ctx context.Context) (left int) {
	var mu sync.Mutex
	c.each(func(_ *rand.Rand, mine []*person) {
		for _, p := range mine {
			for !p.settled() && ctx.Err() == nil {
				c.comeBack(ctx, p)
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

// each divides the people among the workers and waits for all of them.
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

// ask asks a random instance once.
func ask[T any](ctx context.Context, c *crowd, what func(context.Context, door) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	return what(ctx, c.doors[rand.IntN(len(c.doors))])
}

// insist repeats a request, the same each time, while its outcome is unknown or nothing was done for want of capacity.
func (c *crowd) insist(ctx context.Context, request func() error) error {
	for try := 0; ; try++ {
		err := request()
		if !wallet.Retryable(err) || try == tries-1 || ctx.Err() != nil {
			return err
		}
		wait := firstWait << min(try, maxDoublings)
		pause(ctx, wait+time.Duration(rand.Int64N(int64(wait))))
	}
}

// unknown says whether an answer leaves open whether anything was done.
func unknown(err error) bool { return err != nil && wallet.CodeOf(err) == wallet.CodeUnknown }

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
