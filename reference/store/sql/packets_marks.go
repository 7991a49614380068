package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// packetChange is the job of one change of the state of a packet or of a share.
type packetChange struct {
	no wallet.PacketNo
	to wallet.PacketState // 0: the change is of a share

	share wallet.Share // the new state; For selects the share
	got   wallet.Share // as recorded
}

// Advance implements wallet.Packets. ErrInvalid: an account of no known family, or an unknown state.
func (p *Packets) Advance(ctx context.Context, no wallet.PacketNo, to wallet.PacketState) error {
	if err := no.Account.Validate(); err != nil {
		return err
	}
	if to < wallet.PacketAsked || to > wallet.PacketClosed {
		return fmt.Errorf("%w: packet state %d", wallet.ErrInvalid, to)
	}
	return p.shardOf(no).do(ctx, p.change, 1, &packetChange{no: no, to: to})
}

// Mark implements wallet.Packets.
func (p *Packets) Mark(ctx context.Context, no wallet.PacketNo, a wallet.Account, to wallet.ShareState, owner wallet.ActID, at wallet.Instant) (wallet.Share, error) {
	if err := no.Account.Validate(); err != nil {
		return wallet.Share{}, err
	}
	c := &packetChange{no: no, share: wallet.Share{For: a, State: to, Owner: owner, At: at}}
	if err := p.shardOf(no).do(ctx, p.change, 2, c); err != nil {
		return wallet.Share{}, err
	}
	return c.got, nil
}

// applyChange makes the changes in packet order and locks each packet first: the transaction that marks the last of
// several shares must see the states of the others.
func (p *Packets) applyChange(ctx context.Context, t *txn, jobs []*job) error {
	jobs = slices.Clone(jobs)
	slices.SortStableFunc(jobs, func(a, b *job) int { return comparePacketNos(a.in.(*packetChange).no, b.in.(*packetChange).no) })
	for _, j := range jobs {
		c := j.in.(*packetChange)
		was := wallet.PacketState(0)
		there, err := readOne(ctx, t.query, p.lock, packetKeyed(nil, c.no), &was)
		switch {
		case err != nil:
		case !there:
			j.err = fmt.Errorf("%w: packet %s", wallet.ErrNotFound, c.no)
		case c.to != 0:
			err = p.advance(ctx, t, c, was)
		default:
			j.err, err = p.mark(ctx, t, c, was)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// advance changes a packet's state if the new state may follow.
func (p *Packets) advance(ctx context.Context, t *txn, c *packetChange, was wallet.PacketState) error {
	if !was.Follows(c.to) {
		return nil
	}
	if err := t.change(ctx, p.advanced, packetKeyed([]any{int64(c.to), int64(c.to), int64(was)}, c.no)...); err != nil {
		return err
	}
	if c.to != wallet.PacketSent {
		return nil
	}
	return t.change(ctx, p.listed, packetKeyed(nil, c.no)...)
}

// mark changes a share's state if the new state may follow, and closes the packet with its last share. refused
// concerns only this job.
func (p *Packets) mark(ctx context.Context, t *txn, c *packetChange, was wallet.PacketState) (refused, err error) {
	key := packetKeyed([]any{int64(c.share.For.Family), int64(c.share.For.User)}, c.no)
	s := &c.got
	there, err := readOne(ctx, t.query, p.share, key, &s.For.Family, &s.For.User, &s.Wallet, &s.Amount, &s.State, &s.Owner, &s.At)
	if err != nil {
		return nil, err
	}
	if !there {
		return fmt.Errorf("%w: a share of packet %s", wallet.ErrNotFound, c.no), nil
	}
	if was != wallet.PacketSent || !c.got.State.Follows(c.share.State) {
		return nil, nil
	}
	c.got.State, c.got.Owner, c.got.At = c.share.State, c.share.Owner, c.share.At
	var moving any
	if !c.got.State.Final() {
		moving = int64(c.got.At)
	}
	if err := t.change(ctx, p.setShare, append([]any{int64(c.got.State), int64(c.got.Owner), int64(c.got.At), moving}, key...)...); err != nil {
		return nil, err
	}
	if !c.got.State.Final() {
		return nil, nil
	}
	return nil, t.change(ctx, p.closed, packetKeyed(packetKeyed(nil, c.no), c.no)...)
}
