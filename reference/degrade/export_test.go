package degrade

import "hongbao/reference/wallet"

// Names for tests outside the package.
type Breaker = breaker

var (
	NewBreaker = newBreaker
	Failed     = failed
)

const (
	Weak   = weak
	Strong = strong
)

func (s *Set) Trip(name wallet.Switch, source, reason string) { s.trip(name, source, reason) }
func (s *Set) Recover(name wallet.Switch, source string)      { s.recover(name, source) }
