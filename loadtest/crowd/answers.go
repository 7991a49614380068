package crowd

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Answer counts the answers of one kind to single requests. An operation may send several requests.
type Answer struct {
	Operation string // "grant", "page", … as in Kinds; "hedge" and "double tap" for unplanned requests; "restore" for a page requested again with tokens
	Reason    string // "ok", the wallet's reason, or "lie" if the answer violates a check of the oracle
	Count     int64
}

// maxAnswers bounds the kinds of answers that are counted separately, because an external target may invent reasons. The
// others are counted as "other".
const maxAnswers = 256

// answers counts answers. Safe for concurrent use.
type answers struct {
	mu      sync.Mutex
	counts  map[Answer]int64       // by an Answer without its Count
	nothing [Open + 1]atomic.Int64 // operations without anything to request, by kind
}

// count counts one answer.
func (a *answers) count(operation string, err error, lied bool) {
	key := Answer{Operation: operation, Reason: wallet.ReasonOf(err)}
	if lied {
		key.Reason = ReasonLie
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts == nil {
		a.counts = map[Answer]int64{}
	}
	if _, known := a.counts[key]; !known && len(a.counts) >= maxAnswers {
		key.Reason = "other"
	}
	a.counts[key]++
}

// Figures are further counts of a run.
type Figures struct {
	Answers          []Answer // sorted by operation and reason
	NothingToAsk     int64    // withdrawals not requested because the page showed no balance
	NothingToUse     int64    // uses of rewards without a known win
	NothingToSend    int64    // packets without a balance to send
	NothingToOpen    int64    // openings of packets that are not known to be sent
	SkippedUnplanned int64    // second tries and double taps above the bound
	TokensOverflowed int64    // tokens that clients dropped because of the bound
}

// Figures returns the counts so far. Safe for concurrent use.
func (c *Crowd) Figures() Figures {
	c.tokens.mu.Lock()
	overflow := c.tokens.overflow
	c.tokens.mu.Unlock()
	f := Figures{NothingToAsk: c.answers.nothing[Withdraw].Load(), NothingToUse: c.answers.nothing[Use].Load(),
		NothingToSend: c.answers.nothing[Send].Load(), NothingToOpen: c.answers.nothing[Open].Load(), SkippedUnplanned: c.unplanned.skipped.Load(), TokensOverflowed: overflow}
	c.answers.mu.Lock()
	defer c.answers.mu.Unlock()
	for a, n := range c.answers.counts {
		a.Count = n
		f.Answers = append(f.Answers, a)
	}
	slices.SortFunc(f.Answers, func(a, b Answer) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Reason, b.Reason))
	})
	return f
}
