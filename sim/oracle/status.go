package oracle

import (
	"time"

	"hongbao/reference/wallet"
)

// progress judges the status of a line (T4): one of three, and never behind what an earlier page showed. A page that
// ended while this one was under way may have seen more.
func (o *Oracle) progress(i uint32, l *wallet.Line, a *ask, now wallet.Instant) {
	o.saw(stateMachine, 1)
	g := o.grants.At(i)
	s := statusOf(l.Status)
	switch {
	case s == statusNone:
		o.fail(stateMachine, l.Amount, "person %d, page of %s to %s: order %s of %d fen has status %d, which does not exist", a.person, a.start, now, l.Order, l.Amount, l.Status)
	case s > g.status(), g.status() == statusWorking && o.lost != 0 && g.acked <= o.lost:
		g.setStatus(s) // forward, or issued anew after the server's copies were lost
	case s < g.status() && !a.overlapped:
		o.fail(stateMachine, l.Amount, "person %d, page of %s to %s: order %s of %d fen went back to status %d from %d",
			a.person, a.start, now, l.Order, l.Amount, l.Status, numberOf(g.status()))
	}
}

// statusOf returns the two bits that stand for a token's status.
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

// TokensLost tells that the server's copies of the tokens acknowledged until now may be gone (T8). Until those grants
// are posted, only a page that carries the client's copies has to show them, and a token may be issued anew.
func (o *Oracle) TokensLost(now wallet.Instant) {
	o.lost = now
	for i := uint32(1); int(i) <= o.grants.Len(); i++ {
		if g := o.grants.At(i); g.status() == statusWorking {
			g.setStatus(statusIssued)
		}
	}
}

// guarded says whether the wallet must show the grant to this page although the server's copy of its token may be
// gone, or by its own word was never made: it was shown as posted before the page was asked for, or the page carried as
// many client copies as were acknowledged to the person.
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

// askTakes is how long after a page was first asked for its answer may have been made, at most: what is switched then may
// have been switched for it. Ours: a client's tries.
const askTakes = 20 * time.Second
