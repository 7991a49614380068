// Package wallet holds the nouns of a festival wallet and the ports behind which its stores and
// neighbours stand: money, apps, people, activities, orders, tokens, ledger entries, withdrawals.
//
// Units: money is fen (1/100 yuan) in an int64; instants are Unix microseconds in UTC.
//
// It imports the standard library alone, waits for nothing and decides nothing: the rules live in the
// capability packages beside it, the state behind the ports.
package wallet
