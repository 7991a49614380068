// Package token makes and reads the clients' copies of tokens (T2, T3, T7), and counts refused ones.
//
// Real is the production scheme: an Ed25519 signature inside an HPKE envelope. Modelled is a replacement for
// simulations that costs as little as a hash and refuses with the same errors. Sampled mixes the two. Trust wraps any
// of them with an alarm and a switch. The keys of both are in a Keyring.
//
// Money is fen, instants are Unix microseconds. The package stores no tokens and does not detect replays: the ledger
// detects a token that is already posted. It must never print a key, panic on bytes from outside, or reveal a token's
// status outside the server.
package token

import (
	"fmt"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// maxSealed bounds a sealed token in bytes; a longer one is refused before any cryptography. The longest sealed token
// has about 350 bytes, so a client's whole list (wallet.MaxClientTokens) is a small request.
const maxSealed = 384

// The first byte of a sealed token is the scheme's version.
const (
	versionReal     = 1
	versionModelled = 2
)

// validate returns ErrInvalid for a token that no grant makes. Seal refuses such a token and Open never returns one.
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
