package attack

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// run is a run in progress.
type run[T any] struct {
	config  Config
	sender  Sender[T]
	sending context.Context // given to the sender
	start   time.Time       // zero of the run's clock
	stopped chan struct{}   // closed when nothing more may be sent
	offered time.Duration   // how long operations are offered; set before the cut
	cut     atomic.Bool     // nothing more may be sent, and failures from now on are caused by the run's end
	answer  *http.Response  // what vegeta gets for every hit; vegeta does not change it

	recorder  *recorder
	feeds     []*feed[T]
	attackers []*attacker[T]
	dealer    *dealer[T]
}

// stopTimeout bounds the wait for workers after their context has ended.
const stopTimeout = 2 * time.Second

// now returns the time on the run's clock, which is monotonic.
func (r *run[T]) now() time.Duration { return time.Since(r.start) }

// Run offers the plan to the sender and returns the result. When ctx ends, nothing more is sent, and the report covers
// the operations due until then.
//
// Errors: ErrConfig, without a report; with one, a plan that violated its contract, or counts that do not add up. Failures
// of the target are counted, not returned.
func Run[T any](ctx context.Context, c Config, p Plan[T], s Sender[T]) (*Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r := newRun(c, p, s)
	return r.run(ctx)
}

func newRun[T any](c Config, p Plan[T], s Sender[T]) *run[T] {
	r := &run[T]{config: c, sender: s, stopped: make(chan struct{}),
		answer: &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: http.NoBody, Header: http.Header{}}}
	r.recorder = newRecorder(newSeries(c.Duration, len(c.Kinds)), c.Attackers*shardsPerAttacker, len(c.Kinds))
	for i := range c.Attackers {
		f := newFeed[T]()
		limit := c.MaxInFlight / c.Attackers
		if i < c.MaxInFlight%c.Attackers {
			limit++
		}
		r.feeds = append(r.feeds, f)
		r.attackers = append(r.attackers, newAttacker(r, f, r.recorder.shards[i*shardsPerAttacker:(i+1)*shardsPerAttacker], limit))
	}
	r.dealer = newDealer(c, p, r.feeds, r.recorder.series)
	return r
}

func (r *run[T]) run(ctx context.Context) (*Report, error) {
	// Only cancel ends sending, so that the cut is recorded before senders fail because of it.
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r.sending = sending

	dealt := make(chan error, 1)
	go func() { dealt <- r.dealer.run(r.stopped) }()
	<-r.dealer.ready // the first operations are ready before the clock starts

	r.start = time.Now()
	m := newMonitor(r.now, time.Now)
	watched := r.watch(m)
	workersDone := r.attack()

	e := r.wait(ctx, dealt, workersDone)
	r.offered = r.config.Duration
	if e.early {
		r.offered = min(r.now(), r.offered)
	}
	r.stop(cancel, workersDone)
	if !e.dealt {
		e.err = <-dealt
	}
	r.close()
	elapsed := r.now()
	<-watched

	rep := newReport(r.config, r.recorder)
	rep.Started, rep.Offered, rep.Elapsed, rep.Interrupted = r.start, r.offered, elapsed, e.early
	workers, full := r.workers()
	rep.Health = m.report(rep, workers, int64(r.config.MaxInFlight), full, r.recorder.lateness())
	if r.config.Progress != nil {
		r.reportProgress()
	}
	return rep, errors.Join(e.err, rep.check(r.recorder))
}

// attack starts the attackers. The returned channel is closed when all their workers are done.
func (r *run[T]) attack() <-chan struct{} {
	var all sync.WaitGroup
	for _, a := range r.attackers {
		all.Go(a.attack)
	}
	workersDone := make(chan struct{})
	go func() {
		all.Wait()
		close(workersDone)
	}()
	return workersDone
}

// runEnd is why a run ended.
type runEnd struct {
	early bool  // before its plan ended
	dealt bool  // the dealer has returned, with err
	err   error // of the plan
}

// wait returns when the run has to end: all is done, ctx has ended, the plan violated its contract, or the settle time
// is over.
func (r *run[T]) wait(ctx context.Context, dealt <-chan error, workersDone <-chan struct{}) runEnd {
	last := time.NewTimer(r.config.Duration + r.config.Patience + r.config.Settle)
	defer last.Stop()
	var e runEnd
	for {
		select {
		case <-ctx.Done():
			e.early = true
			return e
		case <-workersDone:
			if !e.dealt { // the dealer has ended the feeds, and is about to return its error
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

// stop ends all sending and waits for the workers, at most stopTimeout: the operations of a sender that ignores its
// context stay in flight, with their goroutines.
func (r *run[T]) stop(cancel context.CancelFunc, workersDone <-chan struct{}) {
	r.cut.Store(true)
	close(r.stopped)
	for _, a := range r.attackers {
		a.hits.Stop()
	}
	cancel()
	t := time.NewTimer(stopTimeout)
	defer t.Stop()
	select {
	case <-workersDone:
	case <-t.C:
	}
}

// close counts the operations that were never taken and closes the recorder: those due by the end of the offer are
// unsent, the rest no longer count as scheduled.
func (r *run[T]) close() {
	left := r.dealer.left()
	for i, f := range r.feeds {
		taken, ops := f.close()
		left = append(left, ops...)
		r.attackers[i].settle(taken)
	}
	for _, op := range left {
		r.recorder.skip(r.recorder.shards[0], op.At, op.Kind, r.offered)
	}
	r.recorder.close()
}

// watch samples the run's health and reports progress until the run is stopped. The returned channel is closed then.
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
				r.reportProgress()
			}
		}
	}()
	return done
}

// workers returns the maximum number in use, and when all workers of an attacker were first in use; 0 = never.
func (r *run[T]) workers() (most int64, full time.Duration) {
	for _, a := range r.attackers {
		most += a.most.Load()
		if at := time.Duration(a.full.Load()); at > 0 && (full == 0 || at < full) {
			full = at
		}
	}
	return most, full
}

func (r *run[T]) reportProgress() {
	p := r.recorder.progress()
	p.Elapsed = r.now()
	r.config.Progress(p)
}
