// Package oracle decides whether money was safe. It sees only what a person sees, the requests that were sent and the
// replies that came back, and at the end the stores' books; from these alone it works out what must be true.
//
// Units: amounts are fen, instants Unix microseconds on the crowd's clock, waits milliseconds. Calls come in the order
// of their instants; "before" and "after" are strict, so that what happened at one instant is never held against a
// wallet.
//
// It must not know how a wallet works: it imports the nouns of package wallet and nothing else of the reference. It
// never blames on suspicion: where more than one outcome is right (a reply was lost, a page and a grant overlapped,
// a phone is just being bound) each of them is accepted, and where there are too many to try, the page counts as not
// evaluated. Not safe for concurrent use.
package oracle
