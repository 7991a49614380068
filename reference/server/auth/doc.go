// Package auth says who asks: upstreams and operators sign each request with a key of their own, users carry a
// session token. Server, client and command line share it.
//
// It looks at no clock and draws no random number but for new keys and nonces; the moment is always the caller's. No
// verb that prints a key shows it, and no error carries one: Save alone writes them.
package auth
