package wallet

// Switch is the name of a degrade switch (D3). Off is the normal state.
type Switch string

// The switches (D3). Operators turn active switches on and off. Passive ones turn on when a dependency fails and off
// when it recovers; operators can turn them on too. Package degrade describes what users notice of each.
const (
	SwitchDistrustTokens Switch = "distrust-tokens" // stop believing clients' tokens (T7)
	SwitchTotalsBackup   Switch = "totals-backup"   // read the running total from its backup (R4)

	SwitchSkipTokens      Switch = "skip-tokens"         // store no token on the server, only the held posting; the client's copy is the only one
	SwitchLastResort      Switch = "last-resort"         // grant with the service and the ledger database alone (D2)
	SwitchHoldPosting     Switch = "hold-posting"        // post nothing from the backlog; forced posting continues
	SwitchStopCash        Switch = "stop-cash"           // grant no cash
	SwitchGreetOnly       Switch = "greet-only"          // grant greetings instead of all coupons
	SwitchStopWithdrawals Switch = "stop-withdrawals"    // start no withdrawal
	SwitchSkipForcedPost  Switch = "skip-forced-posting" // the withdraw page shows what is posted, and posts nothing
	SwitchHoldPayouts     Switch = "hold-payouts"        // hold withdrawals, and do not call the bank
	SwitchStopPackets     Switch = "stop-packets"        // send no packets; those already sent can be opened
	SwitchHoldDownstreams Switch = "hold-downstreams"    // call no downstream: rewards stay in ItemIssued until it is off
	SwitchStopUse         Switch = "stop-use"            // use no rewards
	SwitchPauseCompensate Switch = "pause-compensation"  // do not compensate open orders
	SwitchShortPages      Switch = "short-pages"         // limit pages to a few lines
	SwitchPageNoTokens    Switch = "page-no-tokens"      // pages without money promised by tokens
	SwitchPageNoLedger    Switch = "page-no-ledger"      // pages without posted money
	SwitchPageNoPayouts   Switch = "page-no-withdrawals" // pages without withdrawals
	SwitchPageNoPackets   Switch = "page-no-packets"     // pages without packets
	SwitchPageNoRewards   Switch = "page-no-rewards"     // pages without coupons and pendants

	SwitchLocalConfig     Switch = "local-config"      // passive: use the settings that were read last
	SwitchSkipLocks       Switch = "skip-locks"        // passive: run chores without a lease
	SwitchSkipStockRead   Switch = "skip-stock-read"   // passive: take coupons without reading the issued count
	SwitchLocalLimits     Switch = "local-limits"      // passive: limit by the instance's share instead of the shared counter
	SwitchBreakBank       Switch = "break-bank"        // passive: call the bank only from time to time while it fails
	SwitchBreakDownstream Switch = "break-downstreams" // passive: call a downstream only from time to time while it fails
)

// AllSwitches returns all 26 in a fixed order.
func AllSwitches() []Switch {
	return []Switch{
		SwitchDistrustTokens, SwitchTotalsBackup, SwitchSkipTokens, SwitchLastResort, SwitchHoldPosting,
		SwitchStopCash, SwitchGreetOnly, SwitchStopWithdrawals, SwitchSkipForcedPost, SwitchHoldPayouts,
		SwitchStopPackets, SwitchHoldDownstreams, SwitchStopUse, SwitchPauseCompensate, SwitchShortPages,
		SwitchPageNoTokens, SwitchPageNoLedger, SwitchPageNoPayouts, SwitchPageNoPackets, SwitchPageNoRewards,
		SwitchLocalConfig, SwitchSkipLocks, SwitchSkipStockRead, SwitchLocalLimits, SwitchBreakBank,
		SwitchBreakDownstream,
	}
}
