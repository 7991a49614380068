package world

import (
	"fmt"
	"iter"
	"math"
	"runtime/debug"
	"time"
)

// maxIdle bounds the finished coroutines kept for reuse. Starting one costs about four times a switch, so a pool
// pays, but after a burst the stacks beyond this many are given back.
const maxIdle = 8192

// process is one pooled coroutine. It runs one function after another.
type process struct {
	ref   uint32 // its task
	fn    func()
	next  func() (struct{}, bool) // switches to the process
	stop  func()                  // unwinds it
	yield func(struct{}) bool     // switches back to the loop; false means unwind
	after *process                // behind it at the same gate
	tag   int64                   // see Tag
}

// closing is what a process that Close unwinds sees as its panic; deferred functions run, and nobody else gets it.
type closing struct{}

// Panic is what Run and RunUntil panic with when a process did.
type Panic struct {
	Value any    // what the process panicked with
	Stack []byte // of the process
}

// Error returns the value and the stack as text.
func (p *Panic) Error() string {
	return fmt.Sprintf("world: process panicked: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value when it is an error, otherwise nil.
func (p *Panic) Unwrap() error {
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
		t = math.MaxInt64 // longer than the clock goes
	}
	if w.nextIsMine(t) {
		w.advance(t)
		return
	}
	w.enter(t, p.ref)
	w.park(p)
}

// Tag returns the number that SetTag hung on the current process, 0 for one that just started. A process is known by
// it to whoever lends it something that can be taken back meanwhile, such as the life of a machine.
func (w *World) Tag() int64 { return w.current.tag }

// SetTag hangs a number on the current process.
func (w *World) SetTag(n int64) { w.current.tag = n }

// nextIsMine says whether the loop, given a wake-up at t, would come straight back to the current process. Then
// Sleep need not switch: nothing is due before t or, scheduled earlier, at t; t is within the loop's limit; and the
// loop would not ask its stop first.
func (w *World) nextIsMine(t int64) bool {
	if t > w.limit || w.steps%askEvery == 0 || w.detour {
		return false
	}
	return w.calendar.Len() == 0 || t < w.calendar.First().At
}

// park hands control back to the loop until the process is resumed. In a process that is being unwound yield says
// false at once.
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
		p.next, p.stop = iter.Pull(w.life(p))
	}
	p.fn, p.tag = fn, 0
	w.resume(p)
}

func (w *World) resume(p *process) {
	w.current = p
	p.next()
	w.current = nil
}

// life is what a process does: its function, then another when it was pooled, until the pool is full or it is
// unwound.
func (w *World) life(p *process) iter.Seq[struct{}] {
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

// end is deferred by life. A panic goes on to whoever resumed the process, with the stack that would be lost there.
func (w *World) end(p *process) {
	w.tasks.remove(p.ref)
	switch v := recover().(type) {
	case nil, closing:
	case *Panic: // from a world inside this one: wrapped once is enough
		panic(v)
	default:
		panic(&Panic{Value: v, Stack: debug.Stack()})
	}
}

// Close unwinds every process that still waits: its deferred functions run, and may not wait any more. No goroutine
// is left. The world can be looked at afterwards, but not run. When deferred functions panic, Close goes on with the
// others and then panics with the first *Panic. Closing twice is allowed; closing from within Run is not.
func (w *World) Close() {
	if w.running {
		panic("world: Close while running")
	}
	w.closed = true
	w.calendar, w.idle = calendar{}, nil
	var first *Panic
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

// unwind stops one process. It stays the current one meanwhile, so that a Sleep in a deferred function ends it too.
func (w *World) unwind(p *process) (failure *Panic) {
	defer func() {
		w.current = nil
		failure, _ = recover().(*Panic)
	}()
	w.current = p
	p.stop()
	return nil
}
