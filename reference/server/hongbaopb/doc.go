// Package hongbaopb is the wire format of the wallet's API, generated from the schema in reference/server/proto. Amounts
// are whole fen, instants Unix microseconds. It decides nothing.
package hongbaopb
