package drills

import "hongbao/reference/wallet"

// promise is what a switch must do while it is on, in counts of what was measured.
type promise struct {
	silent []string // does not happen while it is on; that it happens before or afterwards shows that the switch does it
	told   []string // happens while it is on, such as an answer that says so
	busy   []string // goes on while it is on
	back   []string // happens again once it is off
	fewer  []string // happens less than half as often a second while it is on, and there is something to happen
	never  []string // does not happen at any time
}

// The names of what is measured. A call is counted where it reaches the store; "asked" counts every try that was made,
// whether the system answered or not. An answer is "answer", the operation and the reason, as in the record.
const (
	GrantOK        = "answer grant ok"
	GrantOff       = "answer grant switched_off"
	WithdrawOK     = "answer withdraw ok"
	WithdrawOff    = "answer withdraw switched_off"
	PageOK         = "answer page ok"
	UseOK          = "answer use reward ok"
	UseOff         = "answer use reward switched_off"
	SendOK         = "answer send packet ok"
	SendOff        = "answer send packet switched_off"
	OpenOK         = "answer open packet ok"
	TokensIssue    = "tokens issue"
	TokensMark     = "tokens mark"
	BacklogPush    = "backlog push"
	BacklogTake    = "backlog take"
	OrdersCreate   = "orders create"
	OrdersOpen     = "orders open"
	LedgerPost     = "ledger post"
	WithdrawCreate = "withdrawals create"
	BankPay        = "bank pay"
	BankAsked      = "asked bank"
	PacketsCreate  = "packets create"
	ItemsIssued    = "items issued"
	ItemsVoid      = "items void"
	DownIssue      = "downstreams issue"
	DownUse        = "downstreams use"
	DownAsked      = "asked downstreams"
	StockTake      = "stock take"
	StockRead      = "stock read"
	ConfigRead     = "config read"
	LocksHold      = "locks hold"
	PermitsTake    = "permits take"
	Chores         = "chores"
	TotalPrimary   = "total primary"
	TotalBackup    = "total backup"
	TotalBack      = "total stepped back"
	Believed       = "client tokens believed"
	Distrusted     = "client tokens distrusted"
	PageLong       = "pages of many lines"
	PageWhole      = "pages with " // and the source
	PageWithout    = "pages without "
)

// promises returns what each switch promises (D3). package degrade says the same in words.
func promises() map[wallet.Switch]promise {
	without := func(source string) promise {
		return promise{silent: []string{PageWhole + source}, told: []string{PageWithout + source}, busy: []string{GrantOK}, back: []string{PageWhole + source}}
	}
	return map[wallet.Switch]promise{
		wallet.SwitchDistrustTokens:  {silent: []string{Believed}, told: []string{Distrusted}, busy: []string{GrantOK}, back: []string{LedgerPost}},
		wallet.SwitchTotalsBackup:    {silent: []string{TotalPrimary}, told: []string{TotalBackup}, busy: []string{GrantOK}, back: []string{TotalPrimary}, never: []string{TotalBack}},
		wallet.SwitchSkipTokens:      {silent: []string{TokensIssue}, busy: []string{GrantOK, LedgerPost}, back: []string{TokensIssue}},
		wallet.SwitchLastResort:      {silent: []string{BacklogTake, TokensIssue}, busy: []string{GrantOK, LedgerPost}, back: []string{TokensIssue, LedgerPost}},
		wallet.SwitchHoldPosting:     {silent: []string{BacklogTake}, busy: []string{GrantOK}, back: []string{BacklogTake, LedgerPost}},
		wallet.SwitchStopCash:        {silent: []string{OrdersCreate}, told: []string{GrantOff}, busy: []string{PageOK}, back: []string{GrantOK}},
		wallet.SwitchPauseCompensate: {silent: []string{OrdersOpen}, busy: []string{GrantOK, Chores}, back: []string{OrdersOpen}},

		wallet.SwitchGreetOnly:       {silent: []string{ItemsIssued}, told: []string{ItemsVoid}, back: []string{ItemsIssued}},
		wallet.SwitchHoldDownstreams: {silent: []string{DownIssue}, busy: []string{ItemsIssued}, back: []string{DownIssue}},
		wallet.SwitchStopUse:         {silent: []string{DownUse}, told: []string{UseOff}, back: []string{UseOK}},
		wallet.SwitchStopPackets:     {silent: []string{PacketsCreate}, told: []string{SendOff}, busy: []string{OpenOK}, back: []string{SendOK}},

		wallet.SwitchStopWithdrawals: {silent: []string{WithdrawCreate}, told: []string{WithdrawOff}, busy: []string{GrantOK}, back: []string{WithdrawOK}},
		wallet.SwitchSkipForcedPost:  {silent: []string{LedgerPost}, busy: []string{GrantOK, PageOK}, back: []string{LedgerPost}}, // its drill holds postings too
		wallet.SwitchHoldPayouts:     {silent: []string{BankPay}, busy: []string{WithdrawCreate}, back: []string{BankPay}},

		wallet.SwitchShortPages:    {silent: []string{PageLong}, busy: []string{PageOK}, back: []string{PageLong}},
		wallet.SwitchPageNoTokens:  without("tokens"),
		wallet.SwitchPageNoLedger:  without("ledger"),
		wallet.SwitchPageNoPayouts: without("withdrawals"),
		wallet.SwitchPageNoPackets: without("packets"),
		wallet.SwitchPageNoRewards: without("rewards"),

		wallet.SwitchLocalConfig:     {silent: []string{ConfigRead}, busy: []string{GrantOK, LedgerPost}, back: []string{ConfigRead}},
		wallet.SwitchSkipLocks:       {silent: []string{LocksHold}, busy: []string{Chores, LedgerPost}, back: []string{LocksHold}},
		wallet.SwitchSkipStockRead:   {silent: []string{StockRead}, busy: []string{StockTake}, back: []string{StockRead}},
		wallet.SwitchLocalLimits:     {silent: []string{PermitsTake}, busy: []string{GrantOK}, back: []string{PermitsTake}},
		wallet.SwitchBreakBank:       {silent: []string{BankPay}, fewer: []string{BankAsked}, busy: []string{WithdrawCreate}, back: []string{BankPay}},
		wallet.SwitchBreakDownstream: {silent: []string{DownIssue}, fewer: []string{DownAsked}, busy: []string{ItemsIssued}, back: []string{DownIssue}},
	}
}
