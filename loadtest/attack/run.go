package attack

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// run is one run under way.
type run[T any] struct {
	config  Config
	sender  Sender[T]
	sending context.Context // given to the sender
	start   time.Time       // moments count from here
	stopped chan struct{}   // closed: nothing more is to be sent
	offered time.Duration   // how long operations are offered; set before the cut
	cut     atomic.Bool     // nothing is to be sent any more, and what fails now was cut off by us
	answer  *http.Response

	book      *book
	feeds     []*feed[T]
	attackers []*attacker[T]
	dealer    *dealer[T]
}

// grace is how long workers may take to come back once their context has ended.
const grace = 2 * time.Second

// now returns the moment on the run's clock, which does not jump.
func (r *run[T]) now() time.Duration { return time.Since(r.start) }

// Run offers the plan to the sender and returns what became of it. When ctx ends, nothing more is sent, and the report
// covers what had fallen due until then.
//
// Errors: ErrConfig, without a report; ErrPlan and ErrBooks, with one. A target that fails is no error: it is counted.
func Run[T any](ctx context.Context, c Config, p Plan[T], s Sender[T]) (*Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r := newRun(c, p, s)
	return r.run(ctx)
}

func newRun[T any](c Config, p Plan[T], s Sender[T]) *run[T] {
	r := &run[T]{config: c, sender: s, stopped: make(chan struct{}), answer: answer()}
	r.book = newBook(newSeries(c.Duration, len(c.Kinds)), c.Attackers*shardsEach, len(c.Kinds))
	for i := range c.Attackers {
		f := newFeed[T]()
		limit := c.MaxInFlight / c.Attackers
		if i < c.MaxInFlight%c.Attackers {
			limit++
		}
		r.feeds = append(r.feeds, f)
		r.attackers = append(r.attackers, newAttacker(r, f, r.book.shards[i*shardsEach:(i+1)*shardsEach], limit))
	}
	r.dealer = newDealer(c, p, r.feeds, r.book.series)
	return r
}

func (r *run[T]) run(ctx context.Context) (*Report, error) {
	sending, cancel := detached(ctx)
	defer cancel()
	r.sending = sending

	dealt := make(chan error, 1)
	go func() { dealt <- r.dealer.run(r.stopped) }()
	<-r.dealer.ready // the first operations are at hand before the clock starts

	r.start = time.Now()
	m := newMonitor(r.now, time.Now)
	watched := r.watch(m)
	back := r.attack()

	e := r.wait(ctx, dealt, back)
	r.offered = r.config.Duration
	if e.early {
		r.offered = min(r.now(), r.offered)
	}
	r.stop(cancel, back)
	if !e.dealt {
		e.err = <-dealt
	}
	r.close()
	elapsed := r.now()
	<-watched

	rep := newReport(r.config, r.book)
	rep.Started, rep.Offered, rep.Elapsed, rep.Interrupted = r.start, r.offered, elapsed, e.early
	workers, full := r.workers()
	rep.Health = m.report(rep, workers, int64(r.config.MaxInFlight), full, r.book.lateness())
	if r.config.Progress != nil {
		r.tell()
	}
	return rep, errors.Join(e.err, rep.check(r.book))
}

// attack starts the attackers; what it returns is closed when all their workers are back.
func (r *run[T]) attack() <-chan struct{} {
	var all sync.WaitGroup
	for _, a := range r.attackers {
		all.Go(a.attack)
	}
	back := make(chan struct{})
	go func() {
		all.Wait()
		close(back)
	}()
	return back
}

// ending says why a run ended.
type ending struct {
	early bool  // before its plan did
	dealt bool  // the dealer has returned, with err
	err   error // of the plan
}

// wait returns when the run is to end: all is done, or ctx is, or the plan broke its promise, or the time to settle is up.
func (r *run[T]) wait(ctx context.Context, dealt <-chan error, back <-chan struct{}) ending {
	last := time.NewTimer(r.config.Duration + r.config.Patience + r.config.Settle)
	defer last.Stop()
	var e ending
	for {
		select {
		case <-ctx.Done():
			e.early = true
			return e
		case <-back:
			if !e.dealt { // the dealer has ended the feeds, and is about to say how
				e.dealt, e.err = true, <-dealt
			}
			e.early = e.err != nil
			return e
		case <-last.C:
			return e
		case e.err = <-dealt:
			e.dealt, dealt = true, nil
			if e.err != nil {
				e.early = true
				return e
			}
		}
	}
}

// stop ends all sending and waits for the workers, though not for ever: the operations of a sender that does not heed its
// context stay in flight, and its goroutines with them.
func (r *run[T]) stop(cancel context.CancelFunc, back <-chan struct{}) {
	r.cut.Store(true)
	close(r.stopped)
	for _, a := range r.attackers {
		a.hits.Stop()
	}
	cancel()
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-back:
	case <-t.C:
	}
}

// close counts what was never taken and closes the books: what was due by the end of the offer is unsent, the rest was
// never asked for.
func (r *run[T]) close() {
	left := r.dealer.left()
	for i, f := range r.feeds {
		taken, ops := f.close()
		left = append(left, ops...)
		r.attackers[i].settle(taken)
	}
	for _, op := range left {
		r.book.leave(r.book.shards[0], op.At, op.Kind, r.offered)
	}
	r.book.close()
}

// watch samples the run's health and tells its progress until the run is stopped; what it returns is closed then.
func (r *run[T]) watch(m *monitor) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(sampleEvery)
		defer t.Stop()
		for n := 1; ; n++ {
			select {
			case <-t.C:
			case <-r.stopped:
				m.sample()
				return
			}
			m.sample()
			if r.config.Progress != nil && n%samplesPerProgress == 0 {
				r.tell()
			}
		}
	}()
	return done
}

// workers returns how many were in use at most, and when all of an attacker's first were; 0 = never.
func (r *run[T]) workers() (most int64, full time.Duration) {
	for _, a := range r.attackers {
		most += a.most.Load()
		if at := time.Duration(a.full.Load()); at > 0 && (full == 0 || at < full) {
			full = at
		}
	}
	return most, full
}

func (r *run[T]) tell() {
	p := r.book.progress()
	p.Elapsed = r.now()
	r.config.Progress(p)
}
