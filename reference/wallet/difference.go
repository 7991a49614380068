package wallet

import "fmt"

// DifferenceKind is the type of a difference that reconciliation found (F5).
type DifferenceKind string

// The kinds.
const (
	Missing    DifferenceKind = "missing"        // on record, but its money is not in the ledger
	Extra      DifferenceKind = "extra"          // in the ledger, but not on record
	AmountOff  DifferenceKind = "amount differs" //
	Duplicated DifferenceKind = "duplicated"     // in the ledger more than once
	WrongOwner DifferenceKind = "wrong owner"    // posted to an account of somebody else
	WrongStage DifferenceKind = "wrong stage"    // posted to an account of another stage
	Late       DifferenceKind = "late"           // not posted yet, and older than it may be
)

// Difference is one disagreement between two sides of a reconciliation.
type Difference struct {
	Kind  DifferenceKind
	Sides string // which two, such as "orders/ledger"
	Order OrderNo
	Want  Money
	Got   Money
}

// String prints the difference as one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s %s: order %s, want %d fen, got %d fen", d.Sides, d.Kind, d.Order, d.Want, d.Got)
}
