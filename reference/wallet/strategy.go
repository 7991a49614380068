package wallet

// Strategy is how granted cash reaches the ledger (T1).
type Strategy string

// The three strategies.
const (
	StrategySync  Strategy = "sync"  // post before answering; refuse what the ledger cannot take
	StrategyAsync Strategy = "async" // answer at once, post later; invisible until posted
	StrategyToken Strategy = "token" // answer at once with a token, post later; visible at once
)

// Strategies lists them in the order that tables show them.
var Strategies = []Strategy{StrategySync, StrategyAsync, StrategyToken}

// ParseStrategy returns the strategy of that name.
func ParseStrategy(name string) (Strategy, bool) {
	for _, s := range Strategies {
		if string(s) == name {
			return s, true
		}
	}
	return "", false
}
