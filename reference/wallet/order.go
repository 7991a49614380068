package wallet

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// OrderNo is the identity of a grant: `${actID}_${scene_id}_${rain_id}_${award_type}_${stage}` (O3). One person gets
// one scene's reward at most once per rain and stage, because no other order number exists for it.
type OrderNo struct {
	ActID ActID
	Scene SceneID
	Rain  int32
	Award AwardType
	Stage Stage
}

// MaxSceneID and maxOrderNo bound the bytes that ParseOrderNo accepts.
const (
	MaxSceneID = 32
	maxOrderNo = 20 + 1 + MaxSceneID + 1 + 11 + 1 + 3 + 1 + 3
)

// Valid reports whether id is a well-formed scene id.
func (id SceneID) Valid() bool {
	if len(id) == 0 || len(id) > MaxSceneID {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Append appends the order number's text to b.
func (o OrderNo) Append(b []byte) []byte {
	b = strconv.AppendInt(b, int64(o.ActID), 10)
	b = append(b, '_')
	b = append(b, o.Scene...)
	b = append(b, '_')
	b = strconv.AppendInt(b, int64(o.Rain), 10)
	b = append(b, '_')
	b = strconv.AppendUint(b, uint64(o.Award), 10)
	b = append(b, '_')
	return strconv.AppendUint(b, uint64(o.Stage), 10)
}

// String returns the order number as it goes over the wire.
func (o OrderNo) String() string { return string(o.Append(make([]byte, 0, maxOrderNo))) }

// Validate returns ErrInvalid, wrapped with the invalid part.
func (o OrderNo) Validate() error {
	switch {
	case o.ActID <= 0:
		return fmt.Errorf("%w: order number: act id %d", ErrInvalid, o.ActID)
	case !o.Scene.Valid():
		return fmt.Errorf("%w: order number: scene id %q", ErrInvalid, o.Scene)
	case o.Rain < 0:
		return fmt.Errorf("%w: order number: rain id %d", ErrInvalid, o.Rain)
	case !o.Award.Valid():
		return fmt.Errorf("%w: order number: award type %d", ErrInvalid, o.Award)
	case o.Stage < InternalTest || o.Stage > Official:
		return fmt.Errorf("%w: order number: stage %d", ErrInvalid, o.Stage)
	}
	return nil
}

// Compare is a total order of order numbers, so that all lists agree.
func (o OrderNo) Compare(p OrderNo) int {
	return cmp.Or(cmp.Compare(o.ActID, p.ActID), cmp.Compare(o.Stage, p.Stage), cmp.Compare(o.Scene, p.Scene),
		cmp.Compare(o.Rain, p.Rain), cmp.Compare(o.Award, p.Award))
}

// ParseOrderNo is the inverse of String. It accepts nothing else: each number has exactly one text. All errors are
// ErrInvalid.
func ParseOrderNo(s string) (OrderNo, error) {
	if len(s) > maxOrderNo {
		return OrderNo{}, fmt.Errorf("%w: order number of %d bytes", ErrInvalid, len(s))
	}
	part := strings.Split(s, "_")
	if len(part) != 5 {
		return OrderNo{}, fmt.Errorf("%w: order number %q has %d parts, not 5", ErrInvalid, s, len(part))
	}
	act, err1 := strconv.ParseInt(part[0], 10, 64)
	rain, err2 := strconv.ParseInt(part[2], 10, 32)
	award, err3 := strconv.ParseUint(part[3], 10, 8)
	stage, err4 := strconv.ParseUint(part[4], 10, 8)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return OrderNo{}, fmt.Errorf("%w: order number %q: %v", ErrInvalid, s, err)
	}
	o := OrderNo{ActID(act), SceneID(part[1]), int32(rain), AwardType(award), Stage(stage)}
	if err := o.Validate(); err != nil {
		return OrderNo{}, err
	}
	if o.String() != s {
		return OrderNo{}, fmt.Errorf("%w: order number %q must be written as %q", ErrInvalid, s, o)
	}
	return o, nil
}

// OrderState is the progress of an order. It moves forward only.
type OrderState uint8

// The states. Settled, Void and Moved are final. Stores save these numbers.
const (
	OrderOpen    OrderState = iota // recorded; it may or may not be posted already
	OrderSettled                   // its money is in the ledger
	OrderVoid                      // refused after it was recorded (the budget is spent): it is never posted
	OrderMoved                     // the number is given up: its wallet was joined to another one, which records the win
)

// Pays reports whether the order's money is in the ledger or will be posted.
func (s OrderState) Pays() bool { return s == OrderOpen || s == OrderSettled }

// Order is the record of one grant of cash. The stage in its number identifies its child activity (A2).
type Order struct {
	No      OrderNo
	Amount  Money
	Opened  Instant // when the person won; the grant's position in the flow list
	Created Instant // when the asset centre recorded it
	State   OrderState
}

// Credit returns the order's posting.
func (o Order) Credit() Credit { return Credit{o.No, o.Amount, o.Opened} }

// SameGrant reports whether o and p have the same number and amount. A repeat with another amount is a conflict (O3).
func (o Order) SameGrant(p Order) bool { return o.No == p.No && o.Amount == p.Amount }

// Orders stores orders. Durable: what Create acknowledged is never lost.
type Orders interface {
	// Create records o unless its number is taken, and returns the order on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, o Order) (Order, bool, error)
	// Get returns the orders on record under nos, in that order, with a zero Order for a number that is not on record.
	Get(ctx context.Context, nos []OrderNo) ([]Order, error)
	// Finish moves open orders to the final state s. Numbers that are not on record, or whose state is already final,
	// are ignored. Idempotent.
	Finish(ctx context.Context, nos []OrderNo, s OrderState) error
	// Of returns all orders of one wallet in one stage, by ascending number.
	Of(ctx context.Context, id ActID, s Stage) ([]Order, error)
}

// ScanCursor is a position in a scan of unfinished records. 0 is the start. Only the store that returned it can
// interpret it.
type ScanCursor int64

// OpenOrders finds the orders that compensation (O5) has to settle.
type OpenOrders interface {
	// Open returns at most limit open orders created before the instant, oldest first, starting at from, and the
	// position to continue from; 0: the end. The position lets a scan pass orders that cannot be settled.
	Open(ctx context.Context, before Instant, from ScanCursor, limit int) ([]Order, ScanCursor, error)
	// OpenCount returns the number of open orders: the backlog of O5.
	OpenCount(ctx context.Context) (int64, error)
}
