// Package wire carries what the adapters of package downstream say: over HTTP to systems anywhere, or by a plain call to
// the stand-ins of package fake in the same process. It also serves the stand-ins over HTTP and brings their callbacks.
//
// It runs in real time only. It repeats no request by itself (but a GET, where the connection it met was closed already), follows
// no redirect, and must not read a reply to its end
// before it knows that the end is near.
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

// Embedded returns adapters for all stand-ins, in the same process: what a service uses that is given no real systems.
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
