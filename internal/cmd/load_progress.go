package cmd

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"hongbao/loadtest"
)

// loadProgress shows how far a load test has come, on a terminal.
type loadProgress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: nobody looks
	drawn time.Time
	sent  int64 // grants and others at the last drawing
	note  string
}

// newLoadProgress shows nothing when quiet or when w is no terminal.
func newLoadProgress(w io.Writer, quiet bool) *loadProgress {
	p := &loadProgress{drawn: time.Now()}
	if !quiet && isTerminal(w) {
		p.bar = newBar(w)
	}
	return p
}

// step names what is being tried; "" for a single run.
func (p *loadProgress) step(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note, p.sent = note, 0
}

// report takes in how far a run has come, and redraws the line when it is time.
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

// done takes the line away.
func (p *loadProgress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
