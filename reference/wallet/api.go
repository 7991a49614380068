package wallet

import "context"

// MaxPage bounds the entries of one page of the flow list.
const MaxPage = 100

// MaxClientTokens bounds the tokens that one request may carry.
const MaxClientTokens = 256

// Caller is the user who asks, already authenticated by the edge.
type Caller struct {
	App  App
	User UserID
}

// GrantRequest asks for one grant. A repeat carries the same content.
type GrantRequest struct {
	Caller
	Activity ActivityID // the parent (O4)
	Scene    SceneID
	Rain     int32
	Award    AwardType
	Amount   Money   // of cash; 0 for any other reward, which its scene names
	Opened   Instant // when the person won: decides the stage (A2), so it stays the same over retries
}

// GrantState says what a grant's answer means.
type GrantState uint8

// The states.
const (
	GrantAccepted GrantState = 1 + iota // on record: it will be posted
	GrantPosted                         // in the ledger

	// GrantTokenOnly: on record, and it will be posted; but the service's own copy of the token could not be kept. Until
	// then the client's copy is the only one that shows the money, so the client must keep it (T2, D1).
	GrantTokenOnly
)

// GrantReply acknowledges a grant: from now on it is never lost.
type GrantReply struct {
	Order  OrderNo
	Amount Money
	State  GrantState
	Item   *Item  // of a reward other than cash: what was granted, which may be something else than was asked for (C2)
	Token  []byte // the client's sealed copy; nil unless the strategy is Token, and for a win in a wallet that the account has left
}

// PageRequest asks for the wallet page.
type PageRequest struct {
	Caller
	At     Instant  // which stage to show: the stage of this moment; 0 = now
	After  Cursor   // where the last page ended; zero = from the top
	Limit  int      // 1..MaxPage
	Tokens [][]byte // the client's copies, sent when its view lacks what it holds (T8)

	// Withdraw asks for the withdraw page: what is due to the person is posted first (T6).
	Withdraw bool
}

// Line is one line of the cash flow list.
type Line struct {
	Order  OrderNo     // for a grant; zero otherwise
	Amount Money       // negative for a withdrawal
	Opened Instant     // place in the list
	Status TokenStatus // TokenSuccess once posted
	Text   string      // bill text
}

// Page is what the wallet page shows (T5, P1).
type Page struct {
	Stage Stage

	// Balance may be withdrawn, posted or not; Income is all that was won, and what came out of packets is no part of it.
	// While tokens or the ledger are missing both are sums of what was read, and no balance to go by.
	Balance, Income Money

	Grants      []Line
	Next        Cursor       // where to go on; zero = the end. While a source is missing the list has gaps: begin again
	Withdrawals []Withdrawal // newest first; with the first page only
	Packets     []Packet     // sent or received, newest first; with the first page only (P4)
	Items       []Item       // rewards other than cash, newest first; with the first page only (P3)
	Missing     []string     // sources that could not be read (P2); empty when whole
	Refused     []TokenFault // client tokens that were not accepted
}

// TokenFault names why a client's token was refused.
type TokenFault struct {
	Index int // in PageRequest.Tokens or WithdrawRequest.Tokens
	Err   error
}

// WithdrawRequest asks to pay an amount out.
type WithdrawRequest struct {
	Caller
	Request int64 // chosen by the client, above zero; the same over retries
	Amount  Money
	At      Instant // decides the stage; the same over retries; 0 = now, as the first try had it
	Tokens  [][]byte
}

// WithdrawReply says how far the withdrawal has come.
type WithdrawReply struct {
	No     WithdrawalNo
	Amount Money
	State  WithdrawalState
}

// Service is the wallet as its callers see it. Every error carries a Code; CodeUnknown means: repeat it unchanged.
type Service interface {
	// Grant records a reward (O1, O3). Idempotent by order number.
	Grant(ctx context.Context, r GrantRequest) (GrantReply, error)
	// Page shows the wallet (T5, P1).
	Page(ctx context.Context, r PageRequest) (Page, error)
	// Withdraw posts what is due to the person, holds, pays out and settles (T6). Idempotent by request number.
	Withdraw(ctx context.Context, r WithdrawRequest) (WithdrawReply, error)
	// Bind binds a phone number to the caller's account (B2).
	Bind(ctx context.Context, c Caller, p Phone) (Person, error)
}
