package wallet

import "fmt"

// DifferenceKind is the type of a difference that reconciliation found (F5).
type DifferenceKind string

// The kinds.
const (
	Missing    DifferenceKind = "missing"        // on record, but its money is not in the ledger
	Extra      DifferenceKind = "extra"          // in the ledger, but not on record
	AmountOff  DifferenceKind = "amount differs" // both sides have it, with different amounts
	Duplicated DifferenceKind = "duplicated"     // in the ledger more than once
	WrongOwner DifferenceKind = "wrong owner"    // posted to an account of somebody else
	WrongStage DifferenceKind = "wrong stage"    // posted to an account of another stage
	Late       DifferenceKind = "late"           // still under way, and older than it may be; Got is what is posted of it
)

// Difference is one disagreement between two sides of a reconciliation.
type Difference struct {
	Kind  DifferenceKind
	Sides string  // which two, such as "orders/ledger"
	Order OrderNo // zero for a difference of sums
	Want  Money
	Got   Money
}

// String prints the difference as one line.
func (d Difference) String() string {
	of := ""
	if d.Order != (OrderNo{}) {
		of = fmt.Sprintf("order %s, ", d.Order)
	}
	return fmt.Sprintf("%s %s: %swant %d fen, got %d fen", d.Sides, d.Kind, of, d.Want, d.Got)
}
