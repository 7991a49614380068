package attack

import (
	"sync"
	"time"
)

// feedRoom is how many operations wait for one attacker: some 20 ms of the highest rate, so that the dealer may lose the
// processor for that long. A power of two.
const feedRoom = 4096

// feed carries one attacker's operations from the dealer over its pacer to its workers. Each operation is put, then
// paced, then taken, in order. A worker takes only what has been paced, and vegeta lets one worker go for each that is
// paced and due; so no operation is taken before its time. What is too late already when its turn comes is dropped by
// the pacer, and no worker goes for it: a generator that is behind must not spend its time on what it leaves out.
type feed[T any] struct {
	mu                 sync.Mutex
	ops                [feedRoom]Op[T]
	dropped            [feedRoom]bool
	put, paced, taken  uint64 // how many so far; the dropped are taken when nothing before them is left
	ended, closed      bool   // no more will be put; no more may be taken
	room, more         chan struct{}
	waiting, dealerOut bool // the pacer waits for more; the dealer for room
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{room: make(chan struct{}, 1), more: make(chan struct{}, 1)}
}

// add puts a batch, and waits for room. It returns how many were put; fewer than all: stop was closed.
func (f *feed[T]) add(batch []Op[T], stop <-chan struct{}) int {
	done := 0
	for {
		f.mu.Lock()
		for done < len(batch) && f.put-f.taken < feedRoom && !f.closed {
			f.ops[f.put%feedRoom] = batch[done]
			f.put++
			done++
		}
		f.dealerOut = done < len(batch)
		wake := f.waiting
		f.waiting = false
		f.mu.Unlock()
		if wake {
			signal(f.more)
		}
		if done == len(batch) {
			return done
		}
		select {
		case <-f.room:
		case <-stop:
			return done
		}
	}
}

// end says that no more will be put.
func (f *feed[T]) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	signal(f.more)
}

// paced is an operation whose turn has come.
type paced struct {
	at      time.Duration // when it is due
	kind    uint8
	dropped bool // it was due before the oldest that is still worth sending
}

// pace lets the next operation go, or drops it if it was due before oldest; it waits for the dealer. False: there is
// none, or stop was closed.
func (f *feed[T]) pace(oldest time.Duration, stop <-chan struct{}) (paced, bool) {
	for {
		select {
		case <-stop: // vegeta may ask on for a while
			return paced{}, false
		default:
		}
		f.mu.Lock()
		if f.paced < f.put && !f.closed {
			op := &f.ops[f.paced%feedRoom]
			p := paced{at: op.At, kind: op.Kind, dropped: op.At < oldest}
			f.dropped[f.paced%feedRoom] = p.dropped
			f.paced++
			wake := p.dropped && f.skip()
			f.mu.Unlock()
			if wake {
				signal(f.room)
			}
			return p, true
		}
		ended := f.ended || f.closed
		f.waiting = !ended
		f.mu.Unlock()
		if ended {
			return paced{}, false
		}
		select {
		case <-f.more:
		case <-stop:
			return paced{}, false
		}
	}
}

// skip passes over what was dropped and has nothing before it, and says whether the dealer is to be woken.
func (f *feed[T]) skip() (wake bool) {
	for f.taken < f.paced && f.dropped[f.taken%feedRoom] {
		f.ops[f.taken%feedRoom] = Op[T]{}
		f.dropped[f.taken%feedRoom] = false
		f.taken++
	}
	if wake = f.dealerOut && f.put-f.taken <= feedRoom/2; wake {
		f.dealerOut = false
	}
	return wake
}

// take returns the next paced operation. False: the run is over, and whoever closed the feed has counted it.
func (f *feed[T]) take() (Op[T], bool) {
	f.mu.Lock()
	if f.closed || f.taken == f.paced {
		f.mu.Unlock()
		return Op[T]{}, false
	}
	slot := &f.ops[f.taken%feedRoom]
	op := *slot
	*slot = Op[T]{} // what the sender needs must not live longer than the operation
	f.taken++
	wake := f.skip()
	f.mu.Unlock()
	if wake {
		signal(f.room)
	}
	return op, true
}

// close returns how many were taken or dropped, and those that were put and were not; nothing can be taken any more.
func (f *feed[T]) close() (taken uint64, left []Op[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	taken = f.taken
	for ; f.taken < f.put; f.taken++ {
		if slot := f.taken % feedRoom; f.dropped[slot] {
			taken++
		} else {
			left = append(left, f.ops[slot])
		}
		f.ops[f.taken%feedRoom] = Op[T]{}
	}
	f.paced = f.taken
	return taken, left
}

// signal wakes the one that waits on c, or the next that will.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
