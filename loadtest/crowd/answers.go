package crowd

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Answer counts the answers of one kind to single requests, of which an operation may send several.
type Answer struct {
	Operation string // "grant", "page", …; as Kinds, and "hedge" and "double tap" beside the plan; "restore" for a page asked again with tokens
	Reason    string // "ok", the wallet's reason, or "lie" for what the oracle holds against the target
	Count     int64
}

// maxAnswers bounds the kinds of answers that are told apart: a foreign target may make reasons up. The others are
// counted as "other".
const maxAnswers = 256

// answers counts answers. Safe for concurrent use.
type answers struct {
	mu      sync.Mutex
	counts  map[Answer]int64       // by an Answer without its Count
	nothing [Open + 1]atomic.Int64 // operations that had nothing to ask for, by kind
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

// Figures are what else a run came to.
type Figures struct {
	Answers          []Answer // sorted by operation and reason
	NothingToAsk     int64    // withdrawals that were refused because the page showed no balance
	NothingToUse     int64    // uses of rewards that nobody was told of
	NothingToSend    int64    // packets without a balance to send
	NothingToOpen    int64    // openings of packets that were not sent, as far as anybody was told
	SkippedBeside    int64    // second tries and double taps for which there was no room
	TokensOverflowed int64    // tokens that clients did not keep for want of room
}

// Figures returns the figures so far. Safe for concurrent use.
func (c *Crowd) Figures() Figures {
	c.purses.mu.Lock()
	overflow := c.purses.overflow
	c.purses.mu.Unlock()
	f := Figures{NothingToAsk: c.answers.nothing[Withdraw].Load(), NothingToUse: c.answers.nothing[Use].Load(),
		NothingToSend: c.answers.nothing[Send].Load(), NothingToOpen: c.answers.nothing[Open].Load(), SkippedBeside: c.beside.skipped.Load(), TokensOverflowed: overflow}
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
