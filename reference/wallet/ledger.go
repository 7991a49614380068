package wallet

import (
	"context"
	"fmt"
	"slices"
)

// AccountKind says what an account of the ledger stands for.
type AccountKind uint8

// The kinds. Money comes from Cost, belongs to Personal, waits in Hold while a payout runs, and leaves to Paid. What one
// person sends to others goes through Packet.
const (
	CostAccount     AccountKind = 1 + iota // the company's money for one stage; Owner is a sub-account number
	PersonalAccount                        // a person's balance; Owner is the ActID
	HoldAccount                            // held for a running withdrawal; Owner is the ActID
	PaidAccount                            // has left through the bank; Owner is the ActID
	TransitAccount                         // on its way between the databases of one ledger; empty when no transfer is under way
	PacketAccount                          // in packets that nobody has opened yet; Owner is the sender's ActID
)

// Owes says whether an account of this kind may be below zero: nobody's money, and what has no balance to speak of.
func (k AccountKind) Owes() bool {
	return k != PersonalAccount && k != HoldAccount && k != PacketAccount
}

// AccountNo names an account. The stages have separate accounts, so that nothing crosses between them (A1).
type AccountNo struct {
	Kind  AccountKind
	Stage Stage
	Owner int64
}

// Posted is what became of one credit of a batch.
type Posted uint8

// The outcomes.
const (
	PostedNow    Posted = 1 + iota // written by this call
	PostedBefore                   // was there with the same amount: nothing written
	PostRefused                    // was there with another amount: nothing written, an alarm is due
)

// Entry is one line of the ledger. Entries are immutable (F1).
type Entry struct {
	Account AccountNo
	Amount  Money   // added to the account; negative: taken from it
	Order   OrderNo // for a grant; zero otherwise
	Move    MoveNo  // for a step of a withdrawal or of a packet; zero otherwise
	Opened  Instant // the grant's place in the flow list
	Posted  Instant // when the transaction was committed, on the ledger's clock
}

// Leg is one side of a transfer.
type Leg struct {
	Account AccountNo
	Amount  Money
}

// Transfer moves money between accounts in one transaction: its legs, and before them Take from the pool.
type Transfer struct {
	No   MoveNo
	Legs []Leg

	// Pool is several accounts that stand for one balance, such as the wallets that a person has joined. Together
	// they give Take, each what it has until it is enough; how much that is only the ledger can say, because others
	// move money at the same time.
	Pool []AccountNo
	Take Money
}

// Validate returns ErrInvalid when the transfer has a zero leg, a pool and nothing to take or the other way round, or
// when what it takes and what its legs move do not sum to zero.
func (t Transfer) Validate() error {
	sum := -t.Take
	for _, l := range t.Legs {
		var err error
		if sum, err = sum.Add(l.Amount); err != nil {
			return err
		}
		if l.Amount == 0 {
			return fmt.Errorf("%w: transfer with a leg of zero", ErrInvalid)
		}
	}
	if t.Take < 0 || (t.Take == 0) != (len(t.Pool) == 0) {
		return fmt.Errorf("%w: transfer takes %d fen from %d accounts", ErrInvalid, t.Take, len(t.Pool))
	}
	if sum != 0 || len(t.Legs)+len(t.Pool) < 2 {
		return fmt.Errorf("%w: transfer of %d legs and %d accounts sums to %d", ErrInvalid, len(t.Legs), len(t.Pool), sum)
	}
	return nil
}

// MaxLegs bounds the legs and the pool of one transfer: a leg from and a leg to for each wallet that one person can have.
const MaxLegs = 2 * (MaxFormer + 1)

// ValidateFor checks a transfer for one ledger. It returns the error of account for the first account, of the legs and then
// of the pool, that the ledger cannot have. It returns ErrInvalid for what Validate and MoveNo.Validate refuse, for more legs
// than MaxLegs, and for a pool that names an account twice or one that is not a person's balance.
func (t Transfer) ValidateFor(account func(AccountNo) error) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if err := t.No.Validate(); err != nil {
		return err
	}
	if len(t.Legs)+len(t.Pool) > MaxLegs {
		return fmt.Errorf("%w: transfer %s with %d legs", ErrInvalid, t.No, len(t.Legs)+len(t.Pool))
	}
	for _, leg := range t.Legs {
		if err := account(leg.Account); err != nil {
			return err
		}
	}
	for i, a := range t.Pool {
		if err := account(a); err != nil {
			return err
		}
		if a.Kind != PersonalAccount || slices.Contains(t.Pool[:i], a) {
			return fmt.Errorf("%w: transfer from a pool with account kind %d of %d", ErrInvalid, a.Kind, a.Owner)
		}
	}
	return nil
}

// Cursor is a place in a flow list: the entries after it are older. The zero Cursor is the top of the list.
type Cursor struct {
	Opened Instant
	Order  OrderNo
}

// After says whether an entry opened at that instant under that number comes after the cursor, newest first.
func (c Cursor) After(opened Instant, no OrderNo) bool {
	if c == (Cursor{}) {
		return true
	}
	if opened != c.Opened {
		return opened < c.Opened
	}
	return no.Compare(c.Order) > 0
}

// ViewQuery asks for one consistent look at a person's money in a stage.
type ViewQuery struct {
	Wallets []ActID   // whose; their entries are one list
	Stage   Stage     //
	Check   []OrderNo // tell for each whether it is posted
	After   Cursor    // entries after this place
	Limit   int       // at most this many entries; above zero
}

// View is the answer: all of it as of one moment.
type View struct {
	Balance Money   // may be withdrawn
	Income  Money   // sum of all grants posted; what came out of packets is no part of it
	Grants  []Entry // posted grants, newest first
	Posted  []bool  // for each of Check
}

// Ledger is the double-entry book of record (F1). The order number is its last guard of idempotency.
type Ledger interface {
	// Post writes a batch of credits and the debit of their sum on a cost account of each stage, in one
	// transaction, and says what became of each. A credit seen before is not written again, within the batch too.
	// After ErrInvalid (a credit is not above zero), ErrOverflow, ErrOverloaded and ErrUnavailable nothing was
	// written. ErrUnknown: all new ones were written or none.
	Post(ctx context.Context, batch []Credit) ([]Posted, error)
	// Transfer writes the legs in one transaction, once for its number; repeating it changes nothing.
	// ErrConflict: the number was used with other legs. ErrInsufficient: a personal, hold or packet account would go
	// below zero, or the pool has less than is to be taken; nothing was moved. The first answer stands: a number once
	// refused stays refused, however much comes in later, because somebody has been told. ErrUnknown as above.
	Transfer(ctx context.Context, t Transfer) error
	// View returns one consistent look.
	View(ctx context.Context, q ViewQuery) (View, error)
}

// Settler posts at once and records it on every side. Both methods are safe to repeat; after an error some of their
// steps may have been made: repeat them whole.
type Settler interface {
	// Settle posts credits whose budget was taken.
	Settle(ctx context.Context, credits []Credit) error
	// SettleOrders posts open orders. How far their grants came is not known, so it takes their budget first, and
	// voids those for which there is none left (C6).
	SettleOrders(ctx context.Context, orders []Order) error
}
