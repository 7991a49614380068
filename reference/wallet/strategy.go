package wallet

import "slices"

// Strategy is the way granted cash gets into the ledger (T1).
type Strategy string

// The three strategies.
const (
	StrategySync  Strategy = "sync"  // post before the reply; refuse the grant if the ledger cannot take it
	StrategyAsync Strategy = "async" // reply at once, post later; not visible until posted
	StrategyToken Strategy = "token" // reply at once with a token, post later; visible at once
)

// Strategies lists them in the order of the tables.
var Strategies = []Strategy{StrategySync, StrategyAsync, StrategyToken}

// ParseStrategy returns the strategy of that name.
func ParseStrategy(name string) (Strategy, bool) {
	if s := Strategy(name); slices.Contains(Strategies, s) {
		return s, true
	}
	return "", false
}
