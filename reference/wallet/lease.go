package wallet

import (
	"context"
	"time"
)

// Leases is the distributed lock for work that one instance at a time should do, such as a backlog shard. It is a weak
// dependency (D1): if it fails, or if two instances hold one lease, work is done twice without other harm. The safety
// of money does not depend on it.
type Leases interface {
	// Hold takes the lease for holder, or renews it, for ttl from now. False: another holder has it.
	Hold(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	// Release gives up the lease if holder has it. Idempotent.
	Release(ctx context.Context, name, holder string) error
	// Join records that member of the group is alive for ttl from now, and returns all living members, ascending.
	Join(ctx context.Context, group, member string, ttl time.Duration) ([]string, error)
	// Leave removes the member from the group. Idempotent.
	Leave(ctx context.Context, group, member string) error
}
