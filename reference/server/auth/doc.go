// Package auth authenticates requests: upstreams and operators sign each request with their own key, users send a
// session token. Server, client and command line share it.
//
// It reads no clock; the caller passes the time. It draws random numbers only for new keys and nonces. No formatting
// verb prints a key, and no error contains one: only Save writes keys.
package auth
