package wallet

import (
	"context"
	"fmt"
)

// MaxPermits bounds the permits of one window, so that sums of requests fit 64 bits.
const MaxPermits = 1 << 40

// Permits is the shared counter of the requests that all instances have admitted (L2): a number of permits per name and
// window, shared by all instances. It is a weak dependency: an instance that cannot reach it continues with its own
// share.
type Permits interface {
	// Take takes at most want of the permits left of limit in the name's window. It returns how many it took and how
	// many are left. NOT idempotent: after an error some permits may have been taken and are lost, so a limit is never
	// exceeded. ErrInvalid: see ValidPermits.
	Take(ctx context.Context, name string, window, want, limit int64) (took, left int64, err error)
}

// ValidPermits returns ErrInvalid unless the name has 1 to 64 bytes, want is in 1..MaxPermits and limit is in
// 0..MaxPermits.
func ValidPermits(name string, want, limit int64) error {
	if name == "" || len(name) > 64 || want < 1 || want > MaxPermits || limit < 0 || limit > MaxPermits {
		return fmt.Errorf("%w: permits %q: want %d of limit %d", ErrInvalid, name, want, limit)
	}
	return nil
}
