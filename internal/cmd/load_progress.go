package cmd

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"hongbao/loadtest"
)

// loadProgress shows the progress of a load test on a terminal. Safe for concurrent use.
type loadProgress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: show nothing
	drawn time.Time
	sent  int64 // operations at the last update
	note  string
}

// newLoadProgress returns a progress that shows nothing if quiet is true or w is not a terminal.
func newLoadProgress(w io.Writer, quiet bool) *loadProgress {
	p := &loadProgress{drawn: time.Now()}
	if !quiet && isTerminal(w) {
		p.bar = newBar(w)
	}
	return p
}

// step sets the prefix of the line: the rate of the step that is played.
func (p *loadProgress) step(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note, p.sent = note, 0
}

// report records the progress of a run, and redraws the line after redrawInterval.
func (p *loadProgress) report(r loadtest.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	past := time.Since(p.drawn)
	if p.bar == nil || past < redrawInterval {
		return
	}
	text := r.Phase
	if a := r.Attack; a.Sent > 0 {
		text = fmt.Sprintf("%s · %.0f/s · in flight %d · unsent %d · failed %d · violations %d",
			r.Phase, float64(a.Sent-p.sent)/past.Seconds(), a.InFlight, a.Unsent, a.Failed, r.Violations)
		p.sent = a.Sent
	}
	p.drawn = time.Now()
	p.bar.ChangeMax64(max(r.Total, r.Done, 1))
	p.bar.Describe(p.note + text)
	_ = p.bar.Set64(r.Done)
}

// done removes the line.
func (p *loadProgress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
