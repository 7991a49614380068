// Package wallet defines the domain types of a festival wallet (money, apps, people, activities, orders, tokens, ledger
// entries, withdrawals, packets), its error codes, its service API, and the ports to its stores and to other systems.
//
// Units: money is fen (1/100 yuan) in an int64; instants are Unix microseconds in UTC.
//
// It imports the standard library alone, never blocks and holds no state. The rules are in the capability packages
// beside it; the state is in the adapters of the ports.
package wallet
