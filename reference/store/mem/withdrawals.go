package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Withdrawals stores withdrawals of record: 56 bytes each, 4 per wallet to take from, 4 per wallet, and a sparse row
// per user account.
type Withdrawals struct {
	mu       sync.Mutex
	records  slab.Slab[withdrawalRecord]
	wallets  slab.Slab[uint32]
	byNumber accounts[uint32] // newest of each user account
	heads    slab.Heads       // newest of each wallet
	open     pending
}

var (
	_ wallet.Withdrawals      = (*Withdrawals)(nil)
	_ wallet.WithdrawalReader = (*Withdrawals)(nil)
)

type withdrawalRecord struct {
	request   int64
	user      wallet.UserID
	amount    wallet.Money
	created   wallet.Instant
	owner     uint32
	ofAccount uint32 // older one of the same user account
	ofOwner   uint32 // older one of the same wallet
	first     uint32 // number of the first wallet to take from
	wallets   uint8
	family    wallet.Family
	stage     wallet.Stage
	state     wallet.WithdrawalState
}

// NewWithdrawals returns an empty store.
func NewWithdrawals() *Withdrawals { return &Withdrawals{} }

func (r *withdrawalRecord) no() wallet.WithdrawalNo {
	return wallet.WithdrawalNo{Account: wallet.Account{Family: r.family, User: r.user}, Request: r.request}
}

func (r *withdrawalRecord) isOpen() bool { return !r.state.Final() }

// find returns the record of a number, whose account must be valid, or 0 if it does not exist.
func (s *Withdrawals) find(no wallet.WithdrawalNo) uint32 {
	i := s.byNumber.get(no.Account)
	for i != 0 && s.records.At(i).request != no.Request {
		i = s.records.At(i).ofAccount
	}
	return i
}

func (s *Withdrawals) withdrawal(i uint32) wallet.Withdrawal {
	r := s.records.At(i)
	w := wallet.Withdrawal{No: r.no(), Owner: wallet.ActID(r.owner), Stage: r.stage, Amount: r.amount, Created: r.created, State: r.state}
	if r.wallets > 0 {
		w.Wallets = make([]wallet.ActID, r.wallets)
	}
	for n := range w.Wallets {
		w.Wallets[n] = wallet.ActID(*s.wallets.At(r.first + uint32(n)))
	}
	return w
}

// Create implements wallet.Withdrawals. ErrInvalid: an invalid account, owner, stage or state, or more wallets than
// one person can have.
func (s *Withdrawals) Create(_ context.Context, w wallet.Withdrawal) (wallet.Withdrawal, bool, error) {
	if err := w.No.Account.Validate(); err != nil {
		return wallet.Withdrawal{}, false, err
	}
	if err := checkOwner(w.Owner); err != nil {
		return wallet.Withdrawal{}, false, err
	}
	if w.Stage < wallet.InternalTest || w.Stage > wallet.Official || len(w.Wallets) > wallet.MaxFormer+1 ||
		!w.State.Valid() {
		return wallet.Withdrawal{}, false, fmt.Errorf("%w: withdrawal in stage %d, state %d, from %d wallets",
			wallet.ErrInvalid, w.Stage, w.State, len(w.Wallets))
	}
	for _, id := range w.Wallets {
		if err := checkOwner(id); err != nil {
			return wallet.Withdrawal{}, false, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(w.No); i != 0 {
		return s.withdrawal(i), false, nil
	}
	newest := s.byNumber.touch(w.No.Account)
	i := s.records.Append(withdrawalRecord{request: w.No.Request, user: w.No.Account.User, amount: w.Amount, created: w.Created,
		owner: uint32(w.Owner), ofAccount: *newest, ofOwner: s.heads.Get(int64(w.Owner)), first: uint32(s.wallets.Len()) + 1,
		wallets: uint8(len(w.Wallets)), family: w.No.Account.Family, stage: w.Stage, state: w.State})
	*newest = i
	s.heads.Set(int64(w.Owner), i)
	for _, id := range w.Wallets {
		s.wallets.Append(uint32(id))
	}
	if s.records.At(i).isOpen() {
		s.open.add(i, w.Created)
	}
	return w, true, nil
}

// Get implements wallet.Withdrawals. ErrInvalid: an invalid account.
func (s *Withdrawals) Get(_ context.Context, no wallet.WithdrawalNo) (wallet.Withdrawal, error) {
	if err := no.Account.Validate(); err != nil {
		return wallet.Withdrawal{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(no)
	if i == 0 {
		return wallet.Withdrawal{}, fmt.Errorf("%w: withdrawal %s", wallet.ErrNotFound, no)
	}
	return s.withdrawal(i), nil
}

// Advance implements wallet.Withdrawals. ErrNotFound for an unknown number, ErrInvalid for an unknown state.
func (s *Withdrawals) Advance(_ context.Context, no wallet.WithdrawalNo, state wallet.WithdrawalState) error {
	if !state.Valid() {
		return fmt.Errorf("%w: withdrawal state %d", wallet.ErrInvalid, state)
	}
	if err := no.Account.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(no)
	if i == 0 {
		return fmt.Errorf("%w: withdrawal %s", wallet.ErrNotFound, no)
	}
	r := s.records.At(i)
	if !r.isOpen() || state <= r.state {
		return nil
	}
	if r.state = state; !r.isOpen() {
		s.open.done(i)
	}
	return nil
}

// Of implements wallet.Withdrawals. Of two withdrawals with the same time, the one recorded later comes first.
func (s *Withdrawals) Of(_ context.Context, id wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Withdrawal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wallet.Withdrawal
	for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).ofOwner {
		if s.records.At(i).stage == stage {
			out = append(out, s.withdrawal(i))
		}
	}
	slices.SortStableFunc(out, func(a, b wallet.Withdrawal) int { return cmp.Compare(b.Created, a.Created) })
	return out[:min(len(out), max(limit, 0))], nil
}

// Unfinished implements wallet.Withdrawals. Oldest means recorded first, and a place is a record's number, as in
// Orders.Open.
func (s *Withdrawals) Unfinished(_ context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Withdrawal, wallet.ScanCursor, error) {
	if limit <= 0 {
		return nil, 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wallet.Withdrawal
	for first, last := range s.open.before(before) {
		for i := first; i <= last && int(i) <= s.records.Len(); i++ {
			r := s.records.At(i)
			if wallet.ScanCursor(i) < from || !r.isOpen() || r.created >= before {
				continue
			}
			if len(out) >= limit {
				return out, wallet.ScanCursor(i), nil
			}
			out = append(out, s.withdrawal(i))
		}
	}
	return out, 0, nil
}

// Withdrawals implements wallet.WithdrawalReader; withdrawals of one owner come in the order in which they were
// recorded.
func (s *Withdrawals) Withdrawals(_ context.Context, yield func(wallet.Withdrawal) bool) error {
	eachOwner(&s.mu, &s.heads, func(buf []wallet.Withdrawal, owner int64) []wallet.Withdrawal {
		for i := s.heads.Get(owner); i != 0; i = s.records.At(i).ofOwner {
			buf = append(buf, s.withdrawal(i))
		}
		slices.Reverse(buf)
		return buf
	}, yield)
	return nil
}

// Bytes returns the memory used.
func (s *Withdrawals) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records.Bytes() + s.wallets.Bytes() + s.byNumber.Bytes() + s.heads.Bytes() + s.open.Bytes()
}
