// Package oracle decides whether money was safe. It sees only what a person sees: the requests that were sent, the
// replies that were received and, at the end, the stores' records. From these alone it computes what must be true.
//
// Units: amounts are fen, instants Unix microseconds on the crowd's clock, waits milliseconds. Calls come in the order
// of their instants. "Before" and "after" are strict, so two events of the same instant never cause a violation.
//
// The package must not know how a wallet works: it imports the types of package wallet and nothing else of the reference.
// It never reports a suspicion. If more than one outcome is right (a reply was lost, a page and a grant overlapped, a
// phone is being bound), it accepts each of them. If there are too many combinations to try, the page counts as not
// evaluated. Not safe for concurrent use.
package oracle
