package world

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestNestedGo(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	start := w.Now()
	var log []string
	note := func(s string) { log = append(log, fmt.Sprintf("%d %s", w.Now()-start, s)) }
	w.Go(0, func() {
		note("parent")
		w.Go(w.Now(), func() {
			note("child")
			w.Sleep(2)
			note("child again")
		})
		note("parent goes on first")
		w.Sleep(1)
		note("parent again")
	})
	w.Run(nil)
	require.Equal(t, []string{"0 parent", "0 parent goes on first", "0 child", "1 parent again", "2 child again"}, log)
}

func TestSleepToTheEndOfTime(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	w.Go(0, func() { w.Sleep(1<<63 - 1) })
	w.Run(nil)
	require.Equal(t, int64(1<<63-1), w.Now(), "the sum must not wrap around")
}

func TestPanicSurfaces(t *testing.T) {
	cause := errors.New("ledger out of balance")
	for _, c := range []struct {
		name  string
		value any
		sleep bool // panic after the process was resumed
	}{
		{"text at the start", "broken", false}, // in the first switch to the process
		{"error after a sleep", cause, true},   // errors can be matched through the wrapping
	} {
		t.Run(c.name, func(t *testing.T) {
			w := New(1, epoch)
			defer w.Close()
			w.Go(0, func() { w.Sleep(time.Hour) }) // prevents the short cut in the second case
			w.Go(0, func() {
				if c.sleep {
					w.Sleep(2 * time.Hour)
				}
				breakInvariant(c.value)
			})
			p := caught(t, func() { w.Run(nil) })
			require.Equal(t, c.value, p.Value)
			require.Contains(t, string(p.Stack), "breakInvariant", "the stack is the process's")
			require.Contains(t, p.Error(), fmt.Sprint(c.value))
			require.Equal(t, c.value == cause, errors.Is(p, cause))
			require.PanicsWithValue(t, "world: Sleep outside a process", func() { w.Sleep(1) })
			require.NotPanics(t, func() { w.Run(nil) }, "the other processes may continue")
		})
	}
}

func TestPanicIsWrappedOnce(t *testing.T) {
	outer := New(1, epoch)
	defer outer.Close()
	outer.Go(0, func() {
		inner := New(2, epoch)
		defer inner.Close()
		inner.Go(0, func() { breakInvariant("inner") })
		inner.Run(nil)
	})
	require.Equal(t, "inner", caught(t, func() { outer.Run(nil) }).Value)
}

//go:noinline
func breakInvariant(v any) { panic(v) }

// caught returns the Panic that f ends with.
func caught(t *testing.T, f func()) (p *processPanic) {
	defer func() {
		var ok bool
		p, ok = recover().(*processPanic)
		require.True(t, ok, "no *Panic")
	}()
	f()
	return nil
}

// TestGoexit ends a process as a failed require in it does: the goroutine that runs the world ends too.
func TestGoexit(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	w.Go(0, runtime.Goexit)
	done, returned := make(chan bool), false
	go func() {
		defer close(done)
		w.Run(nil)
		returned = true
	}()
	<-done
	require.False(t, returned)
}

func TestCloseUnwinds(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	w := New(1, epoch)
	var never Gate
	var unwound []string
	later := func() { t.Error("must not run") }
	wait := func(name string, parked func()) {
		w.Go(0, func() {
			defer func() {
				unwound = append(unwound, name)
				w.At(0, later)
				w.Go(0, later)
				w.Release(&never, 10)
				w.Sleep(0)
				w.Sleep(1) // ends the deferred function, not the test
				later()
			}()
			parked()
			later()
		})
	}
	wait("at a gate", func() { w.Wait(&never) })
	wait("asleep", func() { w.Sleep(time.Hour) })
	w.Go(0, func() {
		defer func() {
			require.NotNil(t, recover(), "the sentinel passes through")
			unwound = append(unwound, "hides the panic")
		}()
		w.Wait(&never)
	})
	w.Go(0, func() {}) // idle in the pool
	w.Go(w.Now()+int64(time.Hour), later)
	w.RunUntil(w.Now() + 1)
	require.Equal(t, 3, w.waitingProcesses())
	require.Error(t, goleak.Find(ignore), "processes are goroutines until closed")

	w.Close()
	w.Close()
	require.NoError(t, goleak.Find(ignore))
	require.Equal(t, []string{"at a gate", "asleep", "hides the panic"}, unwound)
	require.Zero(t, w.waitingProcesses())
	_, some := w.Next()
	require.False(t, some)
}

func TestCloseGoesOnAfterAPanic(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	w := New(1, epoch)
	var never Gate
	for i := range 3 {
		w.Go(0, func() {
			defer func() {
				if i < 2 {
					breakInvariant(i)
				}
			}()
			w.Wait(&never)
		})
	}
	w.Run(nil)
	require.Equal(t, 0, caught(t, w.Close).Value, "the first one counts")
	require.NoError(t, goleak.Find(ignore))
}

func TestPoolIsBounded(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	const many = maxIdle + 100
	for range 3 {
		most := 0
		for range many {
			w.Go(0, func() { w.Sleep(1); most = max(most, w.waitingProcesses()) })
		}
		w.Run(nil)
		require.Equal(t, many-1, most)
		require.Equal(t, maxIdle, len(w.idle))
		require.LessOrEqual(t, len(w.tasks.list), maxIdle+many, "numbers are used again")
	}
}

func TestSleepDoesNotAllocate(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	for range 10 {
		w.Go(0, func() {
			for {
				w.Sleep(1)
			}
		})
	}
	w.RunUntil(w.Now() + 10)
	require.Zero(t, testing.AllocsPerRun(10, func() { w.RunUntil(w.Now() + 100) }))
}
