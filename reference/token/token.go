// Package token makes and reads the clients' copies of tokens (T2, T3, T7), and counts what was refused.
//
// Real is the scheme for production: an Ed25519 signature inside an HPKE envelope. Modelled is a stand-in for
// simulations that costs as little as a hash and refuses by the same errors; Sampled mixes the two, and Trust guards
// any of them with an alarm and a switch. The keys of both live in a Keyring.
//
// Money is fen, instants are Unix microseconds. The package keeps no tokens and knows no replays: a token that was
// posted already is the ledger's to notice. It must never print a key, panic on bytes from outside, or let the
// status of a token out of the server.
package token

import (
	"fmt"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// MaxSealed bounds a sealed token in bytes; a longer one is refused before any cryptography. The longest that can be
// sealed has about 350, and what clients send for a whole list (wallet.MaxClientTokens) stays a small request.
const MaxSealed = 384

// The first byte of a sealed token says how it was made.
const (
	versionReal     = 1
	versionModelled = 2
)

// validate returns ErrInvalid for a token that no grant makes. Seal refuses it and Open never returns it.
func validate(t wallet.Token) error {
	if err := t.Order.Validate(); err != nil {
		return err
	}
	switch {
	case !t.App.Valid():
		return fmt.Errorf("%w: token: app %d", wallet.ErrInvalid, t.App)
	case len(t.Activity) == 0 || len(t.Activity) > wallet.MaxActivityID || !utf8.ValidString(string(t.Activity)):
		return fmt.Errorf("%w: token: activity id of %d bytes", wallet.ErrInvalid, len(t.Activity))
	case t.Amount <= 0:
		return fmt.Errorf("%w: token: amount %d", wallet.ErrInvalid, t.Amount)
	case t.Opened < 0:
		return fmt.Errorf("%w: token: opened at %d", wallet.ErrInvalid, t.Opened)
	}
	return nil
}
