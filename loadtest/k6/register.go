// Package k6 is the k6 extension k6/x/hongbao: a window of a festival as k6 options, its people as calls of a script, and an
// audit at the end that decides whether money was safe.
//
// Units: amounts are fen, latencies milliseconds, rates wins per second. A person's requests go over the wire through
// reference/sdk/client. The package must not know a store, and must not print a key or a token.
//
// It is a separate module because k6 is under the AGPL-3.0: nothing built from the main module may link it.
package k6

import "go.k6.io/k6/js/modules"

// init registers the extension. k6 finds extensions only in this way: the program that xk6 generates imports them for their
// side effect and calls none of their functions. It is the only init function of the project.
func init() {
	modules.Register("k6/x/hongbao", New())
}
