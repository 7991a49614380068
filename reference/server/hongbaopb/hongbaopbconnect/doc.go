// Package hongbaopbconnect is the API's handlers and clients for Connect, generated from the schema in
// reference/server/proto. It decides nothing.
package hongbaopbconnect
