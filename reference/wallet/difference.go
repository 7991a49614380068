package wallet

import "fmt"

// DifferenceKind is the type of a difference found by reconciliation (F5).
type DifferenceKind string

// The kinds.
const (
	Missing    DifferenceKind = "missing"        // on record, but not in the ledger
	Extra      DifferenceKind = "extra"          // in the ledger, but not on record
	AmountOff  DifferenceKind = "amount differs" // both sources have it, with different amounts
	Duplicated DifferenceKind = "duplicated"     // in the ledger more than once
	WrongOwner DifferenceKind = "wrong owner"    // posted to another person's account
	WrongStage DifferenceKind = "wrong stage"    // posted to an account of another stage
	Late       DifferenceKind = "late"           // not finished within its time limit; Got is the part that is posted
)

// Difference is one disagreement between two sources of a reconciliation. Want and Got are in fen.
type Difference struct {
	Kind  DifferenceKind
	Sides string  // the two sources, such as "orders/ledger"
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
