// Package server serves the wallet's API: Connect, gRPC, gRPC-Web and JSON over HTTP from one handler, with
// authentication, limits, metrics and graceful shutdown.
//
// Units: amounts are fen in fields that end in _fen, instants are Unix microseconds in fields that end in _us. The
// package makes no decision about money. It works with any wallet.Service, and every error of the service reaches the
// caller with its code and reason.
package server

//go:generate protoc --proto_path=proto --go_out=hongbaopb --go_opt=module=hongbao/reference/server/hongbaopb --connect-go_out=hongbaopb --connect-go_opt=module=hongbao/reference/server/hongbaopb,simple hongbao/v1/common.proto hongbao/v1/account.proto hongbao/v1/grant.proto hongbao/v1/wallet.proto hongbao/v1/query.proto hongbao/v1/operator.proto
//go:generate go test -run ^TestOpenAPI$ . -update
