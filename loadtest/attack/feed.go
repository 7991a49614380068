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
// paced and due; so no operation is taken before its time.
type feed[T any] struct {
	mu                 sync.Mutex
	ops                [feedRoom]Op[T]
	put, paced, taken  uint64 // how many so far
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

// pace lets the next operation go and returns when it is due; it waits for the dealer. False: there is none, or stop was
// closed.
func (f *feed[T]) pace(stop <-chan struct{}) (time.Duration, bool) {
	for {
		select {
		case <-stop: // vegeta may ask on for a while
			return 0, false
		default:
		}
		f.mu.Lock()
		if f.closed {
			f.mu.Unlock()
			return 0, false
		}
		if f.paced < f.put {
			at := f.ops[f.paced%feedRoom].At
			f.paced++
			f.mu.Unlock()
			return at, true
		}
		ended := f.ended
		f.waiting = !ended
		f.mu.Unlock()
		if ended {
			return 0, false
		}
		select {
		case <-f.more:
		case <-stop:
			return 0, false
		}
	}
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
	wake := f.dealerOut && f.put-f.taken <= feedRoom/2
	if wake {
		f.dealerOut = false
	}
	f.mu.Unlock()
	if wake {
		signal(f.room)
	}
	return op, true
}

// close returns how many were taken, and those that were put and not taken; nothing can be taken any more.
func (f *feed[T]) close() (taken uint64, left []Op[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	taken = f.taken
	for ; f.taken < f.put; f.taken++ {
		left = append(left, f.ops[f.taken%feedRoom])
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
