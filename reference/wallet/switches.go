package wallet

// Switch names a degrade switch (D3). Off is how things are when nobody has touched it.
type Switch string

// The switches (D3). Active ones are thrown by operators. Passive ones trip by themselves where a dependency fails and
// close again when it is well; operators can throw them too. Package degrade says of each what users notice.
const (
	SwitchDistrustTokens Switch = "distrust-tokens" // stop believing clients' tokens (T7)
	SwitchTotalsBackup   Switch = "totals-backup"   // read the running total from its backup (R4)

	SwitchSkipTokens      Switch = "skip-tokens"         // keep no token on the server: hold postings alone, the client's copy is the only one
	SwitchLastResort      Switch = "last-resort"         // grant with the service and the books alone (D2)
	SwitchHoldPosting     Switch = "hold-posting"        // post nothing from the backlog; forced posting goes on
	SwitchStopCash        Switch = "stop-cash"           // grant no cash
	SwitchGreetOnly       Switch = "greet-only"          // grant greetings in place of all coupons
	SwitchStopWithdrawals Switch = "stop-withdrawals"    // begin no withdrawal
	SwitchSkipForcedPost  Switch = "skip-forced-posting" // the withdraw page shows what is posted, and posts nothing itself
	SwitchHoldPayouts     Switch = "hold-payouts"        // hold withdrawals, and call no bank
	SwitchStopPackets     Switch = "stop-packets"        // send no packets between users; those sent can be opened
	SwitchHoldDownstreams Switch = "hold-downstreams"    // call no downstream: rewards stay issued until it is off
	SwitchStopUse         Switch = "stop-use"            // use no rewards
	SwitchPauseCompensate Switch = "pause-compensation"  // leave stuck orders alone
	SwitchShortPages      Switch = "short-pages"         // cut pages to a few lines
	SwitchPageNoTokens    Switch = "page-no-tokens"      // pages without what is promised by tokens
	SwitchPageNoLedger    Switch = "page-no-ledger"      // pages without what is posted
	SwitchPageNoPayouts   Switch = "page-no-withdrawals" // pages without withdrawals
	SwitchPageNoPackets   Switch = "page-no-packets"     // pages without packets between users
	SwitchPageNoRewards   Switch = "page-no-rewards"     // pages without coupons and pendants

	SwitchLocalConfig     Switch = "local-config"      // passive: go on with the settings that were read last
	SwitchSkipLocks       Switch = "skip-locks"        // passive: do chores without asking who else does
	SwitchSkipStockRead   Switch = "skip-stock-read"   // passive: take coupons without looking at what is left
	SwitchLocalLimits     Switch = "local-limits"      // passive: limit by an instance's share instead of a common count
	SwitchBreakBank       Switch = "break-bank"        // passive: ask the bank only now and then, while it fails
	SwitchBreakDownstream Switch = "break-downstreams" // passive: ask a downstream only now and then, while it fails
)

// AllSwitches returns the 26, in one order.
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
