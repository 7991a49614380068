package drills

import "hongbao/reference/wallet"

// promise is what a switch must do while it is on, in counts of what was measured.
type promise struct {
	stops     []string // does not happen while it is on; it must happen before or after, to show that the switch stops it
	reported  []string // happens while it is on, such as an answer with its reason
	continues []string // continues while it is on
	resumes   []string // happens again once it is off
	fewer     []string // happens less than half as often a second while it is on, and happens before
	never     []string // does not happen at any time
}

// The names of what is measured. A call is counted when it reaches the store.
const (
	TokensIssue    = "tokens issue"
	BacklogPush    = "backlog push"
	BacklogTake    = "backlog take"
	OrdersCreate   = "orders create"
	OrdersOpen     = "orders open"
	LedgerPost     = "ledger post"
	WithdrawCreate = "withdrawals create"
	BankPay        = "bank pay"
	PacketsCreate  = "packets create"
	ItemsIssued    = "items issued"
	ItemsVoid      = "items void"
	DownIssue      = "downstreams issue"
	DownUse        = "downstreams use"
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

// The names that a meter composes: an answer is "answer", the operation and the reason, as in the record; "asked" and the
// system counts every try, whether the system answered or not.
const (
	grantOK     = "answer grant ok"
	grantOff    = "answer grant switched_off"
	withdrawOK  = "answer withdraw ok"
	withdrawOff = "answer withdraw switched_off"
	pageOK      = "answer page ok"
	useOK       = "answer use reward ok"
	useOff      = "answer use reward switched_off"
	sendOK      = "answer send packet ok"
	sendOff     = "answer send packet switched_off"
	openOK      = "answer open packet ok"
	bankAsked   = "asked bank"
	downAsked   = "asked downstreams"
)

// promises returns what each switch promises (D3). Package degrade describes the same in words.
func promises() map[wallet.Switch]promise {
	without := func(source string) promise {
		return promise{stops: []string{PageWhole + source}, reported: []string{PageWithout + source}, continues: []string{grantOK}, resumes: []string{PageWhole + source}}
	}
	return map[wallet.Switch]promise{
		wallet.SwitchDistrustTokens:  {stops: []string{Believed}, reported: []string{Distrusted}, continues: []string{grantOK}, resumes: []string{LedgerPost}},
		wallet.SwitchTotalsBackup:    {stops: []string{TotalPrimary}, reported: []string{TotalBackup}, continues: []string{grantOK}, resumes: []string{TotalPrimary}, never: []string{TotalBack}},
		wallet.SwitchSkipTokens:      {stops: []string{TokensIssue}, continues: []string{grantOK, LedgerPost}, resumes: []string{TokensIssue}},
		wallet.SwitchLastResort:      {stops: []string{BacklogTake, TokensIssue}, continues: []string{grantOK, LedgerPost}, resumes: []string{TokensIssue, LedgerPost}},
		wallet.SwitchHoldPosting:     {stops: []string{BacklogTake}, continues: []string{grantOK}, resumes: []string{BacklogTake, LedgerPost}},
		wallet.SwitchStopCash:        {stops: []string{OrdersCreate}, reported: []string{grantOff}, continues: []string{pageOK}, resumes: []string{grantOK}},
		wallet.SwitchPauseCompensate: {stops: []string{OrdersOpen}, continues: []string{grantOK, Chores}, resumes: []string{OrdersOpen}},

		wallet.SwitchGreetOnly:       {stops: []string{ItemsIssued}, reported: []string{ItemsVoid}, resumes: []string{ItemsIssued}},
		wallet.SwitchHoldDownstreams: {stops: []string{DownIssue}, continues: []string{ItemsIssued}, resumes: []string{DownIssue}},
		wallet.SwitchStopUse:         {stops: []string{DownUse}, reported: []string{useOff}, resumes: []string{useOK}},
		wallet.SwitchStopPackets:     {stops: []string{PacketsCreate}, reported: []string{sendOff}, continues: []string{openOK}, resumes: []string{sendOK}},

		wallet.SwitchStopWithdrawals: {stops: []string{WithdrawCreate}, reported: []string{withdrawOff}, continues: []string{grantOK}, resumes: []string{withdrawOK}},
		wallet.SwitchSkipForcedPost:  {stops: []string{LedgerPost}, continues: []string{grantOK, pageOK}, resumes: []string{LedgerPost}}, // its drill holds postings too
		wallet.SwitchHoldPayouts:     {stops: []string{BankPay}, continues: []string{WithdrawCreate}, resumes: []string{BankPay}},

		wallet.SwitchShortPages:    {stops: []string{PageLong}, continues: []string{pageOK}, resumes: []string{PageLong}},
		wallet.SwitchPageNoTokens:  without("tokens"),
		wallet.SwitchPageNoLedger:  without("ledger"),
		wallet.SwitchPageNoPayouts: without("withdrawals"),
		wallet.SwitchPageNoPackets: without("packets"),
		wallet.SwitchPageNoRewards: without("rewards"),

		wallet.SwitchLocalConfig:     {stops: []string{ConfigRead}, continues: []string{grantOK, LedgerPost}, resumes: []string{ConfigRead}},
		wallet.SwitchSkipLocks:       {stops: []string{LocksHold}, continues: []string{Chores, LedgerPost}, resumes: []string{LocksHold}},
		wallet.SwitchSkipStockRead:   {stops: []string{StockRead}, continues: []string{StockTake}, resumes: []string{StockRead}},
		wallet.SwitchLocalLimits:     {stops: []string{PermitsTake}, continues: []string{grantOK}, resumes: []string{PermitsTake}},
		wallet.SwitchBreakBank:       {stops: []string{BankPay}, fewer: []string{bankAsked}, continues: []string{WithdrawCreate}, resumes: []string{BankPay}},
		wallet.SwitchBreakDownstream: {stops: []string{DownIssue}, fewer: []string{downAsked}, continues: []string{ItemsIssued}, resumes: []string{DownIssue}},
	}
}
