package wallet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// AccountKind is the purpose of a ledger account.
type AccountKind uint8

// The kinds. Money comes from Cost, belongs to Personal, waits in Hold during a payout, and leaves through Paid. Money
// that one person sends to others goes through Packet.
const (
	CostAccount     AccountKind = 1 + iota // the company's money of one stage; Owner is a sub-account number
	PersonalAccount                        // a person's balance; Owner is the ActID
	HoldAccount                            // held for an unfinished withdrawal; Owner is the ActID
	PaidAccount                            // paid out by the bank; Owner is the ActID
	TransitAccount                         // in transfer between the databases of one ledger; empty while no transfer runs
	PacketAccount                          // in packets that are not opened yet; Owner is the sender's ActID
)

// MayBeNegative reports whether an account of this kind may have a balance below zero. Accounts with people's money may
// not.
func (k AccountKind) MayBeNegative() bool {
	return k != PersonalAccount && k != HoldAccount && k != PacketAccount
}

// AccountNo identifies an account. Each stage has separate accounts, so no money crosses stages (A1).
type AccountNo struct {
	Kind  AccountKind
	Stage Stage
	Owner int64
}

// PostOutcome is the result for one credit of a batch.
type PostOutcome uint8

// The outcomes.
const (
	PostedNow    PostOutcome = 1 + iota // written by this call
	PostedBefore                        // already in the ledger with the same amount: nothing written
	PostRefused                         // already in the ledger with another amount: nothing written; the caller raises an alarm
)

// Entry is one line of the ledger. Entries are immutable (F1).
type Entry struct {
	Account  AccountNo
	Amount   Money      // fen added to the account; negative: taken from it
	Order    OrderNo    // of a grant; zero otherwise
	Transfer TransferNo // of a step of a withdrawal or packet; zero otherwise
	Opened   Instant    // the grant's position in the flow list
	Posted   Instant    // when the transaction was committed, by the ledger's clock
}

// Leg is the part of a transfer that changes one account. Amount is in fen; negative: taken from the account.
type Leg struct {
	Account AccountNo
	Amount  Money
}

// Transfer moves money between accounts in one transaction: first Take from the pool, then its legs.
type Transfer struct {
	No   TransferNo
	Legs []Leg

	// Pool is a set of accounts that act as one balance, such as a person's joined wallets. Together they give Take
	// fen: each account in order gives what it has until the sum is reached. Only the ledger can determine the parts,
	// because other transfers run at the same time.
	Pool []AccountNo
	Take Money
}

// Validate returns ErrInvalid if a leg is zero, if only one of Pool and Take is set, or if Take and the legs do not sum
// to zero.
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

// MaxLegs bounds the legs and the pool of one transfer: one leg from and one leg to each wallet that one person can
// have.
const MaxLegs = 2 * (MaxFormer + 1)

// ValidateFor checks a transfer for one ledger. account returns an error for an account that the ledger cannot have;
// ValidateFor returns the first such error, of the legs and then of the pool. It returns ErrInvalid if Validate or
// TransferNo.Validate does, if legs and pool together exceed MaxLegs, and if the pool contains an account twice or an account
// that is not personal.
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

// Cursor is a position in a flow list: the entries after it are older. The zero Cursor is the top of the list.
type Cursor struct {
	Opened Instant
	Order  OrderNo
}

// After reports whether an entry with that opening instant and number comes after the cursor, newest first.
func (c Cursor) After(opened Instant, no OrderNo) bool {
	if c == (Cursor{}) {
		return true
	}
	if opened != c.Opened {
		return opened < c.Opened
	}
	return no.Compare(c.Order) > 0
}

// Text encodes the cursor; "" is the zero Cursor.
func (c Cursor) Text() string {
	if c == (Cursor{}) {
		return ""
	}
	return strconv.FormatInt(int64(c.Opened), 10) + ":" + c.Order.String()
}

// ParseCursor is the inverse of Text. All errors are ErrInvalid.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	at, order, _ := strings.Cut(text, ":")
	opened, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Cursor{}, fmt.Errorf("%w: the cursor %q", ErrInvalid, text)
	}
	no, err := ParseOrderNo(order)
	return Cursor{Opened: Instant(opened), Order: no}, err
}

// ViewQuery asks for a consistent view of a person's money in a stage.
type ViewQuery struct {
	Wallets []ActID // the person's wallets; their entries form one list
	Stage   Stage
	Check   []OrderNo // the orders whose posting is checked
	After   Cursor    // only entries after this position
	Limit   int       // the largest number of entries; above zero
}

// View is the result of a ViewQuery: all of it as of one moment.
type View struct {
	Balance Money   // fen that may be withdrawn
	Income  Money   // fen of all grants posted; excludes money from packets
	Grants  []Entry // posted grants, newest first
	Posted  []bool  // for each order of Check
}

// Ledger is the double-entry ledger of record (F1). It is idempotent by order number, the last guard against a double
// posting.
type Ledger interface {
	// Post writes a batch of credits, and the debit of their sum on a cost account of each stage, in one transaction.
	// It returns the outcome of each credit. A credit that is already posted, also earlier in the batch, is not written
	// again. After ErrInvalid (a credit is not above zero), ErrOverflow, ErrOverloaded and ErrUnavailable nothing was
	// written. ErrUnknown: all new credits were written, or none; repeat the call.
	Post(ctx context.Context, batch []Credit) ([]PostOutcome, error)
	// Transfer moves the money in one transaction. Idempotent by number. ErrConflict: the number was used with other
	// legs. ErrInsufficient: a personal, hold or packet account would go below zero, or the pool has less than Take;
	// nothing was moved. The first result is final: a refused number stays refused even if more money arrives, because
	// the refusal may have been reported. ErrUnknown: all was moved, or nothing; repeat the call.
	Transfer(ctx context.Context, t Transfer) error
	// View returns one consistent view.
	View(ctx context.Context, q ViewQuery) (View, error)
}

// Settler posts credits immediately and updates all their records: ledger, orders and tokens. Both methods are
// idempotent. After an error some steps may have been made: repeat the whole call.
type Settler interface {
	// Settle posts credits whose budget is already taken.
	Settle(ctx context.Context, credits []Credit) error
	// SettleOrders posts open orders. It is not known which steps of their grants were made, so it takes their budget
	// first, and voids orders without budget (C6).
	SettleOrders(ctx context.Context, orders []Order) error
}
