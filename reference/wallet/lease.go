package wallet

import (
	"context"
	"time"
)

// Leases is the distributed lock: work that one instance at a time should do, such as a backlog shard. It is a weak
// dependency (D1): when it fails or two hold the same, work is done twice and nothing else happens, because money
// never rests on it.
type Leases interface {
	// Hold takes the lease for holder, or renews it, for ttl from now. False: another one holds it.
	Hold(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	// Release gives it back; what holder does not hold is left alone. Idempotent.
	Release(ctx context.Context, name, holder string) error
	// Join says that member of a group lives for ttl from now, and returns all living members, ascending.
	Join(ctx context.Context, group, member string, ttl time.Duration) ([]string, error)
	// Leave takes the member out of the group. Idempotent.
	Leave(ctx context.Context, group, member string) error
}
