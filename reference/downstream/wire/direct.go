// Package wire transports the requests of package downstream: over HTTP to real systems, or by a function call to the
// stand-ins in the same process. It also serves the stand-ins over HTTP and delivers their callbacks.
//
// It runs in real time only. It repeats no request by itself (except a GET whose reused connection was already closed),
// follows no redirect, and reads no reply beyond its bound.
package wire

import (
	"context"
	"fmt"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

// Direct returns an exchange with a stand-in in the same process.
func Direct(s *fake.System, c wallet.Clock) downstream.Exchange {
	return func(ctx context.Context, r downstream.Request) (downstream.Reply, error) {
		if err := ctx.Err(); err != nil {
			return downstream.Reply{}, fmt.Errorf("%w: %v", wallet.ErrUnavailable, err)
		}
		return downstream.Reply(s.Handle(c.Now(), fake.Request(r))), nil
	}
}

// Embedded returns adapters for all stand-ins in the same process, for a service without real systems.
func Embedded(systems map[wallet.AwardType]*fake.System, c wallet.Clock, secret []byte) (map[wallet.AwardType]wallet.Downstream, error) {
	all := map[wallet.AwardType]wallet.Downstream{}
	for award, s := range systems {
		d, err := downstream.New(award, downstream.Options{Exchange: Direct(s, c), Clock: c, Secret: secret})
		if err != nil {
			return nil, err
		}
		all[award] = d
	}
	return all, nil
}
