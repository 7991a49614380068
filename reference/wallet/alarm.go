package wallet

// AlarmKind names an alarm (F6). Each has a line in the runbook.
type AlarmKind string

// The alarms.
const (
	AlarmPostingRefused AlarmKind = "posting_refused" // the ledger holds this order with another amount
	AlarmNotOnRecord    AlarmKind = "not_on_record"   // a posting that no order of record confirms was stopped
	AlarmPayoutConflict AlarmKind = "payout_conflict" // the bank paid this withdrawal with another amount
	AlarmPacketMove     AlarmKind = "packet_move"     // the ledger will not move a packet's money: its books disagree
	AlarmForgedTokens   AlarmKind = "forged_tokens"   // forged tokens appear (T7)
	AlarmReconciliation AlarmKind = "reconciliation"  // a reconciliation found differences
)
