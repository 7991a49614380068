package wallet

import (
	"context"
)

// MaxPage bounds the entries of one page of the flow list.
const MaxPage = 100

// MaxClientTokens bounds the tokens that one request may carry.
const MaxClientTokens = 256

// Caller is the user of a request, already authenticated by the edge.
type Caller struct {
	App  App
	User UserID
}

// GrantRequest asks for one grant. A repeat has the same content.
type GrantRequest struct {
	Caller
	Activity ActivityID // the parent (O4)
	Scene    SceneID
	Rain     int32
	Award    AwardType
	Amount   Money   // fen of cash; 0 for any other reward, which the scene names
	Opened   Instant // when the person won; decides the stage (A2), so retries do not change it
}

// GrantState is the meaning of a grant's reply.
type GrantState uint8

// The states.
const (
	GrantAccepted GrantState = 1 + iota // on record: it will be posted
	GrantPosted                         // in the ledger

	// GrantTokenOnly: on record, and it will be posted, but the service could not store its own copy of the token.
	// Until the posting only the client's copy shows the money, so the client must keep it (T2, D1).
	GrantTokenOnly
)

// GrantReply acknowledges a grant. An acknowledged grant is never lost.
type GrantReply struct {
	Order  OrderNo
	Amount Money
	State  GrantState
	Item   *Item  // for a reward other than cash: the item granted, which may differ from the one requested (C2)
	Token  []byte // the client's sealed copy; nil if the strategy is not token, or if the win belongs to a wallet that the account has left
}

// PageRequest asks for the wallet page.
type PageRequest struct {
	Caller
	At     Instant  // the page shows the stage of this moment; 0 = now
	After  Cursor   // where the previous page ended; zero = the first page
	Limit  int      // 1..MaxPage
	Tokens [][]byte // the client's copies, sent when the page lacks money that they promise (T8)

	// Withdraw asks for the withdraw page: the person's unposted money is posted first (T6).
	Withdraw bool
}

// Line is one line of the cash flow list.
type Line struct {
	Order  OrderNo     // of a grant; zero otherwise
	Amount Money       // fen; negative for a withdrawal
	Opened Instant     // position in the list
	Status TokenStatus // TokenSuccess once posted
	Text   string      // the scene's bill text
}

// Page is the content of the wallet page (T5, P1).
type Page struct {
	Stage Stage

	// Balance is the money that may be withdrawn, posted or not. Income is the sum of all wins; it excludes money from
	// packets. Both are in fen. While tokens or the ledger are in Missing, both are sums of the sources that were read,
	// and not a reliable balance.
	Balance, Income Money

	Grants      []Line
	Next        Cursor         // the next page; zero = the end. While a source is missing the list has gaps: read it again from the start
	Withdrawals []Withdrawal   // newest first; with the first page only
	Packets     []Packet       // sent or received, newest first; with the first page only (P4)
	Items       []Item         // rewards other than cash, newest first; with the first page only (P3)
	Missing     []string       // sources that could not be read (P2); empty if the page is complete
	Refused     []TokenRefusal // client tokens that were not accepted
}

// TokenRefusal says why a client's token was refused.
type TokenRefusal struct {
	Index int // index in PageRequest.Tokens or WithdrawRequest.Tokens
	Err   error
}

// WithdrawRequest asks to pay out an amount in fen.
type WithdrawRequest struct {
	Caller
	Request int64 // chosen by the client, above zero; the same over retries
	Amount  Money
	At      Instant // decides the stage; the same over retries; 0 = the time of the first attempt
	Tokens  [][]byte
}

// WithdrawReply is the state of the withdrawal.
type WithdrawReply struct {
	No     WithdrawalNo
	Amount Money
	State  WithdrawalState
}

// Service is the wallet's API. Every error has a Code. CodeUnknown means: repeat the request unchanged.
type Service interface {
	// Grant records a reward (O1, O3). Idempotent by order number.
	Grant(ctx context.Context, r GrantRequest) (GrantReply, error)
	// Page shows the wallet (T5, P1).
	Page(ctx context.Context, r PageRequest) (Page, error)
	// Withdraw posts the person's unposted money, holds the amount, pays it out and settles it (T6). Idempotent by
	// request number.
	Withdraw(ctx context.Context, r WithdrawRequest) (WithdrawReply, error)
	// Bind binds a phone number to the caller's account (B2).
	Bind(ctx context.Context, c Caller, p Phone) (Person, error)
}
