package token

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Purpose is what a token was made for. It is signed, so that one made for a load test never turns into money.
type Purpose uint8

// The purposes.
const (
	ClientCopy Purpose = 1 + iota // the client's copy of a grant (T2)
	LoadTest                      // the same under the load-test mark (K2)
)

// The defaults. Tokens have to outlast the festival and the days that people still look at what they won; instances
// that are further apart than the skew have a broken clock.
const (
	DefaultLifetime = 30 * 24 * time.Hour
	DefaultSkew     = 5 * time.Minute
)

// maxLifetime bounds Policy.Lifetime: keys are retired, and no token outlives the year of its festival.
const maxLifetime = 366 * 24 * time.Hour

// Policy is which authentic tokens are still admitted.
type Policy struct {
	Purpose  Purpose       // sealed into every token, and the only one that Open admits
	Lifetime time.Duration // a token is refused this long after it was sealed; above zero, at most a year
	Skew     time.Duration // how far ahead of this clock another instance may have sealed; 0..Lifetime
}

// DefaultPolicy returns the policy for clients' copies.
func DefaultPolicy() Policy { return Policy{ClientCopy, DefaultLifetime, DefaultSkew} }

// Validate returns ErrInvalid, wrapped with the field that is wrong.
func (p Policy) Validate() error {
	switch {
	case p.Purpose != ClientCopy && p.Purpose != LoadTest:
		return fmt.Errorf("%w: token policy: purpose %d", wallet.ErrInvalid, p.Purpose)
	case p.Lifetime <= 0 || p.Lifetime > maxLifetime:
		return fmt.Errorf("%w: token policy: lifetime %v", wallet.ErrInvalid, p.Lifetime)
	case p.Skew < 0 || p.Skew > p.Lifetime:
		return fmt.Errorf("%w: token policy: skew %v", wallet.ErrInvalid, p.Skew)
	}
	return nil
}

// admit judges an authentic token by what it was made for, whom it belongs to and when it was issued, in that order:
// the first reason is the one that tells most about who sent it. ErrTokenPurpose, ErrTokenForeign, ErrTokenExpired;
// the last also for a token from further in the future than clocks may disagree.
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
