package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Packets stores packets of record. They are far fewer than grants, so they are stored uncompressed.
type Packets struct {
	mu        sync.Mutex
	records   []wallet.Packet // record i has index i-1
	byNumber  map[wallet.PacketNo]uint32
	byAccount accounts[[]uint32]        // packets with a share for an account, in the order of recording
	byWallet  map[wallet.ActID][]uint32 // packets with a share for a wallet, or with one opened into it
	heads     slab.Heads                // newest of each sender's wallet
	older     []uint32                  // previous record of the same wallet, by record
	open      pending                   // packets in state asked or sent
	moving    map[uint32]wallet.Instant // time since when a packet is asked, or a share opening or returning
	bytes     int64                     // memory that the records point to
}

var (
	_ wallet.Packets      = (*Packets)(nil)
	_ wallet.PacketReader = (*Packets)(nil)
)

// NewPackets returns an empty store.
func NewPackets() *Packets {
	return &Packets{byNumber: map[wallet.PacketNo]uint32{}, byWallet: map[wallet.ActID][]uint32{}, moving: map[uint32]wallet.Instant{}}
}

// Create implements wallet.Packets. ErrInvalid: an invalid packet, for example if its shares do not add up to its
// amount.
func (s *Packets) Create(_ context.Context, p wallet.Packet) (wallet.Packet, bool, error) {
	if err := p.Validate(); err != nil {
		return wallet.Packet{}, false, err
	}
	if err := checkOwner(p.Owner); err != nil {
		return wallet.Packet{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.byNumber[p.No]; i != 0 {
		return s.packet(i), false, nil
	}
	clone := clonePacket(p)
	s.records = append(s.records, clone)
	i := uint32(len(s.records))
	s.byNumber[p.No] = i
	s.older = append(s.older, s.heads.Get(int64(p.Owner)))
	s.heads.Set(int64(p.Owner), i)
	for _, share := range p.Shares {
		row := s.byAccount.touch(share.For)
		*row = append(*row, i)
		s.byWallet[share.Wallet] = append(s.byWallet[share.Wallet], i)
	}
	s.open.add(i, p.Created)
	s.moving[i] = p.Created
	s.bytes += int64(len(p.Shares))*int64(unsafe.Sizeof(wallet.Share{})+8) + int64(len(p.Wallets))*8 + int64(len(p.Greeting))
	return p, true, nil
}

// clonePacket returns a packet that shares no memory with p.
func clonePacket(p wallet.Packet) wallet.Packet {
	p.Wallets, p.Shares = slices.Clone(p.Wallets), slices.Clone(p.Shares)
	return p
}

// packet returns a copy of record i.
func (s *Packets) packet(i uint32) wallet.Packet { return clonePacket(s.records[i-1]) }

// find returns the record of a number. ErrNotFound: it does not exist.
func (s *Packets) find(no wallet.PacketNo) (uint32, error) {
	i := s.byNumber[no]
	if i == 0 {
		return 0, fmt.Errorf("%w: packet %s", wallet.ErrNotFound, no)
	}
	return i, nil
}

// Get implements wallet.Packets.
func (s *Packets) Get(_ context.Context, no wallet.PacketNo) (wallet.Packet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(no)
	if err != nil {
		return wallet.Packet{}, err
	}
	return s.packet(i), nil
}

// Advance implements wallet.Packets.
func (s *Packets) Advance(_ context.Context, no wallet.PacketNo, to wallet.PacketState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(no)
	if err == nil && s.records[i-1].State.Follows(to) {
		s.records[i-1].State = to
		s.updateWaiting(i)
	}
	return err
}

// Mark implements wallet.Packets.
func (s *Packets) Mark(_ context.Context, no wallet.PacketNo, a wallet.Account, to wallet.ShareState, owner wallet.ActID, at wallet.Instant) (wallet.Share, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.find(no)
	if err != nil {
		return wallet.Share{}, err
	}
	p := &s.records[i-1]
	n, ok := p.ShareFor(a)
	if !ok {
		return wallet.Share{}, fmt.Errorf("%w: a share of packet %s", wallet.ErrNotFound, no)
	}
	share := &p.Shares[n]
	if p.State != wallet.PacketSent || !share.State.Follows(to) {
		return *share, nil
	}
	share.State, share.Owner, share.At = to, owner, at
	if to == wallet.ShareOpened && !slices.Contains(s.byWallet[owner], i) {
		s.byWallet[owner] = append(s.byWallet[owner], i)
		s.bytes += 4
	}
	if p.Done() {
		p.State = wallet.PacketClosed
	}
	s.updateWaiting(i)
	return *share, nil
}

// updateWaiting records whether record i, which has changed, still waits for something.
func (s *Packets) updateWaiting(i uint32) {
	p := &s.records[i-1]
	since := wallet.Never
	for _, share := range p.Shares {
		if share.State == wallet.ShareOpening || share.State == wallet.ShareReturning {
			since = min(since, share.At)
		}
	}
	if s.moving[i] = since; since == wallet.Never {
		delete(s.moving, i)
	}
	if p.State == wallet.PacketRefused || p.State == wallet.PacketClosed {
		s.open.done(i)
	}
}

// SentBy implements wallet.Packets. Of two packets with the same time, the one recorded later comes first.
func (s *Packets) SentBy(_ context.Context, wallets []wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Packet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []uint32
	for _, id := range wallets {
		for i := s.heads.Get(int64(id)); i != 0; i = s.older[i-1] {
			if s.records[i-1].Stage == stage {
				found = append(found, i)
			}
		}
	}
	return s.newest(found, limit), nil
}

// For implements wallet.Packets, in the order of SentBy.
func (s *Packets) For(_ context.Context, as []wallet.Account, wallets []wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Packet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []uint32
	for _, a := range as {
		if err := a.Validate(); err != nil {
			return nil, err
		}
		found = append(found, s.byAccount.get(a)...)
	}
	for _, id := range wallets {
		found = append(found, s.byWallet[id]...)
	}
	found = slices.DeleteFunc(found, func(i uint32) bool {
		p := &s.records[i-1]
		return p.Stage != stage || p.State != wallet.PacketSent && p.State != wallet.PacketClosed
	})
	return s.newest(found, limit), nil
}

// newest returns at most limit of the records, without duplicates, newest first.
func (s *Packets) newest(found []uint32, limit int) []wallet.Packet {
	slices.SortFunc(found, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.records[b-1].Created, s.records[a-1].Created), cmp.Compare(b, a))
	})
	found = slices.Compact(found)
	var out []wallet.Packet
	for _, i := range found[:min(len(found), max(limit, 0))] {
		out = append(out, s.packet(i))
	}
	return out
}

// placeOf returns the place of record i in the list of unfinished packets. Like an item's place, it is the creation
// time in the high bits and some bits of the record's number in the low ones.
func (s *Packets) placeOf(i uint32) waitingItem {
	return waitingItem{placeAt(s.records[i-1].Created, i), i}
}

// Unfinished implements wallet.Packets. Oldest means created first; at the same time, recorded first.
func (s *Packets) Unfinished(_ context.Context, asked, sent wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Packet, wallet.ScanCursor, error) {
	if limit <= 0 {
		return nil, 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []waitingItem
	for i, since := range s.moving {
		if since < asked {
			found = append(found, s.placeOf(i))
		}
	}
	for first, last := range s.open.before(sent) {
		for i := first; i <= last && int(i) <= len(s.records); i++ {
			if p := &s.records[i-1]; p.State == wallet.PacketSent && p.Created < sent {
				found = append(found, s.placeOf(i))
			}
		}
	}
	found = slices.DeleteFunc(found, func(w waitingItem) bool { return w.place < int64(from) })
	slices.SortFunc(found, compareWaiting)
	found, next := cutWaiting(slices.Compact(found), limit)
	var out []wallet.Packet
	for _, w := range found {
		out = append(out, s.packet(w.item))
	}
	return out, next, nil
}

// Settled reports whether there is no unfinished packet.
func (s *Packets) Settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open.count == 0
}

// Packets implements wallet.PacketReader; packets of one owner come in the order in which they were recorded.
func (s *Packets) Packets(_ context.Context, yield func(wallet.Packet) bool) error {
	eachOwner(&s.mu, &s.heads, func(buf []wallet.Packet, owner int64) []wallet.Packet {
		for i := s.heads.Get(owner); i != 0; i = s.older[i-1] {
			buf = append(buf, s.packet(i))
		}
		slices.Reverse(buf)
		return buf
	}, yield)
	return nil
}

// Bytes returns the memory used, with an estimate for the maps.
func (s *Packets) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	const entry = int64(unsafe.Sizeof(wallet.PacketNo{})) + 24 // of a map: key, value and a share of the empty slots
	return int64(cap(s.records))*int64(unsafe.Sizeof(wallet.Packet{})) + int64(cap(s.older))*4 + s.bytes + s.byAccount.Bytes() + s.heads.Bytes() +
		s.open.Bytes() + int64(len(s.byNumber)+len(s.byWallet)+len(s.moving))*entry
}
