// Package fake implements stand-ins for the systems of other companies that issue twelve reward types (B4). Each stores
// what it issued and has its own protocol. They are used by a service without real systems, by simulations, and by
// tests.
//
// A system is a state machine: each request carries the time, and the system has no clock, goroutine or network. Times
// are wallet.Instant. It knows nothing about the adapters. It must not be used for rewards with real value: its state
// is in memory only.
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

// Request is a request to a system. Header has canonical names; Path includes the query.
type Request struct {
	Method string
	Path   string
	Header map[string]string
	Body   []byte
}

// Reply is a system's reply.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Behaviour sets a system's timing and faults. The zero value issues everything at once, valid for a day.
type Behaviour struct {
	// Processing is how long an asynchronous system takes to decide. The others decide at once.
	Processing time.Duration
	// DeclineNum of DeclineDen orders are declined, finally. The order number determines which.
	DeclineNum, DeclineDen int64
	// Validity is how long a coupon can be used; 0 = a day.
	Validity time.Duration
	// GarbleEvery garbles each n-th reply, after the request is carried out; 0 = none.
	GarbleEvery int
	// Silent turns off callbacks.
	Silent bool
	// Forgetful makes a system with a window forget its keys at once.
	Forgetful bool
}

// protocol is one system's protocol. The system's lock is held during a call.
type protocol interface {
	handle(b *backend, now wallet.Instant, r Request) Reply
}

// System is one downstream. Safe for concurrent use.
type System struct {
	award    wallet.AwardType
	protocol protocol

	mu      sync.Mutex
	backend backend
	calls   int64
	garbled int
}

// New returns the system for an award type. secret is shared with its callers. wallet.ErrInvalid: cash, or an unknown
// award type.
func New(award wallet.AwardType, secret []byte, how Behaviour) (*System, error) {
	p, ok := protocols()[award]
	if !ok {
		return nil, fmt.Errorf("%w: no downstream for %s", wallet.ErrInvalid, award)
	}
	s := &System{award: award, protocol: p}
	s.backend = newBackend(award, secret, how)
	return s, nil
}

// NewAll returns all twelve systems, with one secret and one behaviour.
func NewAll(secret []byte, how Behaviour) map[wallet.AwardType]*System {
	all := map[wallet.AwardType]*System{}
	for award, p := range protocols() {
		all[award] = &System{award: award, protocol: p, backend: newBackend(award, secret, how)}
	}
	return all
}

// Award returns the reward type that the system issues.
func (s *System) Award() wallet.AwardType { return s.award }

// Behave changes the system's behaviour from now on.
func (s *System) Behave(how Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backend.behaviour = how
}

// Handle carries out a request and returns the reply. No request makes it panic.
func (s *System) Handle(now wallet.Instant, r Request) Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.backend.currentOrder = ""
	reply := s.protocol.handle(&s.backend, now, r)
	if n := s.backend.behaviour.GarbleEvery; n > 0 && s.calls%int64(n) == 0 {
		s.garbled++
		return garble(reply, s.backend.currentOrder, s.garbled)
	}
	return reply
}

// Calls returns the number of requests so far.
func (s *System) Calls() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Entry is a system's record of one order number.
type Entry struct {
	Award   wallet.AwardType
	Order   wallet.OrderNo
	Account wallet.Account
	Reward  wallet.RewardID

	// How many coupons were issued, used and refunded. More than one issued is a double issue.
	Issued, Used, Refunded int
	// Pending means that it was accepted and not decided yet.
	Pending bool
}

// EntryOf returns the record of an order at an instant; the zero Entry if the order is unknown.
func (s *System) Of(now wallet.Instant, no wallet.OrderNo) Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend.entry(now, no)
}

// Entries returns all records at an instant, in order of the order numbers. The system may change during the iteration:
// each record is read when it is reached.
func (s *System) Entries(now wallet.Instant) iter.Seq[Entry] {
	s.mu.Lock()
	nos := slices.SortedFunc(maps.Keys(s.backend.orders), wallet.OrderNo.Compare)
	s.mu.Unlock()
	return func(yield func(Entry) bool) {
		for _, no := range nos {
			if !yield(s.Of(now, no)) {
				return
			}
		}
	}
}

// Callbacks returns at most limit due callbacks, oldest first. Each is due again after callbackPause, at most
// maxCallbacks times in all, until Delivered is called for it.
func (s *System) Callbacks(now wallet.Instant, limit int) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	speaker, ok := s.protocol.(callbackProtocol)
	if !ok || s.backend.behaviour.Silent {
		return nil
	}
	return s.backend.dueCallbacks(now, limit, speaker)
}

// Delivered confirms a callback.
func (s *System) Delivered(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backend.delivered(id)
}
