package token

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Purpose is the use that a token was made for. It is signed, so that a token of a load test never becomes money.
type Purpose uint8

// The purposes.
const (
	clientCopy Purpose = 1 + iota // the client's copy of a grant (T2)
	LoadTest                      // the client's copy of a grant with the load-test mark (K2)
)

// The defaults. Tokens must outlast the festival and the days on which people still look at their wallets. Instances
// whose clocks differ by more than the skew have a broken clock.
const (
	DefaultLifetime = 30 * 24 * time.Hour
	defaultSkew     = 5 * time.Minute
)

// maxLifetime bounds Policy.Lifetime: keys are retired, and no token outlives the year of its festival.
const maxLifetime = 366 * 24 * time.Hour

// Policy defines which authentic tokens are admitted.
type Policy struct {
	Purpose  Purpose       // sealed into every token; Open admits no other
	Lifetime time.Duration // a token is refused this long after it was sealed; above zero, at most 366 days
	Skew     time.Duration // how far ahead of this clock another instance's clock may be; 0..Lifetime
}

// DefaultPolicy returns the policy for clients' copies.
func DefaultPolicy() Policy { return Policy{clientCopy, DefaultLifetime, defaultSkew} }

// Validate returns ErrInvalid, wrapped with the invalid field.
func (p Policy) Validate() error {
	switch {
	case p.Purpose != clientCopy && p.Purpose != LoadTest:
		return fmt.Errorf("%w: token policy: purpose %d", wallet.ErrInvalid, p.Purpose)
	case p.Lifetime <= 0 || p.Lifetime > maxLifetime:
		return fmt.Errorf("%w: token policy: lifetime %v", wallet.ErrInvalid, p.Lifetime)
	case p.Skew < 0 || p.Skew > p.Lifetime:
		return fmt.Errorf("%w: token policy: skew %v", wallet.ErrInvalid, p.Skew)
	}
	return nil
}

// admit checks an authentic token's purpose, owner and time of issue, in that order: the first error says most about
// the sender. ErrTokenPurpose, ErrTokenForeign, ErrTokenExpired. The last is also for a token from further in the
// future than clocks may differ.
func (p Policy) admit(made Purpose, owner wallet.ActID, issued wallet.Instant, who wallet.Person, now wallet.Instant) error {
	switch {
	case made != p.Purpose:
		return wallet.ErrTokenPurpose
	case !who.Owns(owner):
		return wallet.ErrTokenForeign
	case issued > now.Add(p.Skew) || issued < now.Add(-p.Lifetime):
		return wallet.ErrTokenExpired
	}
	return nil
}
