// Package operator implements operators' tasks beyond the switches (B8): announcements that reach users within a
// second, page configuration with versions, and bulk re-issue of rewards from a list.
//
// Units: fen and microseconds. It grants through the same path as upstreams, under its own order numbers, and uses only
// ports. The server authenticates operators and writes the audit log of their calls. The package must not write to the
// ledger, and must not delay a page: notices for users are read from memory.
package operator
