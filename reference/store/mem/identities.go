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

// Identities stores accounts, phones and joined wallets: 16 bytes per account and 8 per phone, plus the index of a
// slab.Sparse, because user ids and phone numbers are not dense.
type Identities struct {
	mu       sync.Mutex
	accounts accounts[accountRecord]
	phones   slab.Sparse[phoneRecord]
	former   slab.Heads // chain of former wallets by present wallet
	joined   slab.Slab[formerRecord]
	wallets  uint32                                 // issued so far
	left     map[wallet.Account][]wallet.LeftWallet // few accounts have left a shared wallet
}

var _ wallet.IdentityStore = (*Identities)(nil)

type accountRecord struct {
	phone wallet.Phone
	owner uint32 // 0: unknown account
}

type phoneRecord struct {
	holder uint32 // 0: no holder
	bound  uint32 // accounts that are bound to it
}

type formerRecord struct{ owner, next uint32 }

// NewIdentities returns an empty store.
func NewIdentities() *Identities { return &Identities{left: map[wallet.Account][]wallet.LeftWallet{}} }

// Person implements wallet.IdentityStore. ErrInvalid for an account of no known family.
func (s *Identities) Person(_ context.Context, a wallet.Account) (wallet.Person, error) {
	if err := a.Validate(); err != nil {
		return wallet.Person{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.accounts.get(a).owner
	if owner == 0 {
		return wallet.Person{}, wallet.ErrNotFound
	}
	p := s.person(owner)
	p.Left = wallet.LeftAfter(s.left[a], nil, p, 0) // without wallets that belong to the person again
	return p, nil
}

func (s *Identities) person(owner uint32) wallet.Person {
	p := wallet.Person{ActID: wallet.ActID(owner)}
	for i := s.former.Get(int64(owner)); i != 0; i = s.joined.At(i).next {
		p.Former = append(p.Former, wallet.ActID(s.joined.At(i).owner))
	}
	slices.Sort(p.Former)
	return p
}

// Row implements wallet.IdentityStore. ErrInvalid for an account of no known family.
func (s *Identities) Row(_ context.Context, a wallet.Account, phone wallet.Phone) (wallet.AccountRow, wallet.ActID, error) {
	if err := a.Validate(); err != nil {
		return wallet.AccountRow{}, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.row(a), s.holder(phone), nil
}

func (s *Identities) row(a wallet.Account) wallet.AccountRow {
	r := s.accounts.get(a)
	return wallet.AccountRow{ActID: wallet.ActID(r.owner), Phone: r.phone, Alone: r.phone != 0 && s.phones.Get(int64(r.phone)).bound == 1}
}

func (s *Identities) holder(phone wallet.Phone) wallet.ActID {
	if phone == 0 {
		return 0
	}
	return wallet.ActID(s.phones.Get(int64(phone)).holder)
}

// Apply implements wallet.IdentityStore. ErrInvalid also for a wallet that was never issued, or a join of a wallet
// with itself or with a wallet that it has joined before.
func (s *Identities) Apply(_ context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	if err := c.Account.Validate(); err != nil {
		return wallet.Person{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.row(c.Account) != c.Before || c.Phone != 0 && s.holder(c.Phone) != c.Holder {
		return wallet.Person{}, fmt.Errorf("%w: account %d of family %d", wallet.ErrStale, c.Account.User, c.Account.Family)
	}
	p, err := s.after(c)
	if err != nil {
		return wallet.Person{}, err
	}
	owner := uint32(p.ActID)
	s.wallets = max(s.wallets, owner)
	if c.Join != 0 {
		s.join(owner, uint32(c.Join))
	}
	if c.Phone != 0 {
		s.bind(c.Before.Phone, c.Phone, owner)
	}
	*s.accounts.touch(c.Account) = accountRecord{phone: cmp.Or(c.Phone, c.Before.Phone), owner: owner}
	if len(p.Left) > 0 {
		s.left[c.Account] = slices.Clone(p.Left)
	}
	return p, nil
}

// after returns the person that a change assigns to its account, and changes nothing. ErrInvalid when the change is
// not possible.
func (s *Identities) after(c wallet.IdentityChange) (p wallet.Person, err error) {
	for _, id := range []wallet.ActID{c.Wallet, c.Join} {
		if id < 0 || id > wallet.ActID(s.wallets) {
			return p, fmt.Errorf("%w: wallet %d was never issued", wallet.ErrInvalid, id)
		}
	}
	switch {
	case c.Wallet != 0:
		p = s.person(uint32(c.Wallet))
	case s.wallets == slab.MaxKey:
		return p, fmt.Errorf("mem: %d wallets are issued: %w", s.wallets, wallet.ErrOverloaded)
	default:
		p.ActID = wallet.ActID(s.wallets) + 1
	}
	if c.Join != 0 {
		joining := s.person(uint32(c.Join))
		if p.Owns(c.Join) || joining.Owns(c.Wallet) {
			return p, fmt.Errorf("%w: wallet %d is joined already", wallet.ErrInvalid, c.Join)
		}
		p.Former = append(p.Former, joining.Wallets()...)
		slices.Sort(p.Former)
	}
	var from []wallet.ActID
	if c.Before.ActID != 0 {
		from = s.person(uint32(c.Before.ActID)).Wallets()
	}
	p.Left = wallet.LeftAfter(s.left[c.Account], from, p, c.At)
	if len(p.Former) > wallet.MaxFormer || len(p.Left) > wallet.MaxLeft {
		return p, fmt.Errorf("%w: %d former wallets, %d left ones", wallet.ErrInvalid, len(p.Former), len(p.Left))
	}
	return p, nil
}

// join makes a wallet, and all wallets that have joined it, former wallets of owner.
func (s *Identities) join(owner, joining uint32) {
	last := s.joined.Append(formerRecord{owner: joining, next: s.former.Get(int64(joining))})
	head := last
	for s.joined.At(last).next != 0 {
		last = s.joined.At(last).next
	}
	s.joined.At(last).next = s.former.Get(int64(owner))
	s.former.Set(int64(owner), head)
	s.former.Set(int64(joining), 0)
}

// bind moves one account from a phone (0 if it had none) to another one, whose holder is owner from then on. A phone
// without accounts has no holder.
func (s *Identities) bind(from, to wallet.Phone, owner uint32) {
	if from != to {
		if from != 0 {
			r := s.phones.Touch(int64(from))
			if r.bound--; r.bound == 0 {
				r.holder = 0
			}
		}
		s.phones.Touch(int64(to)).bound++
	}
	s.phones.Touch(int64(to)).holder = owner
}

// Bytes returns the memory used, except for the few accounts that have left a shared wallet.
func (s *Identities) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts.Bytes() + s.phones.Bytes() + s.former.Bytes() + s.joined.Bytes()
}
