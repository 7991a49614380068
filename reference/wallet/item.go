package wallet

import (
	"context"
	"fmt"
)

// ItemState is the progress of a reward other than cash. It moves along these arrows only:
//
//	open → issued → processing → settled → using → used, expired, refunded
//	  ↘ void          ↘ refunded   ↘ expired
//	                               ↘ returning → refunded, used, expired
//
// Moved has no arrow: a number is created in that state or never has it.
type ItemState uint8

// The states. Void, used, expired, refunded and moved are final. Stores save these numbers.
const (
	ItemOpen       ItemState = iota // on record; what is granted is not decided yet
	ItemVoid                        // nothing is granted: the stock is used up, and the fallback is a greeting
	ItemIssued                      // what is granted is decided and counted; its downstream was not called yet
	ItemProcessing                  // set before the downstream is called: it may know the item
	ItemSettled                     // the downstream has confirmed it: it can be used
	ItemUsing                       // set before the downstream is called to use it: it may have been used
	ItemUsed
	ItemExpired
	ItemRefunded  // taken back; its coupon is returned to the stock
	ItemReturning // set before the downstream is called to take it back: it may have been taken back
	ItemMoved     // the number is given up: its wallet was joined to another one, which records the win
)

var itemStateNames = [...]string{"open", "void", "issued", "processing", "settled", "using", "used", "expired", "refunded", "returning", "moved"}

// String returns the state's name on the wire.
func (s ItemState) String() string {
	if int(s) < len(itemStateNames) {
		return itemStateNames[s]
	}
	return "unknown-item-state"
}

// Grants reports whether an item in state s grants something.
func (s ItemState) Grants() bool { return s != ItemOpen && s != ItemVoid && s != ItemMoved }

// Follows reports whether an item in state s may move to state t.
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
		return t == ItemUsed || t == ItemExpired || t == ItemRefunded // refunded: the item was taken back before the use arrived
	case ItemReturning:
		return t == ItemRefunded || t == ItemUsed || t == ItemExpired // used or expired: the refund arrived too late
	}
	return false
}

// Final reports whether no state follows.
func (s ItemState) Final() bool {
	return s == ItemVoid || s == ItemUsed || s == ItemExpired || s == ItemRefunded || s == ItemMoved
}

// Item is a reward other than cash: a coupon or a pendant (B4). Its record is its order of record (O3): one person gets
// one scene's reward at most once per rain and stage, because no other order number exists for it.
type Item struct {
	No      OrderNo // the order number of the request
	Asked   RewardID
	Account Account // the winning account; downstreams identify people by it
	Opened  Instant // when the person won; its position in the list
	Created Instant // when it was recorded

	// What is granted, from ItemIssued on: the reward that was requested, or its fallback (C2). All three are zero in
	// ItemVoid and ItemMoved.
	Award   AwardType
	Reward  RewardID
	Counted OrderNo // the number under which the stock counted it; zero if the scene has no stock control

	State   ItemState
	Changed Instant // when it got this state
	Ref     string  // the downstream's id of the item, once known; at most MaxItemRef bytes
	Expires Instant // from then on it cannot be used; Never: not known
}

// MaxItemRef bounds a downstream's id of an item in bytes.
const MaxItemRef = 64

// MaxAdvance bounds the items of one Advance call. It is above every downstream's batch size.
const MaxAdvance = 1000

// Items stores items. Durable: what Create acknowledged is never lost.
type Items interface {
	ItemRecorder
	ItemHistory
	// Advance changes each of the items, at most MaxAdvance, to its State, with its grant, Ref, Expires and Changed, if
	// that state follows the state on record. Otherwise it changes nothing. It returns the items on record afterwards,
	// in the same order, with a zero Item for a number that is not on record. Each item is changed atomically and
	// idempotently. ErrUnknown: some may have been changed; repeat the call.
	Advance(ctx context.Context, items []Item) ([]Item, error)
	// Due returns at most limit items that have been in state s since before the instant, oldest first, starting at
	// from, and the position to continue from; 0: the end. The position lets a scan pass items that cannot be settled.
	// For ItemSettled the instant is compared with Expires instead: it returns the items to expire.
	Due(ctx context.Context, s ItemState, before Instant, from ScanCursor, limit int) ([]Item, ScanCursor, error)
	// Count returns the number of items of a stage in each state.
	Count(ctx context.Context, s Stage) (map[ItemState]int64, error)
}

// ItemRecorder records items and returns them by number.
type ItemRecorder interface {
	// Create records i unless its number is taken, and returns the item on record and whether it is new. The state is
	// open, or issued or void if nothing is left to decide, or moved. Atomic. ErrUnknown: it may have been recorded;
	// repeat the call.
	Create(ctx context.Context, i Item) (Item, bool, error)
	// Get returns the items on record under nos, in that order, with a zero Item for a number that is not on record.
	Get(ctx context.Context, nos []OrderNo) ([]Item, error)
}

// ItemHistory lists the items of a person.
type ItemHistory interface {
	// Of returns at most limit items of these wallets in one stage that grant something, newest first, after the
	// cursor.
	Of(ctx context.Context, wallets []ActID, s Stage, after Cursor, limit int) ([]Item, error)
}

// ItemReader lists items for audits.
type ItemReader interface {
	// Items calls yield for each item, by owner and then in the order of their numbers, until it returns false.
	Items(ctx context.Context, yield func(Item) bool) error
}

// Validate returns ErrInvalid for an item that no store may contain: a malformed number, an unknown state, a grant that
// does not match the state, or a field that is too long.
func (i Item) Validate() error {
	if err := i.No.Validate(); err != nil {
		return err
	}
	granted := i.Award.Valid() && i.Award != Cash && i.Reward != ""
	nothing := i.Award == 0 && i.Reward == "" && i.Counted == OrderNo{}
	switch {
	case i.No.Award == Cash:
		return fmt.Errorf("%w: item %s: cash is not an item", ErrInvalid, i.No)
	case i.State > ItemMoved:
		return fmt.Errorf("%w: item %s: state %d", ErrInvalid, i.No, i.State)
	case i.Asked == "" || len(i.Asked) > MaxTemplate || len(i.Reward) > MaxTemplate || len(i.Ref) > MaxItemRef:
		return fmt.Errorf("%w: item %s: requested %q, granted %q, downstream id of %d bytes", ErrInvalid, i.No, i.Asked, i.Reward, len(i.Ref))
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
	At    Instant // the list shows the stage of this moment; 0 = now
	After Cursor
	Limit int // 1..MaxPage
}

// RewardsPage is one page of a person's rewards other than cash (P3), newest first.
type RewardsPage struct {
	Stage Stage
	Items []Item
	Next  Cursor // zero = the end
}

// UseRequest asks to use one reward.
type UseRequest struct {
	Caller
	Order OrderNo
}

// Rewards is the users' API for rewards other than cash. Every error has a Code.
type Rewards interface {
	// Rewards lists the person's rewards. The list is the same in all eight apps.
	Rewards(ctx context.Context, r RewardsRequest) (RewardsPage, error)
	// UseReward uses a reward once. Idempotent: a repeat returns the first result. ErrNotYours, ErrNotFound,
	// ErrExpired. ErrNotUsable: it is not settled yet, or was taken back. ErrUnknown: it may have been used; repeat the
	// call.
	UseReward(ctx context.Context, r UseRequest) (Item, error)
}
