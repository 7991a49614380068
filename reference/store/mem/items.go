package mem

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Items stores rewards other than cash: 64 bytes each and 4 per wallet, the downstream's name for it, and 16 bytes
// while it waits.
type Items struct {
	mu      sync.Mutex
	kinds   kinds
	rewards names[wallet.RewardID]
	records slab.Slab[itemRecord]
	heads   slab.Heads
	refs    slab.Slab[byte]
	waiting [wallet.ItemMoved + 1]waitingItems
	counts  [wallet.Stages + 1][wallet.ItemMoved + 1]int64
}

var (
	_ wallet.Items      = (*Items)(nil)
	_ wallet.ItemReader = (*Items)(nil)
)

type itemRecord struct {
	opened, created, changed, expires wallet.Instant
	user                              wallet.UserID
	owner, next                       uint32
	ref                               uint32 // index of the name's first byte in refs
	kind, counted                     uint16
	asked, reward                     uint16
	family                            wallet.Family
	award                             wallet.AwardType
	state                             wallet.ItemState
	refLen                            uint8
}

// NewItems returns an empty store.
func NewItems() *Items {
	return &Items{kinds: newKinds(), rewards: newNames[wallet.RewardID](maxKinds)}
}

// find returns the record of a number, or 0 if it does not exist.
func (s *Items) find(no wallet.OrderNo) uint32 {
	kind := s.kinds.of(no)
	if kind == 0 {
		return 0
	}
	i := s.heads.Get(int64(no.ActID))
	for i != 0 && s.records.At(i).kind != kind {
		i = s.records.At(i).next
	}
	return i
}

func (s *Items) item(i uint32) wallet.Item {
	r := s.records.At(i)
	out := wallet.Item{No: s.kinds.no(wallet.ActID(r.owner), r.kind), Asked: s.rewards.name(r.asked), Account: wallet.Account{Family: r.family, User: r.user},
		Opened: r.opened, Created: r.created, Award: r.award, State: r.state, Changed: r.changed, Expires: r.expires}
	if r.reward != 0 {
		out.Reward = s.rewards.name(r.reward)
	}
	if r.counted != 0 {
		out.Counted = s.kinds.no(wallet.ActID(r.owner), r.counted)
	}
	out.Ref = s.refOf(r)
	return out
}

// write sets the fields of a record that are not part of its key. ErrOverloaded: too many kinds or rewards.
func (s *Items) write(r *itemRecord, v wallet.Item) error {
	var err error
	if v.Reward != "" {
		if r.reward, err = s.rewards.add(v.Reward); err != nil {
			return err
		}
	}
	if v.Counted != (wallet.OrderNo{}) {
		if r.counted, err = s.kinds.intern(v.Counted); err != nil {
			return err
		}
	}
	if v.Ref != s.refOf(r) {
		r.ref, r.refLen = uint32(s.refs.Len())+1, uint8(len(v.Ref))
		for n := range len(v.Ref) {
			s.refs.Append(v.Ref[n])
		}
	}
	r.award, r.state, r.changed, r.expires = v.Award, v.State, v.Changed, v.Expires
	return nil
}

func (s *Items) refOf(r *itemRecord) string {
	ref := make([]byte, r.refLen)
	for n := range ref {
		ref[n] = *s.refs.At(r.ref + uint32(n))
	}
	return string(ref)
}

// Create implements wallet.Items. ErrInvalid: an item that Item.Validate refuses, a state that is not an initial
// state, or a time before 1970 or after 2041. ErrOverloaded: more than 65,535 kinds or rewards.
func (s *Items) Create(_ context.Context, v wallet.Item) (wallet.Item, bool, error) {
	if err := checkItem(v); err != nil {
		return wallet.Item{}, false, err
	}
	if v.State > wallet.ItemIssued && v.State != wallet.ItemMoved {
		return wallet.Item{}, false, fmt.Errorf("%w: item %s begins as %s", wallet.ErrInvalid, v.No, v.State)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(v.No); i != 0 {
		return s.item(i), false, nil
	}
	r := itemRecord{opened: v.Opened, created: v.Created, user: v.Account.User, family: v.Account.Family, owner: uint32(v.No.ActID)}
	var err error
	if r.kind, err = s.kinds.intern(v.No); err != nil {
		return wallet.Item{}, false, err
	}
	if r.asked, err = s.rewards.add(v.Asked); err != nil {
		return wallet.Item{}, false, err
	}
	if err := s.write(&r, v); err != nil {
		return wallet.Item{}, false, err
	}
	r.next = s.heads.Get(int64(v.No.ActID))
	i := s.records.Append(r)
	s.heads.Set(int64(v.No.ActID), i)
	s.counts[v.No.Stage][v.State]++
	s.addWaiting(i)
	return v, true, nil
}

// Get implements wallet.Items.
func (s *Items) Get(_ context.Context, nos []wallet.OrderNo) ([]wallet.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]wallet.Item, len(nos))
	for n, no := range nos {
		if i := s.find(no); i != 0 {
			out[n] = s.item(i)
		}
	}
	return out, nil
}

// Advance implements wallet.Items. ErrInvalid as in Create, or for more than MaxAdvance items: nothing is changed
// then.
func (s *Items) Advance(_ context.Context, items []wallet.Item) ([]wallet.Item, error) {
	if len(items) > wallet.MaxAdvance {
		return nil, fmt.Errorf("%w: %d items to advance at once", wallet.ErrInvalid, len(items))
	}
	for _, v := range items {
		if err := checkItem(v); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]wallet.Item, len(items))
	for n, v := range items {
		i := s.find(v.No)
		if i == 0 {
			continue
		}
		if err := s.advance(i, v); err != nil {
			return nil, err
		}
		out[n] = s.item(i)
	}
	return out, nil
}

// advance changes a record if the new state may follow.
func (s *Items) advance(i uint32, v wallet.Item) error {
	r := s.records.At(i)
	if !r.state.Follows(v.State) {
		return nil
	}
	was := *r
	if err := s.write(r, v); err != nil {
		*r = was
		return err
	}
	s.removeWaiting(i, &was)
	s.addWaiting(i)
	s.counts[v.No.Stage][was.state]--
	s.counts[v.No.Stage][v.State]++
	return nil
}

// Of implements wallet.Items.
func (s *Items) Of(_ context.Context, wallets []wallet.ActID, stage wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wallet.Item
	for _, id := range wallets {
		for i := s.heads.Get(int64(id)); i != 0; i = s.records.At(i).next {
			r := s.records.At(i)
			if s.kinds.stage(r.kind) == stage && r.state.Grants() &&
				after.After(r.opened, s.kinds.no(id, r.kind)) {
				out = append(out, s.item(i))
			}
		}
	}
	slices.SortFunc(out, newestItem)
	return out[:min(len(out), max(limit, 0))], nil
}

// newestItem is the order of lists of items.
func newestItem(a, b wallet.Item) int {
	switch {
	case a.No == b.No:
		return 0
	case (wallet.Cursor{Opened: a.Opened, Order: a.No}).After(b.Opened, b.No):
		return -1
	}
	return 1
}

// Count implements wallet.Items.
func (s *Items) Count(_ context.Context, stage wallet.Stage) (map[wallet.ItemState]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[wallet.ItemState]int64{}
	if stage > wallet.Stages {
		return out, nil
	}
	for state, n := range s.counts[stage] {
		if n > 0 {
			out[wallet.ItemState(state)] = n
		}
	}
	return out, nil
}

// Items implements wallet.ItemReader.
func (s *Items) Items(_ context.Context, yield func(wallet.Item) bool) error {
	eachOwner(&s.mu, &s.heads, func(buf []wallet.Item, owner int64) []wallet.Item {
		for i := s.heads.Get(owner); i != 0; i = s.records.At(i).next {
			buf = append(buf, s.item(i))
		}
		slices.SortFunc(buf, func(a, b wallet.Item) int { return a.No.Compare(b.No) })
		return buf
	}, yield)
	return nil
}

// Bytes returns the memory used.
func (s *Items) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := s.records.Bytes() + s.heads.Bytes() + s.refs.Bytes() + s.kinds.Bytes() + s.rewards.Bytes()
	for i := range s.waiting {
		total += s.waiting[i].bytes()
	}
	return total
}

// checkItem returns ErrInvalid for an item that cannot be stored.
func checkItem(v wallet.Item) error {
	if err := v.Validate(); err != nil {
		return err
	}
	if v.Created < 0 || v.Changed < 0 || v.Created > lastItem || v.Changed > lastItem || v.Expires < 0 {
		return fmt.Errorf("%w: item %s: created %s, changed %s, expires %s", wallet.ErrInvalid, v.No, v.Created, v.Changed, v.Expires)
	}
	if err := v.Account.Validate(); err != nil {
		return err
	}
	return checkOwner(v.No.ActID)
}
