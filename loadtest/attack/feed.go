package attack

import (
	"sync"
	"time"
)

// feedRoom is the number of operations buffered for one attacker: some 20 ms of the highest rate, so that the dealer
// may lose the processor for that long. A power of two.
const feedRoom = 4096

// feed passes one attacker's operations from the dealer through its pacer to its workers. Each operation is put, then
// paced, then taken, in order. A worker takes only paced operations, and vegeta releases one worker for each operation
// that is paced and due, so no operation is taken early. The pacer drops an operation that is already too late, and no
// worker is released for it: a late generator must not spend time on operations that it will not send.
type feed[T any] struct {
	mu                 sync.Mutex
	ops                [feedRoom]Op[T]
	dropped            [feedRoom]bool
	put, paced, taken  uint64 // counts so far; dropped operations count as taken once all before them are
	ended, closed      bool   // no more will be put; no more may be taken
	room, more         chan struct{}
	waiting, dealerOut bool // the pacer waits for more; the dealer waits for room
}

func newFeed[T any]() *feed[T] {
	return &feed[T]{room: make(chan struct{}, 1), more: make(chan struct{}, 1)}
}

// add puts a batch, and waits for room. It returns the number put; fewer than all if stop was closed.
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

// end signals that no more will be put.
func (f *feed[T]) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	signal(f.more)
}

// paced is an operation that the pacer has processed.
type paced struct {
	at      time.Duration // its due time
	kind    uint8
	dropped bool // it was too late to send
}

// pace releases the next operation, or drops it if it was due before oldest. It waits for the dealer. False: there are
// no more, or stop was closed.
func (f *feed[T]) pace(oldest time.Duration, stop <-chan struct{}) (paced, bool) {
	for {
		select {
		case <-stop: // vegeta may call Pace for a while after the stop
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

// skip removes dropped operations that have no untaken operation before them, and reports whether to wake the dealer.
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

// take returns the next paced operation. False: the feed was closed, and its closer has counted the operation.
func (f *feed[T]) take() (Op[T], bool) {
	f.mu.Lock()
	if f.closed || f.taken == f.paced {
		f.mu.Unlock()
		return Op[T]{}, false
	}
	slot := &f.ops[f.taken%feedRoom]
	op := *slot
	*slot = Op[T]{} // the payload must be collectable after the operation
	f.taken++
	wake := f.skip()
	f.mu.Unlock()
	if wake {
		signal(f.room)
	}
	return op, true
}

// close returns the number of operations taken or dropped, and the operations that were put but not taken. Afterwards
// nothing can be taken.
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

// signal wakes the goroutine that waits on c, or the next one that will.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
