package cmd

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"hongbao/loadtest"
	"hongbao/sim"
)

// redrawInterval is the interval between updates of a progress line.
const redrawInterval = 200 * time.Millisecond

// progressLine is a line on a terminal that shows progress.
type progressLine struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: show nothing
	drawn time.Time
	sent  int64 // operations at the last update
}

// newProgressLine returns a line that shows nothing if quiet is true or w is not a terminal.
func newProgressLine(w io.Writer, quiet bool) progressLine {
	if quiet || !isTerminal(w) {
		return progressLine{}
	}
	return progressLine{bar: newBar(w), drawn: time.Now()}
}

// newBar returns a progress bar without colours.
func newBar(w io.Writer) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
}

// due reports whether redrawInterval has passed since the last update.
func (p *progressLine) due(now time.Time) bool {
	return p.bar != nil && now.Sub(p.drawn) >= redrawInterval
}

// rate returns the operations per second since the last update, and makes sent the number at this update.
func (p *progressLine) rate(now time.Time, sent int64) float64 {
	rate := float64(sent-p.sent) / now.Sub(p.drawn).Seconds()
	p.sent = sent
	return rate
}

// draw shows a text, and done of total as a bar.
func (p *progressLine) draw(now time.Time, done, total int64, text string) {
	p.drawn = now
	p.bar.ChangeMax64(max(total, 1))
	p.bar.Describe(text)
	_ = p.bar.Set64(done)
}

// done removes the line.
func (p *progressLine) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// simProgress shows the progress of concurrent simulations. Safe for concurrent use.
type simProgress struct {
	progressLine
	runs []sim.Progress
}

// of returns the callback for the progress of run i, or nil if nothing is shown.
func (p *simProgress) of(i int) func(sim.Progress) {
	if p.bar == nil {
		return nil
	}
	return func(s sim.Progress) { p.report(i, s, time.Now()) }
}

// report records the progress of run i, and redraws the line after redrawInterval.
func (p *simProgress) report(i int, s sim.Progress, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs[i] = s
	if !p.due(now) {
		return
	}
	var sent, backlog, violations int64
	for _, r := range p.runs {
		sent, backlog, violations = sent+r.Done, backlog+r.Backlog, violations+r.Violations
	}
	text := fmt.Sprintf("%s at %s · %.1f k grants/s · backlog %d · violations %d",
		s.Strategy, s.Now.In(shanghai).Format("01-02 15:04:05"), p.rate(now, sent)/1000, backlog, violations)
	p.draw(now, sent, s.Total*int64(len(p.runs)), text) // every run replays the same calendar
}

// loadProgress shows the progress of a load test. Safe for concurrent use.
type loadProgress struct {
	progressLine
	note string
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
	now := time.Now()
	if !p.due(now) {
		return
	}
	text := r.Phase
	if a := r.Attack; a.Sent > 0 {
		text = fmt.Sprintf("%s · %.0f/s · in flight %d · unsent %d · failed %d · violations %d",
			r.Phase, p.rate(now, a.Sent), a.InFlight, a.Unsent, a.Failed, r.Violations)
	}
	p.draw(now, r.Done, max(r.Total, r.Done), p.note+text)
}

// shanghai is the festival's time zone; it has had no daylight saving since 1991.
var shanghai = time.FixedZone("CST", 8*60*60)

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours reports whether output to w is coloured: on a terminal, unless NO_COLOR is set.
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }
