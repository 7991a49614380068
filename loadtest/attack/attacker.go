package attack

import (
	"net/http"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// attacker is a vegeta attacker with the hooks that connect it to this package: vegeta calls Pace before each hit,
// releases a worker when the operation is due, and the worker calls RoundTrip, which calls the sender.
type attacker[T any] struct {
	run     *run[T]
	feed    *feed[T]
	shards  []*shard // this attacker's shards of the recorder
	hits    *vegeta.Attacker
	limit   int64           // on workers
	sleeper *timerfdSleeper // of the pacing goroutine; nil: time.Sleep is used

	next     atomic.Uint32 // index of the next shard
	inFlight atomic.Int64
	most     atomic.Int64 // maximum in flight
	full     atomic.Int64 // time at which all workers were first in use, ns; 0 = never
}

// initialWorkers is the number of an attacker's workers at the start. More are added when all are in use.
const initialWorkers = 64

func newAttacker[T any](r *run[T], f *feed[T], shards []*shard, limit int) *attacker[T] {
	a := &attacker[T]{run: r, feed: f, shards: shards, limit: int64(limit)}
	a.hits = vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: a}), vegeta.MaxBody(0),
		vegeta.Workers(uint64(min(initialWorkers, limit))), vegeta.MaxWorkers(uint64(limit)))
	return a
}

// attack runs until the feed ends or the run is stopped, and all workers are done.
func (a *attacker[T]) attack() {
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, "/"
		return nil
	}
	a.sleeper = newTimerfdSleeper()
	for range a.hits.Attack(target, a, 0, "") { // results are discarded: the recorder has the counts
	}
	if a.sleeper != nil {
		a.sleeper.close()
	}
}

// maxVegetaWait is the longest wait that is left to vegeta, which does not wake when a run is stopped.
const maxVegetaWait = 20 * time.Millisecond

// Pace implements vegeta.Pacer: it releases the next operation that is not too late, and returns the time until it is
// due, on the run's own clock. An overdue operation does not wait, so that after an overlong sleep all overdue
// operations are sent at once.
func (a *attacker[T]) Pace(time.Duration, uint64) (wait time.Duration, stop bool) {
	r := a.run
	next, ok := a.feed.pace(r.now()-r.config.Patience, r.stopped)
	for ; ok && next.dropped; next, ok = a.feed.pace(r.now()-r.config.Patience, r.stopped) {
		r.recorder.skip(a.shards[0], next.at, next.kind, r.config.Duration)
	}
	if !ok {
		return 0, true
	}
	wait = next.at - r.now()
	if wait > maxVegetaWait {
		if !r.sleep(wait - maxVegetaWait/2) {
			return 0, true
		}
		wait = next.at - r.now()
	}
	if wait > 0 && a.sleeper != nil {
		wait = a.sleepUntil(next.at)
	}
	return max(wait, 0), false
}

// minSleep is the shortest sleep of an attacker: waking for each operation of a high rate would cost more than the
// operations do. Operations due meanwhile are late by a quarter of a millisecond on average, instead of a whole one.
const minSleep = 500 * time.Microsecond

// sleepUntil waits until the time at, and returns the remaining wait.
func (a *attacker[T]) sleepUntil(at time.Duration) time.Duration {
	before := a.run.now()
	err := a.sleeper.sleep(max(at-before, minSleep))
	after := a.run.now()
	if err != nil || after == before {
		// The run's clock is not the kernel's, as in a test in virtual time; time.Sleep follows the run's clock.
		a.sleeper.close()
		a.sleeper = nil
	}
	return at - after
}

// Rate implements vegeta.Pacer. vegeta does not use it here: the plan sets the rate.
func (a *attacker[T]) Rate(time.Duration) float64 { return 0 }

// RoundTrip implements http.RoundTripper for vegeta's workers. It ignores the request and carries out the next paced
// operation. vegeta gets a fixed response.
func (a *attacker[T]) RoundTrip(*http.Request) (*http.Response, error) {
	if op, ok := a.feed.take(); ok {
		a.do(op)
	}
	return a.run.answer, nil
}

// do sends one operation, or skips it, and counts it.
func (a *attacker[T]) do(op Op[T]) {
	r := a.run
	s := a.shards[a.next.Add(1)%shardsPerAttacker]
	sent := r.now()
	late := sent - op.At
	if late > r.config.Patience {
		r.recorder.skip(s, op.At, op.Kind, r.config.Duration)
		return
	}
	if r.cut.Load() {
		r.recorder.skip(s, op.At, op.Kind, r.offered)
		return
	}
	if !r.recorder.begin(s, op.At, op.Kind, late) {
		return
	}
	a.workerStarted(sent)
	o := a.send(s, op)
	a.inFlight.Add(-1)
	r.recorder.end(s, op.At, op.Kind, sent, r.now(), o, r.cut.Load())
}

func (a *attacker[T]) send(s *shard, op Op[T]) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			a.run.recorder.panicked(s, p)
			o = Failed
		}
	}()
	return a.run.sender.Send(a.run.sending, op)
}

// workerStarted counts a worker in use.
func (a *attacker[T]) workerStarted(now time.Duration) {
	n := a.inFlight.Add(1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	if n >= a.limit {
		a.full.CompareAndSwap(0, int64(max(now, 1)))
	}
}

// settle waits until every taken operation is counted, which takes a worker a moment.
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

// settleTries bounds the wait for a worker that has taken an operation and not counted it yet. Nothing blocks between
// the two. If the wait is too short, the check of the counts reports it.
const settleTries = 2000

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
