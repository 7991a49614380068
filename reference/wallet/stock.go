package wallet

import (
	"context"
	"fmt"
)

// ErrSoldOut says that a template's coupons are all granted.
var ErrSoldOut = &Error{CodeRefused, "sold_out", "the coupons are all granted"}

// MaxStock bounds the coupons of one template: far above any festival's, and small enough that sums of stocks fit 64
// bits and that a Lua number holds each exactly.
const MaxStock = 1 << 40

// MaxTemplate bounds the bytes of a template's reward id, because it is part of keys and rows.
const MaxTemplate = 32

// Template names a coupon template in one stage: what is granted in one stage uses up no other's stock (A1).
type Template struct {
	Reward RewardID
	Stage  Stage
}

// Validate returns ErrInvalid: an unknown stage, or an id that is not of 1 to 32 lower-case letters, digits and '-'.
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

// StockStrategy is how coupons are counted against their stock (C3–C5).
type StockStrategy string

// The strategies.
const (
	StockSingleKey StockStrategy = "single-key" // the source's: one counter a template, which forgets what it counted
	StockSplitKey  StockStrategy = "split-key"  // several counters a template, each of which remembers its orders
	StockLease     StockStrategy = "lease"      // blocks leased to instances by a durable book
)

// StockStrategies lists them in the order that tables show them.
var StockStrategies = []StockStrategy{StockSingleKey, StockSplitKey, StockLease}

// ParseStockStrategy returns the strategy of that name.
func ParseStockStrategy(name string) (StockStrategy, bool) {
	for _, s := range StockStrategies {
		if string(s) == name {
			return s, true
		}
	}
	return "", false
}

// Stocks counts the coupons granted of each template (C1, C3). The template's stage is the order's; which template an
// order asks for is settled by its scene, and never changes.
type Stocks interface {
	// Take takes one coupon of at most total for the order: once a number, a repeat answers as the first time.
	// ErrSoldOut: there is none. ErrInvalid: the total is below zero or above MaxStock. ErrUnknown: one may have been
	// taken; repeat the call.
	Take(ctx context.Context, no OrderNo, t RewardID, total int64) error
	// Decline settles that the order gets no coupon of the template, unless it has one: has says so. Idempotent.
	// ErrUnknown: repeat the call.
	Decline(ctx context.Context, no OrderNo, t RewardID) (has bool, err error)
	// GiveBack returns the order's coupon to the stock, where it has one, and settles that it gets no other. The order
	// must be finished before: a repeat of Take answers either way. Idempotent. ErrUnknown: repeat the call.
	GiveBack(ctx context.Context, no OrderNo, t RewardID) error
	// Issued returns how many coupons orders have, as far as is known: the exact count may be some moments ahead.
	Issued(ctx context.Context, t Template) (int64, error)
}

// StockKey names one counter of a template. A template that is counted under one key has part 0 alone.
type StockKey struct {
	Template
	Part int
}

// StockCounter is the source's way of counting (C3): a number that is added to.
type StockCounter interface {
	// Add adds n and returns the sum. NOT idempotent: after ErrUnknown nobody can say whether it was added (C4).
	Add(ctx context.Context, k StockKey, n int64) (int64, error)
	// Count returns the sum.
	Count(ctx context.Context, k StockKey) (int64, error)
}

// StockAnswer is what a counter that remembers orders says of one.
type StockAnswer uint8

// The answers. All but StockEmpty stand.
const (
	StockEmpty   StockAnswer = iota // nothing is left under this key, and nothing was written
	StockGranted                    // the order has a coupon
	StockRefused                    // the order has none and gets none
)

// StockParts are counters that remember whom they counted. A template's stock is divided among its parts by the limits
// that callers pass, the same ones each time; parts lend each other what they do not need. Each call is one atomic
// step at one key. All errors but ErrUnknown: nothing was done.
type StockParts interface {
	// Take counts a coupon for the order, once a number, where the key has one left: limit, less what it lent, and
	// with what it borrowed. Where none is left and last is set, the refusal is recorded. A limit below zero grants
	// nothing, whatever is left. ErrUnknown: repeat the call.
	Take(ctx context.Context, k StockKey, no OrderNo, limit int64, last bool) (StockAnswer, error)
	// GiveBack uncounts the order's coupon and records a refusal. Idempotent. ErrUnknown: repeat the call.
	GiveBack(ctx context.Context, k StockKey, no OrderNo) error
	// Lend takes up to want coupons, at most half of what is left rounded up, out of a key for another part, and
	// returns all that was ever lent to that part. ErrUnknown: they may be lent; the next answer tells.
	Lend(ctx context.Context, from StockKey, to int, limit, want int64) (int64, error)
	// Borrow tells a key of all that another part ever lent it, and returns how much of that is new to it. Idempotent.
	// ErrUnknown: repeat the call.
	Borrow(ctx context.Context, to StockKey, from int, lent int64) (int64, error)
	// Issued returns how many coupons are counted under the key.
	Issued(ctx context.Context, k StockKey) (int64, error)
}

// StockMirror shows how much was issued of templates whose count is in a book, so that many can read it cheaply (C2). It
// is a weak dependency: no coupon rests on it.
type StockMirror interface {
	// Report says how many coupons of the template are issued. The last report counts; one that arrives late may show
	// less for a moment.
	Report(ctx context.Context, t Template, issued int64) error
	// Reported returns the last report, zero when there was none.
	Reported(ctx context.Context, t Template) (int64, error)
}

// StockBook is the book of leased stock (C5). It is durable: that a counter elsewhere is lost can not make it grant
// more. To each template it is a book of leased budgets whose amounts are coupons, not fen, and whose budget is the
// stock. A block's number is the epoch that fences its holder: what was stranded pays for nothing more, and is leased
// to nobody before an audit has counted it.
type StockBook interface {
	// Of returns the book of one template. ErrInvalid: the id is malformed.
	Of(t RewardID) (Quotas, error)
	// GiveBack returns the order's coupon to its block, where an audit finds it once the block has ended, and records
	// that the order is refused, also where it had nothing yet. Idempotent. ErrUnknown: repeat the call.
	GiveBack(ctx context.Context, no OrderNo, t RewardID) error
}
