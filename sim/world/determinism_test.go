package world

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// act is one thing a process of a drawn program does.
type act struct {
	what string
	n    int64
}

var acts = rapid.Custom(func(t *rapid.T) act {
	return act{
		what: rapid.SampledFrom([]string{"sleep", "sleep", "sleep", "wait", "release", "go", "at"}).Draw(t, "what"),
		n:    rapid.Int64Range(0, 3).Draw(t, "n"), // small, for many ties
	}
})

// program is the actions of some processes, repeated for several rounds, and the spans in which the world is run.
type program struct {
	processes [][]act
	rounds    int
	spans     []int64
}

var programs = rapid.Custom(func(t *rapid.T) program {
	return program{
		processes: rapid.SliceOfN(rapid.SliceOfN(acts, 1, 6), 1, 5).Draw(t, "processes"),
		rounds:    rapid.IntRange(1, 300).Draw(t, "rounds"),
		spans:     rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 5).Draw(t, "spans"),
	}
})

// history is everything observable of a run.
type history struct {
	log     []happening
	asked   []int64
	steps   int64
	waiting int
	digest  string
}

// play runs p; detour makes every Sleep go through the calendar.
func (p program) play(detour bool) history {
	w := New(1, epoch)
	defer w.Close()
	w.detour = detour
	var h history
	var gate Gate
	for id, acts := range p.processes {
		note := func() { h.log = append(h.log, happening{w.Now(), id}) }
		w.Go(0, func() {
			for range p.rounds {
				for _, a := range acts {
					switch a.what {
					case "sleep":
						w.Sleep(time.Duration(a.n))
					case "wait":
						w.Wait(&gate)
					case "release":
						w.Release(&gate, int(a.n))
					case "go":
						w.Go(w.Now()+a.n, func() { note(); w.Sleep(time.Duration(a.n)); note() })
					case "at":
						w.At(w.Now()+a.n, note)
					}
					note()
				}
			}
		})
	}
	for _, s := range p.spans {
		w.RunUntil(w.Now() + s)
	}
	w.Run(func() bool {
		h.asked = append(h.asked, w.Steps())
		return w.Steps() > 3*stopEvery
	})
	h.steps, h.waiting, h.digest = w.Steps(), w.waitingProcesses(), w.Digest()
	return h
}

// TestShortCut proves that a Sleep that returns without switching changes nothing observable.
func TestShortCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := programs.Draw(t, "program")
		require.Equal(t, p.play(true), p.play(false))
	})
}

// TestShortCutIsTaken shows that the test above compares two different code paths.
func TestShortCutIsTaken(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	w.Go(0, func() {
		w.Sleep(1) // the loop calls stop between this step and the one before, so this one switches
		before := w.seq
		w.Sleep(1)
		require.Equal(t, before, w.seq, "nothing went into the calendar")
		w.detour = true
		w.Sleep(1)
		require.Equal(t, before+1, w.seq)
	})
	w.Run(nil)
	require.Equal(t, int64(4), w.Steps())
}

func TestSameOnMoreProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	p := program{processes: [][]act{
		{{"sleep", 3}, {"release", 2}, {"go", 1}},
		{{"wait", 0}, {"sleep", 1}, {"at", 2}},
		{{"sleep", 2}, {"release", 1}, {"sleep", 0}},
	}, rounds: 200}
	runtime.GOMAXPROCS(1)
	want := p.play(false)
	require.NotEmpty(t, want.log)
	runtime.GOMAXPROCS(2)
	for range 5 {
		require.Equal(t, want, p.play(false))
	}
}
