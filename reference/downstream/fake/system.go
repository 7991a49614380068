// Package fake stands for the systems of other companies behind twelve reward types (B4): each keeps what it issued and
// speaks a protocol of its own. They serve a service that runs alone, a simulation, and tests.
//
// A system is a state machine: it is told the time with every request and has no clock, goroutine or wire. Times are
// wallet.Instant. It must know nothing of the adapters that speak to it, and must not be used for rewards of worth: it
// keeps its books in memory.
package fake

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Request is what a system is asked. Header's names are in their canonical form; Path has the query in it.
type Request struct {
	Method string
	Path   string
	Header map[string]string
	Body   []byte
}

// Reply is what it answers.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Behaviour is how a system does its work, and how badly. The zero value issues everything at once and for a day.
type Behaviour struct {
	// Processing is how long a system that accepts first takes to decide. The others decide at once.
	Processing time.Duration
	// DeclineNum of DeclineDen orders are declined, for good. Which ones follows from their numbers.
	DeclineNum, DeclineDen int64
	// Life is how long a coupon can be used; 0 = a day.
	Life time.Duration
	// GarbleEvery spoils each n-th reply, after what was asked is done; 0 = none.
	GarbleEvery int
	// Silent keeps a system from calling back.
	Silent bool
	// Forgetful lets a system with a window forget at once what it was asked.
	Forgetful bool
}

// protocol is how one system speaks. The books are locked while it does.
type protocol interface {
	handle(b *books, now wallet.Instant, r Request) Reply
}

// System is one downstream. It may be used by several goroutines.
type System struct {
	award wallet.AwardType
	speak protocol

	mu     sync.Mutex
	books  books
	calls  int64
	spoilt int
}

// New returns the system behind award, which shares secret with its callers. wallet.ErrInvalid: cash, and what is no
// reward type.
func New(award wallet.AwardType, secret []byte, how Behaviour) (*System, error) {
	p, ok := protocols()[award]
	if !ok {
		return nil, fmt.Errorf("%w: no downstream for %s", wallet.ErrInvalid, award)
	}
	s := &System{award: award, speak: p}
	s.books = newBooks(award, secret, how)
	return s, nil
}

// NewAll returns all twelve, with one secret and one behaviour.
func NewAll(secret []byte, how Behaviour) map[wallet.AwardType]*System {
	all := map[wallet.AwardType]*System{}
	for award, p := range protocols() {
		all[award] = &System{award: award, speak: p, books: newBooks(award, secret, how)}
	}
	return all
}

// Award returns the reward type that the system issues.
func (s *System) Award() wallet.AwardType { return s.award }

// Behave changes how the system works from now on.
func (s *System) Behave(how Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.how = how
}

// Handle does what is asked and answers. Nothing in the request makes it panic.
func (s *System) Handle(now wallet.Instant, r Request) Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.books.order = ""
	reply := s.speak.handle(&s.books, now, r)
	if n := s.books.how.GarbleEvery; n > 0 && s.calls%int64(n) == 0 {
		s.spoilt++
		return garble(reply, s.books.order, s.spoilt)
	}
	return reply
}

// Calls returns how often the system was asked.
func (s *System) Calls() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Entry is what a system's books say of one order number.
type Entry struct {
	Award   wallet.AwardType
	Order   wallet.OrderNo
	Account wallet.Account
	Reward  wallet.RewardID

	// How many coupons were given out, used and taken back. More than one given out is a double issue.
	Issued, Used, Refunded int
	// Pending says that it was accepted and not decided yet.
	Pending bool
}

// Of returns what the books say of an order at a moment; a zero Entry when nothing was ever asked of it.
func (s *System) Of(now wallet.Instant, no wallet.OrderNo) Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books.entry(now, no)
}

// Books returns the books at a moment, in order of the order numbers. The system is free to go on meanwhile: each entry
// is read when it is reached.
func (s *System) Books(now wallet.Instant) iter.Seq[Entry] {
	s.mu.Lock()
	nos := slices.SortedFunc(maps.Keys(s.books.orders), wallet.OrderNo.Compare)
	s.mu.Unlock()
	return func(yield func(Entry) bool) {
		for _, no := range nos {
			if !yield(s.Of(now, no)) {
				return
			}
		}
	}
}

// Callbacks returns at most limit callbacks that are due, oldest first. Each is due again callbackPause later until
// Delivered says that it has arrived, at most maxCallbacks times in all.
func (s *System) Callbacks(now wallet.Instant, limit int) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	speaker, ok := s.speak.(caller)
	if !ok || s.books.how.Silent {
		return nil
	}
	return s.books.due(now, limit, speaker)
}

// Delivered says that a callback has arrived.
func (s *System) Delivered(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.delivered(id)
}
