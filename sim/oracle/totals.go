package oracle

import (
	"time"

	"hongbao/reference/wallet"
)

// Totals is what a wallet reports of itself after the drain. What it does not report stays unknown.
type Totals struct {
	Drained     bool                          // Backlog and OpenOrders are known
	Backlog     int64                         // postings still held
	OpenOrders  int64                         // orders that compensation still has to settle
	Spent       map[wallet.Stage]wallet.Money // taken from each stage's budget during the run; a missing stage is not known
	Reconciled  bool                          // its reconciliation ran, and the following fields are known
	Orders      int64                         // orders compared, at least those of the run
	Differences int64                         // differences found
	Lines       []string                      // some of the differences
	LedgerSum   wallet.Money                  // over all accounts
}

// Sums is the run's money as seen from outside, in fen.
type Sums struct {
	Acked    wallet.Money // acknowledged
	Happened wallet.Money // not acknowledged, but in its owner's list after the drain
	Open     wallet.Money // unknown, because its owner's list was not read
	Lost     wallet.Money // acknowledged, but not in its owner's list after the drain
}

// JudgeTotals checks what a wallet reports of itself, once the lists have been read, and returns the sums that it used for
// comparison. Under StrategyToken it fills Waits, unless Final did. Call it once.
func (o *Oracle) JudgeTotals(t Totals) Sums {
	var all Sums
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		sums, grants := o.sumsOf(s)
		all.Acked, all.Happened, all.Open, all.Lost = all.Acked+sums.Acked, all.Happened+sums.Happened, all.Open+sums.Open, all.Lost+sums.Lost
		child := o.childOf(s)
		if child == nil || grants == 0 {
			continue
		}
		least := sums.Acked + sums.Happened
		o.require(least <= child.Budget, noOverIssuance, least-child.Budget, "%d fen were granted in stage %s, above its budget of %d fen", least, s, child.Budget)
		spent, known := t.Spent[s]
		if !known {
			continue
		}
		o.require(spent <= child.Budget, noOverIssuance, spent-child.Budget, "%d fen were taken from the budget of %d fen of stage %s", spent, child.Budget, s)
		o.require(spent >= least && spent <= least+sums.Open, budgetAccuracy, max(least-spent, spent-least),
			"stage %s: %d fen were taken from the budget, but %d fen were acknowledged, %d fen more are in lists, and %d fen are unknown",
			s, spent, sums.Acked, sums.Happened, sums.Open)
	}
	o.stockOutside()
	o.checkTotals(t)
	if o.cfg.Strategy == wallet.StrategyToken && o.waits.TotalCount() == 0 {
		o.waited()
	}
	return all
}

// sumsOf adds up and counts the grants of one stage.
func (o *Oracle) sumsOf(st wallet.Stage) (s Sums, n int64) {
	for i := uint32(1); int(i) <= o.grants.Len(); i++ {
		g := o.grants.At(i)
		if o.plays.list[g.play-1].stage != st {
			continue
		}
		n++
		switch {
		case g.has(alias) && g.act == 0: // another grant represents its order
		case g.acked != 0:
			s.Acked += g.money()
			if g.has(readAtEnd) && !g.has(shownAtEnd) {
				s.Lost += g.money()
			}
		case g.has(shownAtEnd):
			s.Happened += g.money()
		case g.mayBeOnRecord() && !g.has(readAtEnd):
			s.Open += g.money()
		}
	}
	return s, n
}

// checkTotals checks the totals that the wallet reports.
func (o *Oracle) checkTotals(t Totals) {
	if t.Drained {
		o.nothingHeld(t.OpenOrders, t.Backlog)
	}
	if !t.Reconciled {
		return
	}
	o.require(t.LedgerSum == 0, zeroSum, max(t.LedgerSum, -t.LedgerSum), "the wallet reports that its ledger sums to %d fen, not to zero", t.LedgerSum)
	first := ""
	if len(t.Lines) > 0 {
		first = ": " + t.Lines[0]
	}
	o.require(t.Differences == 0, reconciled, 0, "the wallet's own reconciliation reports %d differences%s", t.Differences, first)
	acked := int64(0)
	for i := uint32(1); int(i) <= o.grants.Len(); i++ {
		if g := o.grants.At(i); g.acked != 0 && g.act != 0 {
			acked++
		}
	}
	o.require(t.Orders >= acked, reconciled, 0, "the wallet's own reconciliation compared %d orders, but %d were acknowledged", t.Orders, acked)
}

// nothingHeld checks that no work is left after the drain.
func (o *Oracle) nothingHeld(open, backlog int64) {
	o.require(open == 0 && backlog == 0, nothingLost, 0, "after the drain %d orders are still open and %d postings are still in the backlog", open, backlog)
}

// waited records how long its owner did not see each acknowledged grant that a list shows at the end.
func (o *Oracle) waited() {
	for i := uint32(1); int(i) <= o.grants.Len(); i++ {
		g := o.grants.At(i)
		if g.acked == 0 || g.act == 0 || !g.has(shownAtEnd) {
			continue
		}
		wait := time.Duration(0)
		if g.seen != 0 {
			wait = max(g.seen.Sub(g.acked), 0)
		}
		_ = o.waits.RecordValue(min(int64(wait/time.Millisecond), maxWaitMS)) // fails above the histogram's range only
	}
}
