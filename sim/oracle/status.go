package oracle

import (
	"time"

	"hongbao/reference/wallet"
)

// progress checks the status of a line (T4): one of three, and never earlier than a status that a previous page showed. A
// page that ended while this one was in progress may have seen a later status.
func (o *Oracle) progress(i uint32, l *wallet.Line, a *ask, now wallet.Instant) {
	o.evaluated(stateMachine, 1)
	g := o.grants.At(i)
	s := statusOf(l.Status)
	switch {
	case s == statusNone:
		o.fail(stateMachine, l.Amount, "person %d, page read from %s to %s: order %s of %d fen has status %d, which does not exist", a.person, a.start, now, l.Order, l.Amount, l.Status)
	case s > g.status(), g.status() == statusWorking && o.lost != 0 && g.acked <= o.lost:
		g.setStatus(s) // forward, or issued again after the server's copies were lost
	case s < g.status() && !a.overlapped:
		o.fail(stateMachine, l.Amount, "person %d, page read from %s to %s: order %s of %d fen returned to status %d from %d",
			a.person, a.start, now, l.Order, l.Amount, l.Status, numberOf(g.status()))
	}
}

// statusOf encodes a token's status in two bits.
func statusOf(s wallet.TokenStatus) int {
	switch s {
	case wallet.TokenIssued:
		return statusIssued
	case wallet.TokenProcessing:
		return statusWorking
	case wallet.TokenSuccess:
		return statusSuccess
	}
	return statusNone
}

// numberOf is the inverse of statusOf.
func numberOf(s int) wallet.TokenStatus {
	return [...]wallet.TokenStatus{statusIssued: wallet.TokenIssued, statusWorking: wallet.TokenProcessing, statusSuccess: wallet.TokenSuccess}[s]
}

// TokensLost records that the server's copies of the tokens acknowledged until now may be lost (T8). Until those grants
// are posted, only a page that carries the client's copies has to show them, and a token may be issued again.
func (o *Oracle) TokensLost(now wallet.Instant) {
	o.lost = now
	for i := uint32(1); int(i) <= o.grants.Len(); i++ {
		if g := o.grants.At(i); g.status() == statusWorking {
			g.setStatus(statusIssued)
		}
	}
}

// guarded reports whether this page must show the grant although the server's copy of its token may be lost or, as the
// wallet reported, was never made: the grant was shown as posted before the page was requested, or the page carried as
// many client copies as grants were acknowledged to the person.
func (o *Oracle) guarded(a *ask, g *grant) bool {
	atRisk := g.has(tokenOnly) || o.lost != 0 && g.acked <= o.lost
	if o.cfg.Strategy != wallet.StrategyToken || !atRisk || g.status() == statusSuccess && !a.overlapped {
		return true
	}
	n := 0
	for i := o.people.Get(a.person); i != 0; i = o.grants.At(i).next {
		if o.due(a.person, i, a.family, a.stage, a.start) {
			n++
		}
	}
	return a.tokens >= n && !o.cfg.mayBeOn(wallet.SwitchDistrustTokens, a.start, a.start.Add(askTakes))
}

// askTakes is the longest time from the first request for a page to its answer. A switch that was turned on in this time
// may have affected the page. Own choice: the duration of a client's tries.
const askTakes = 20 * time.Second
