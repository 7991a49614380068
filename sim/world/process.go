package world

import (
	"fmt"
	"iter"
	"math"
	"runtime/debug"
	"time"
)

// maxIdle bounds the finished coroutines kept for reuse. Starting one costs about four times a switch, so a pool is
// worthwhile; after a burst, further stacks are released.
const maxIdle = 8192

// process is one pooled coroutine. It runs one function after another.
type process struct {
	ref   uint32 // its task
	fn    func()
	next  func() (struct{}, bool) // switches to the process
	stop  func()                  // unwinds it
	yield func(struct{}) bool     // switches back to the loop; false means unwind
	after *process                // the next one at the same gate
	tag   int64                   // see Tag
}

// closing is the panic value in a process that Close unwinds. Deferred functions run, and the value does not reach the caller.
type closing struct{}

// processPanic is the panic value of Run and RunUntil after a panic in a process.
type processPanic struct {
	Value any    // what the process panicked with
	Stack []byte // of the process
}

// Error returns the value and the stack as text.
func (p *processPanic) Error() string {
	return fmt.Sprintf("world: process panicked: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value when it is an error, otherwise nil.
func (p *processPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Sleep lets d of virtual time pass for the current process; zero or less returns at once. It panics outside a
// process.
func (w *World) Sleep(d time.Duration) {
	p := w.current
	if p == nil {
		panic("world: Sleep outside a process")
	}
	if d <= 0 {
		return
	}
	t := w.now + int64(d)
	if t < w.now {
		t = math.MaxInt64 // beyond the end of the clock
	}
	if w.nextIsMine(t) {
		w.advance(t)
		return
	}
	w.enter(t, p.ref)
	w.park(p)
}

// Tag returns the number set by SetTag in the current process, 0 for a process that just started. The owner of a revocable
// resource uses it to recognise the process, for example by the incarnation of a machine.
func (w *World) Tag() int64 { return w.current.tag }

// SetTag sets the number of the current process.
func (w *World) SetTag(n int64) { w.current.tag = n }

// nextIsMine reports whether the loop would resume the current process next, given a wake-up at t. Then Sleep need not
// switch: no event is due before t or, scheduled earlier, at t; t is within the loop's limit; and the loop would not call
// its stop function first.
func (w *World) nextIsMine(t int64) bool {
	if t > w.limit || w.steps%stopEvery == 0 || w.detour {
		return false
	}
	return w.calendar.Len() == 0 || t < w.calendar.First().At
}

// park returns control to the loop until the process is resumed. In a process that is being unwound yield returns false
// at once.
func (w *World) park(p *process) {
	w.waiting++
	if !p.yield(struct{}{}) {
		w.waiting--
		panic(closing{})
	}
}

// start runs fn in a process, an idle one if there is any.
func (w *World) start(fn func()) {
	var p *process
	if n := len(w.idle); n > 0 {
		p = w.idle[n-1]
		w.idle = w.idle[:n-1]
	} else {
		p = &process{}
		p.ref = w.tasks.add(task{process: p})
		p.next, p.stop = iter.Pull(w.body(p))
	}
	p.fn, p.tag = fn, 0
	w.resume(p)
}

func (w *World) resume(p *process) {
	w.current = p
	p.next()
	w.current = nil
}

// body returns the body of a process: it runs its function, then further ones after each return to the pool, until the
// pool is full or the process is unwound.
func (w *World) body(p *process) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		defer w.end(p)
		p.yield = yield
		for {
			p.fn()
			p.fn = nil
			if len(w.idle) == maxIdle {
				return
			}
			w.idle = append(w.idle, p)
			if !yield(struct{}{}) {
				return
			}
		}
	}
}

// end is deferred by body. A panic is passed on to the resumer of the process, with the stack that would otherwise be lost.
func (w *World) end(p *process) {
	w.tasks.remove(p.ref)
	switch v := recover().(type) {
	case nil, closing:
	case *processPanic: // from a world inside this one: do not wrap it again
		panic(v)
	default:
		panic(&processPanic{Value: v, Stack: debug.Stack()})
	}
}

// Close unwinds every waiting process: its deferred functions run, and must not wait. No goroutine is left. The world can
// still be inspected afterwards, but not run. If deferred functions panic, Close continues with the other processes and
// then panics with the first *Panic. Closing twice is allowed; closing from within Run is not.
func (w *World) Close() {
	if w.running {
		panic("world: Close while running")
	}
	w.closed = true
	w.calendar, w.idle = calendar{}, nil
	var first *processPanic
	for ref := range w.tasks.list {
		if p := w.tasks.list[ref].process; p != nil {
			if failure := w.unwind(p); first == nil {
				first = failure
			}
		}
	}
	w.tasks = tasks{}
	if first != nil {
		panic(first)
	}
}

// unwind stops one process. It stays the current process meanwhile, so that a Sleep in a deferred function also ends it.
func (w *World) unwind(p *process) (failure *processPanic) {
	defer func() {
		w.current = nil
		failure, _ = recover().(*processPanic)
	}()
	w.current = p
	p.stop()
	return nil
}
