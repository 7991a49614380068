// Package operator is what people who run the service do to it beyond its switches (B8): announcements that reach users
// within a second, page configuration with versions, and bulk re-issue of rewards from a list.
//
// Units: fen and microseconds. It grants through the same door as everybody, under order numbers of its own, and knows
// ports alone: who may ask, and the audit log of what was asked, are the server's. It must not touch the ledger, and must
// not hold up a page: what users are shown is read from memory.
package operator
