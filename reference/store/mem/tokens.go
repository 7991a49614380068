package mem

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// maxActivities bounds the child activities that tokens can name: a parent has one per stage, and the bound limits the
// activity to one byte in each token.
const maxActivities = math.MaxUint8

// Tokens stores the token lists: 24 bytes per token and 4 per wallet. Tokens with TokenSuccess stay stored too, so
// that a late repeat of Issue is recognised.
type Tokens struct {
	mu         sync.Mutex
	backlog    *Backlog
	kinds      kinds
	activities names[wallet.ActivityID]
	records    slab.Slab[tokenRecord]
	heads      slab.Heads
}

var (
	_ wallet.Tokens      = (*Tokens)(nil)
	_ wallet.TokenReader = (*Tokens)(nil)
)

type tokenRecord struct {
	opened   wallet.Instant
	amount   wallet.Money
	next     uint32
	kind     uint16
	activity uint8
	state    uint8 // app<<4 | status: there are 8 apps, and the statuses are 0, 2 and 8
}

func (r *tokenRecord) status() wallet.TokenStatus { return wallet.TokenStatus(r.state & 0xf) }

func (r *tokenRecord) mark(s wallet.TokenStatus) { r.state = r.state&^0xf | uint8(s) }

// NewTokens returns an empty store that issues into backlog.
func NewTokens(backlog *Backlog) *Tokens {
	return &Tokens{backlog: backlog, kinds: newKinds(), activities: newNames[wallet.ActivityID](maxActivities)}
}

// Issue implements wallet.Tokens. ErrInvalid for a malformed token; ErrOverloaded, with nothing done, when the list
// has wallet.MaxTokenList tokens or the backlog is full.
func (s *Tokens) Issue(_ context.Context, t wallet.Token) error {
	if !t.App.Valid() {
		return fmt.Errorf("%w: app %d", wallet.ErrInvalid, t.App)
	}
	if err := t.Status.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, err := s.kinds.intern(t.Order)
	if err != nil {
		return err
	}
	activity, err := s.activities.add(t.Activity)
	if err != nil {
		return err
	}
	listed := 0
	head := s.heads.Get(int64(t.Order.ActID))
	for i := head; i != 0; i = s.records.At(i).next {
		if s.records.At(i).kind == kind {
			return nil
		}
		if s.kinds.stage(s.records.At(i).kind) == t.Order.Stage {
			listed++
		}
	}
	if listed >= wallet.MaxTokenList {
		return fmt.Errorf("mem: the list has %d tokens: %w", listed, wallet.ErrOverloaded)
	}
	if err := s.backlog.push(t.Credit()); err != nil {
		return err
	}
	s.heads.Set(int64(t.Order.ActID), s.records.Append(tokenRecord{opened: t.Opened, amount: t.Amount, next: head,
		kind: kind, activity: uint8(activity), state: uint8(t.App)<<4 | uint8(t.Status)}))
	return nil
}

func (s *Tokens) token(owner wallet.ActID, r *tokenRecord) wallet.Token {
	return wallet.Token{App: wallet.App(r.state >> 4), Activity: s.activities.name(uint16(r.activity)),
		Order: s.kinds.no(owner, r.kind), Amount: r.amount, Opened: r.opened, Status: r.status()}
}

// List implements wallet.Tokens.
func (s *Tokens) List(_ context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := func(r *tokenRecord) bool { return s.kinds.stage(r.kind) == stage && r.status() != wallet.TokenSuccess }
	var n int
	for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).next {
		if listed(s.records.At(i)) {
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	out := make([]wallet.Token, 0, n)
	for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).next {
		if r := s.records.At(i); listed(r) {
			out = append(out, s.token(id, r))
		}
	}
	sortTokens(out)
	return out, nil
}

// Mark implements wallet.Tokens. ErrInvalid for an unknown status.
func (s *Tokens) Mark(_ context.Context, nos []wallet.OrderNo, status wallet.TokenStatus) error {
	if err := status.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, no := range nos {
		kind := s.kinds.of(no)
		for i := s.heads.Get(int64(no.ActID)); i != 0; i = s.records.At(i).next {
			if r := s.records.At(i); r.kind == kind {
				r.mark(max(status, r.status())) // statuses only increase (T4)
				break
			}
		}
	}
	return nil
}

// Flush loses everything, like a Redis that restarts empty (T8).
func (s *Tokens) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records, s.heads = slab.Slab[tokenRecord]{}, slab.Heads{}
}

// Tokens implements wallet.TokenReader; tokens of one owner come in order of their numbers.
func (s *Tokens) Tokens(_ context.Context, yield func(wallet.Token) bool) error {
	eachOwner(&s.mu, &s.heads, func(buf []wallet.Token, owner int64) []wallet.Token {
		for i := s.heads.Get(owner); i != 0; i = s.records.At(i).next {
			buf = append(buf, s.token(wallet.ActID(owner), s.records.At(i)))
		}
		sortTokens(buf)
		return buf
	}, yield)
	return nil
}

func sortTokens(ts []wallet.Token) {
	slices.SortFunc(ts, func(a, b wallet.Token) int { return a.Order.Compare(b.Order) })
}

// Bytes returns the memory used, without the backlog's.
func (s *Tokens) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records.Bytes() + s.heads.Bytes() + s.kinds.Bytes() + s.activities.Bytes()
}
