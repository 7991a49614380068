// Package k6 is the k6 extension k6/x/hongbao: a window of a festival as k6 options, its people as calls that a script
// makes, and an audit at the end that decides whether money was safe.
//
// Units: amounts are fen, latencies milliseconds, rates wins a second. What a person asks goes over the wire through
// reference/sdk/client; the package must not know a store, nor print a key or a token.
//
// It is a module of its own because k6 is under the AGPL-3.0: nothing that the main module builds may link it.
package k6

import "go.k6.io/k6/js/modules"

// init registers the extension. k6 finds extensions in this way alone: the program that xk6 generates imports them for
// their side effect and calls nothing of theirs. It is the one init of the house.
func init() {
	modules.Register("k6/x/hongbao", New())
}
