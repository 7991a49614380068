package attack

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// attacker is one of vegeta's, and the hooks by which it does our work: vegeta calls Pace before each hit, lets a worker
// go when the operation is due, and the worker comes to RoundTrip, where the sender does the rest.
type attacker[T any] struct {
	run    *run[T]
	feed   *feed[T]
	shards []*shard // of the books: this attacker's
	hits   *vegeta.Attacker
	limit  int64   // on workers
	naps   *napper // of the goroutine that paces; nil = time.Sleep will do

	next     atomic.Uint32 // which shard comes next
	inFlight atomic.Int64
	most     atomic.Int64 // in flight at a time
	full     atomic.Int64 // moment at which all workers were first in use, ns; 0 = never
}

// prepared is how many workers an attacker has before the start; more are added when all are in use.
const prepared = 64

func newAttacker[T any](r *run[T], f *feed[T], shards []*shard, limit int) *attacker[T] {
	a := &attacker[T]{run: r, feed: f, shards: shards, limit: int64(limit)}
	a.hits = vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: a}), vegeta.MaxBody(0),
		vegeta.Workers(uint64(min(prepared, limit))), vegeta.MaxWorkers(uint64(limit)))
	return a
}

// attack runs until the feed ends or the run is stopped, and all workers are back.
func (a *attacker[T]) attack() {
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, "/"
		return nil
	}
	a.naps = newNapper()
	for range a.hits.Attack(target, a, 0, "") { // nothing is kept of a result: the books have it
	}
	if a.naps != nil {
		a.naps.close()
	}
}

// longWait is the longest wait that is left to vegeta, which does not wake when a run is stopped.
const longWait = 20 * time.Millisecond

// Pace implements vegeta.Pacer: it lets the next operation go that is not too late, and returns how long until it is due,
// on the run's own clock. What is due already waits for nothing, so that all that fell due in an overlong sleep goes at
// once.
func (a *attacker[T]) Pace(time.Duration, uint64) (wait time.Duration, stop bool) {
	r := a.run
	next, ok := a.feed.pace(r.now()-r.config.Patience, r.stopped)
	for ; ok && next.dropped; next, ok = a.feed.pace(r.now()-r.config.Patience, r.stopped) {
		r.book.leave(a.shards[0], next.at, next.kind, r.config.Duration)
	}
	if !ok {
		return 0, true
	}
	wait = next.at - r.now()
	if wait > longWait {
		if !r.sleep(wait - longWait/2) {
			return 0, true
		}
		wait = next.at - r.now()
	}
	if wait > 0 && a.naps != nil {
		wait = a.nap(next.at)
	}
	return max(wait, 0), false
}

// shortNap is the least that an attacker naps: waking for each operation of a high rate would cost more than the
// operations do. What falls due meanwhile is late by a quarter of a millisecond on average, as against a whole one.
const shortNap = 500 * time.Microsecond

// nap waits until the moment at, and returns what is left to wait.
func (a *attacker[T]) nap(at time.Duration) time.Duration {
	before := a.run.now()
	err := a.naps.nap(max(at-before, shortNap))
	after := a.run.now()
	if err != nil || after == before {
		// The run's clock is not the kernel's, as in a test in virtual time; time.Sleep goes by it.
		a.naps.close()
		a.naps = nil
	}
	return at - after
}

// Rate implements vegeta.Pacer. Nobody asks: the rate is the plan's.
func (a *attacker[T]) Rate(time.Duration) float64 { return 0 }

// RoundTrip implements http.RoundTripper for vegeta's workers. The request says nothing; the next paced operation is the
// one to do. The answer is for vegeta alone.
func (a *attacker[T]) RoundTrip(*http.Request) (*http.Response, error) {
	if op, ok := a.feed.take(); ok {
		a.do(op)
	}
	return a.run.answer, nil
}

// do sends one operation, or leaves it out, and counts it.
func (a *attacker[T]) do(op Op[T]) {
	r := a.run
	s := a.shards[a.next.Add(1)%shardsEach]
	sent := r.now()
	late := sent - op.At
	if late > r.config.Patience {
		r.book.leave(s, op.At, op.Kind, r.config.Duration)
		return
	}
	if r.cut.Load() {
		r.book.leave(s, op.At, op.Kind, r.offered)
		return
	}
	if !r.book.begin(s, op.At, op.Kind, late) {
		return
	}
	a.enter(sent)
	o := a.send(s, op)
	a.inFlight.Add(-1)
	r.book.end(s, op.At, op.Kind, sent, r.now(), o, r.cut.Load())
}

func (a *attacker[T]) send(s *shard, op Op[T]) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			a.run.book.panicked(s, p)
			o = Failed
		}
	}()
	return a.run.sender.Send(a.run.sending, op)
}

// enter counts a worker in use.
func (a *attacker[T]) enter(now time.Duration) {
	n := a.inFlight.Add(1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	if n >= a.limit {
		a.full.CompareAndSwap(0, int64(max(now, 1)))
	}
}

// settle waits until all that was taken is counted, which takes a worker a moment.
func (a *attacker[T]) settle(taken uint64) {
	for range settleTries {
		counted := uint64(0)
		for _, s := range a.shards {
			s.mu.Lock()
			counted += uint64(s.recalled)
			for i := range s.kinds {
				counted += uint64(s.kinds[i].sent + s.kinds[i].unsent)
			}
			s.mu.Unlock()
		}
		if counted == taken {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// settleTries bounds the wait for a worker that has taken an operation and not yet counted it, which no call of others
// stands between. If it is not enough, the check of the books says so.
const settleTries = 2000

// answer returns the one response that vegeta gets, over and over. It reads it and changes nothing.
func answer() *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: http.NoBody, Header: http.Header{}}
}

var _ http.RoundTripper = (*attacker[int])(nil)
var _ vegeta.Pacer = (*attacker[int])(nil)

// sleep waits for d. False: the run was stopped.
func (r *run[T]) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.stopped:
		return false
	}
}

// detached returns a context that keeps ctx's values and ends by cancel alone, so that the run can say first that what
// fails from then on was cut off.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithoutCancel(ctx))
}
