// Package tokenpb is the wire format of tokens, with the source's fields and numbers (T3), generated from token.proto.
package tokenpb
