package wallet

import (
	"context"
	"fmt"
	"slices"
)

// ErrSoldOut: all coupons of the template are granted.
var ErrSoldOut = &Error{CodeRefused, "sold_out", "the coupons are all granted"}

// MaxStock bounds the coupons of one template. Sums of stocks then fit 64 bits, and a Lua number represents each
// exactly.
const MaxStock = 1 << 40

// MaxTemplate bounds the bytes of a template's reward id, which is part of keys and rows.
const MaxTemplate = 32

// Template is a coupon template in one stage. Each stage has a separate stock (A1).
type Template struct {
	Reward RewardID
	Stage  Stage
}

// Validate returns ErrInvalid for an unknown stage, or an id that is not 1 to 32 lower-case letters, digits and '-'.
func (t Template) Validate() error {
	if t.Stage < InternalTest || t.Stage > Official {
		return fmt.Errorf("%w: template of stage %d", ErrInvalid, t.Stage)
	}
	if len(t.Reward) == 0 || len(t.Reward) > MaxTemplate {
		return fmt.Errorf("%w: template id of %d bytes", ErrInvalid, len(t.Reward))
	}
	for i := range len(t.Reward) {
		if c := t.Reward[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return fmt.Errorf("%w: template id %q", ErrInvalid, t.Reward)
		}
	}
	return nil
}

// StockStrategy is the way coupons are counted against their stock (C3–C5).
type StockStrategy string

// The strategies.
const (
	StockSingleKey StockStrategy = "single-key" // the source's: one counter per template, which does not remember its orders
	StockSplitKey  StockStrategy = "split-key"  // several counters per template, each of which remembers its orders
	StockLease     StockStrategy = "lease"      // blocks leased to instances by a durable store
)

// StockStrategies lists them in the order that tables show them.
var StockStrategies = []StockStrategy{StockSingleKey, StockSplitKey, StockLease}

// ParseStockStrategy returns the strategy of that name.
func ParseStockStrategy(name string) (StockStrategy, bool) {
	if s := StockStrategy(name); slices.Contains(StockStrategies, s) {
		return s, true
	}
	return "", false
}

// Stocks counts the coupons granted of each template (C1, C3). The template's stage is the order's stage. The scene
// determines the reward of an order's template, and never changes it.
type Stocks interface {
	// Take takes one of at most total coupons for the order. Idempotent by number: a repeat returns the first result.
	// ErrSoldOut: no coupon is left. ErrInvalid: total is below zero or above MaxStock. ErrUnknown: one may have been
	// taken; repeat the call.
	Take(ctx context.Context, no OrderNo, t RewardID, total int64) error
	// Decline records that the order gets no coupon of the template, unless it has one already: then has is true.
	// Idempotent. ErrUnknown: repeat the call.
	Decline(ctx context.Context, no OrderNo, t RewardID) (has bool, err error)
	// GiveBack returns the order's coupon, if any, to the stock, and records that the order gets no other. Call it only
	// after the order is finished: a concurrent repeat of Take may get either result. Idempotent. ErrUnknown: repeat
	// the call.
	GiveBack(ctx context.Context, no OrderNo, t RewardID) error
	// Issued returns the number of coupons that orders have. It may lag behind the exact count for a moment.
	Issued(ctx context.Context, t Template) (int64, error)
}

// StockKey identifies one counter of a template. A template with one counter has only part 0.
type StockKey struct {
	Template
	Part int
}

// ValidateOrder returns ErrInvalid if no cannot take a coupon from the counter: one of them is invalid, or their stages
// differ.
func (k StockKey) ValidateOrder(no OrderNo) error {
	if err := k.Validate(); err != nil {
		return err
	}
	if k.Stage != no.Stage {
		return fmt.Errorf("%w: order %s cannot take stock of stage %s", ErrInvalid, no, k.Stage)
	}
	return no.Validate()
}

// StockCounter is the source's way of counting (C3): a number that is incremented.
type StockCounter interface {
	// Add adds n and returns the sum. NOT idempotent: after ErrUnknown it cannot be determined whether n was added
	// (C4).
	Add(ctx context.Context, k StockKey, n int64) (int64, error)
	// Count returns the sum.
	Count(ctx context.Context, k StockKey) (int64, error)
}

// StockAnswer is the reply of a counter that remembers its orders.
type StockAnswer uint8

// The answers. All but StockEmpty are final.
const (
	StockEmpty   StockAnswer = iota // no coupon is left at this key; nothing was written
	StockGranted                    // the order has a coupon
	StockRefused                    // the order has no coupon and will get none
)

// StockParts are counters that remember their orders. A template's stock is divided among its parts by the limits that
// callers pass, which must be the same in each call. Parts move unused coupons to each other. Each call is one atomic
// step at one key. After any error but ErrUnknown nothing was done.
type StockParts interface {
	// Take counts a coupon for the order if the key has one left: limit, minus what was moved out, plus what was moved
	// in. Idempotent by number. If none is left and last is set, the refusal is recorded. A limit below zero grants
	// nothing. ErrUnknown: repeat the call.
	Take(ctx context.Context, k StockKey, no OrderNo, limit int64, last bool) (StockAnswer, error)
	// GiveBack removes the order's coupon from the count and records a refusal. Idempotent. ErrUnknown: repeat the
	// call.
	GiveBack(ctx context.Context, k StockKey, no OrderNo) error
	// MoveOut takes up to want coupons, at most half of the coupons left (rounded up), out of a key for another part.
	// It returns the total ever moved to that part. ErrUnknown: they may have been moved; the next result shows it.
	MoveOut(ctx context.Context, from StockKey, to int, limit, want int64) (int64, error)
	// MoveIn reports to a key the total that another part ever moved to it, and returns how much of the total is new to
	// the key. Idempotent. ErrUnknown: repeat the call.
	MoveIn(ctx context.Context, to StockKey, from int, moved int64) (int64, error)
	// Issued returns the number of coupons counted at the key.
	Issued(ctx context.Context, k StockKey) (int64, error)
}

// StockMirror publishes the issued count of templates that are counted in StockLeases, so that many readers can read it
// cheaply (C2). It is a weak dependency: no grant depends on it.
type StockMirror interface {
	// Report stores the number of issued coupons of the template. The last report wins; a late one may show less for a
	// moment.
	Report(ctx context.Context, t Template, issued int64) error
	// Reported returns the last report, or zero if there was none.
	Reported(ctx context.Context, t Template) (int64, error)
}

// StockLeases stores leased stock (C5). It is durable: the loss of a counter elsewhere cannot make it grant more. For
// each template it is a Quotas whose amounts are coupons instead of fen, and whose budget is the stock. A block's
// number is the epoch that fences its holder: an orphaned block pays for nothing more, and its rest is leased to nobody
// before Reclaim has counted it.
type StockLeases interface {
	// Of returns the leases of one template. ErrInvalid: the id is malformed.
	Of(t RewardID) (Quotas, error)
	// GiveBack returns the order's coupon to its block, from which Reclaim recovers it once the block has ended, and
	// records that the order is refused, even if the order had no record. Idempotent. ErrUnknown: repeat the call.
	GiveBack(ctx context.Context, no OrderNo, t RewardID) error
}
