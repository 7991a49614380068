package wallet

import (
	"context"
	"fmt"
)

// MaxPermits bounds the permits of one window, so that sums of what is asked for fit 64 bits.
const MaxPermits = 1 << 40

// Permits is a common count of what all instances have let through (L2): so many permits a name and window, whoever asks
// for them. It is a weak dependency: who cannot ask goes on with its share.
type Permits interface {
	// Take takes at most want of the permits that are left of limit in the name's window, and returns how many it took
	// and how many are left. NOT idempotent: after an error some may be taken, which nobody can use; so a limit is
	// never exceeded. ErrInvalid: see ValidPermits.
	Take(ctx context.Context, name string, window, want, limit int64) (took, left int64, err error)
}

// ValidPermits returns ErrInvalid for a name of no or more than 64 bytes, and for numbers below one (want) or zero, or
// above MaxPermits.
func ValidPermits(name string, want, limit int64) error {
	if name == "" || len(name) > 64 || want < 1 || want > MaxPermits || limit < 0 || limit > MaxPermits {
		return fmt.Errorf("%w: %d of %d permits of %q", ErrInvalid, want, limit, name)
	}
	return nil
}
