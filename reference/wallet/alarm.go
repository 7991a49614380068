package wallet

// AlarmKind names an alarm (F6). The runbook has a line for each.
type AlarmKind string

// The alarms.
const (
	AlarmPostingRefused AlarmKind = "posting_refused" // the ledger has this order with another amount
	AlarmNotOnRecord    AlarmKind = "not_on_record"   // a posting was stopped because no order of record confirms it
	AlarmPayoutConflict AlarmKind = "payout_conflict" // the bank paid this withdrawal with another amount
	AlarmPacketMove     AlarmKind = "packet_move"     // the ledger refused to move a packet's money: ledger and packet records disagree
	AlarmForgedTokens   AlarmKind = "forged_tokens"   // forged tokens were received (T7)
	AlarmReconciliation AlarmKind = "reconciliation"  // a reconciliation found differences
)
