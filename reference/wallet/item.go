package wallet

import (
	"context"
	"fmt"
)

// ItemState is how far a reward other than cash has come. It moves along the arrows only:
//
//	open → issued → processing → settled → using → used, expired, refunded
//	  ↘ void          ↘ refunded   ↘ expired
//	                               ↘ returning → refunded, used, expired
//
// Moved is on no way: a number begins so or never is.
type ItemState uint8

// The states. Void, used, expired, refunded and moved are final. Their numbers are in the stores.
const (
	ItemOpen       ItemState = iota // on record; what is granted is not settled yet
	ItemVoid                        // nothing is granted: the stock is gone, and what is given in its place is a greeting
	ItemIssued                      // what is granted is settled and counted; its downstream was not asked yet
	ItemProcessing                  // set before the downstream is asked: it may know of it
	ItemSettled                     // the downstream has confirmed it: it can be used
	ItemUsing                       // set before the downstream is asked to use it: it may have been used
	ItemUsed
	ItemExpired
	ItemRefunded  // taken back; its coupon is in the stock again
	ItemReturning // set before the downstream is asked to take it back: it may have taken it
	ItemMoved     // the number is given up: its wallet has joined another one, under which the win goes on record
)

var itemStateNames = [...]string{"open", "void", "issued", "processing", "settled", "using", "used", "expired", "refunded", "returning", "moved"}

// String returns the state's name on the wire.
func (s ItemState) String() string {
	if int(s) < len(itemStateNames) {
		return itemStateNames[s]
	}
	return "unknown-item-state"
}

// Grants says whether something is granted in state s.
func (s ItemState) Grants() bool { return s != ItemOpen && s != ItemVoid && s != ItemMoved }

// Follows says whether an item in state s may move to state t.
func (s ItemState) Follows(t ItemState) bool {
	switch s {
	case ItemOpen:
		return t == ItemIssued || t == ItemVoid
	case ItemIssued:
		return t == ItemProcessing
	case ItemProcessing:
		return t == ItemSettled || t == ItemRefunded
	case ItemSettled:
		return t == ItemUsing || t == ItemExpired || t == ItemReturning
	case ItemUsing:
		return t == ItemUsed || t == ItemExpired || t == ItemRefunded // it was taken back before the downstream heard of the use
	case ItemReturning:
		return t == ItemRefunded || t == ItemUsed || t == ItemExpired // it came too late
	}
	return false
}

// Final says whether nothing follows.
func (s ItemState) Final() bool {
	return s == ItemVoid || s == ItemUsed || s == ItemExpired || s == ItemRefunded || s == ItemMoved
}

// Item is a reward other than cash: a coupon or a pendant (B4). Its record is its order of record (O3): one person gets
// one scene's reward at most once a rain and stage, because no other number can be written for it.
type Item struct {
	No      OrderNo // what was asked for
	Asked   RewardID
	Account Account // who won it, as the downstream knows people
	Opened  Instant // when the person won; its place in the list
	Created Instant // when it was recorded

	// What is granted, from ItemIssued on. It is what was asked for, or what is given in its place (C2). Void and
	// moved leave all three zero.
	Award   AwardType
	Reward  RewardID
	Counted OrderNo // under which the stock counted it; zero where the scene asks for no stock control

	State   ItemState
	Changed Instant // when it came to this state
	Ref     string  // the downstream's own name for it, once it is known; at most MaxItemRef bytes
	Expires Instant // from then on it cannot be used; Never where the downstream has not said
}

// MaxItemRef bounds a downstream's name for an item in bytes.
const MaxItemRef = 64

// MaxAdvance bounds the items of one Advance: more than any downstream takes at once.
const MaxAdvance = 1000

// Items keeps items of record. Durable: what Create acknowledged is never lost.
type Items interface {
	ItemRecorder
	// Advance brings each of the items, at most MaxAdvance, to its State with its grant, name, expiry and instant of change,
	// where that state follows the one on record, and returns what is on record afterwards, in their order; a zero Item for
	// a number that is not there. Where the state does not follow, nothing is changed. Each atomic, and so idempotent.
	// ErrUnknown: some may have been advanced; repeat the call.
	Advance(ctx context.Context, items []Item) ([]Item, error)
	// Of returns at most limit items of these wallets in one stage to which something is granted, newest first, after the
	// cursor.
	Of(ctx context.Context, wallets []ActID, s Stage, after Cursor, limit int) ([]Item, error)
	// Unsettled returns at most limit items in state s that came to it before the instant, oldest first, from a place on,
	// and the place to go on from; 0: there are no more. What cannot be settled is so passed by. For ItemSettled the
	// instant is compared with the expiry instead: they are those to expire.
	Unsettled(ctx context.Context, s ItemState, before Instant, from OpenPlace, limit int) ([]Item, OpenPlace, error)
	// Count returns how many items a stage has in each state.
	Count(ctx context.Context, s Stage) (map[ItemState]int64, error)
}

// ItemRecorder records items and returns them by number.
type ItemRecorder interface {
	// Create records i unless its number is taken, and returns the one on record and whether it is new. It is open, or, where
	// nothing is left to settle, issued or void at once, or moved. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, i Item) (Item, bool, error)
	// Get returns the items on record under nos, in that order; a zero Item for a number that is not there.
	Get(ctx context.Context, nos []OrderNo) ([]Item, error)
}

// ItemBook lists items for audits.
type ItemBook interface {
	// Items calls yield for each item, by owner and then in the order of their numbers, until it returns false.
	Items(ctx context.Context, yield func(Item) bool) error
}

// Validate returns ErrInvalid for an item that no store may keep: a malformed number, a state that does not exist, a
// grant that does not fit the state, a name that is too long.
func (i Item) Validate() error {
	if err := i.No.Validate(); err != nil {
		return err
	}
	granted := i.Award.Valid() && i.Award != Cash && i.Reward != ""
	nothing := i.Award == 0 && i.Reward == "" && i.Counted == OrderNo{}
	switch {
	case i.No.Award == Cash:
		return fmt.Errorf("%w: item %s: cash is no item", ErrInvalid, i.No)
	case i.State > ItemMoved:
		return fmt.Errorf("%w: item %s: state %d", ErrInvalid, i.No, i.State)
	case i.Asked == "" || len(i.Asked) > MaxTemplate || len(i.Reward) > MaxTemplate || len(i.Ref) > MaxItemRef:
		return fmt.Errorf("%w: item %s: asked for %q, granted %q, with a name of %d bytes", ErrInvalid, i.No, i.Asked, i.Reward, len(i.Ref))
	case !i.State.Grants() && !nothing, i.State.Grants() && !granted:
		return fmt.Errorf("%w: item %s: %s with %s %q granted", ErrInvalid, i.No, i.State, i.Award, i.Reward)
	case i.Counted != OrderNo{} && (i.Counted.ActID != i.No.ActID || i.Counted.Validate() != nil):
		return fmt.Errorf("%w: item %s: counted under %s", ErrInvalid, i.No, i.Counted)
	}
	return nil
}

// RewardsRequest asks for a person's rewards other than cash.
type RewardsRequest struct {
	Caller
	At    Instant // which stage to show; 0 = now
	After Cursor
	Limit int // 1..MaxPage
}

// RewardsPage is the list of them (P3), newest first.
type RewardsPage struct {
	Stage Stage
	Items []Item
	Next  Cursor // zero = the end
}

// UseRequest asks to use one.
type UseRequest struct {
	Caller
	Order OrderNo
}

// Rewards is what people do with rewards other than cash. Every error carries a Code.
type Rewards interface {
	// Rewards lists them, the same in all eight apps.
	Rewards(ctx context.Context, r RewardsRequest) (RewardsPage, error)
	// UseReward uses one, once: a repeat answers as the first time. ErrNotYours, ErrNotFound, ErrExpired, ErrNotUsable (it
	// is not settled yet, or was taken back). ErrUnknown: it may be used; repeat the call.
	UseReward(ctx context.Context, r UseRequest) (Item, error)
}
