package target

import (
	"context"
	"fmt"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// SourcesOf opens the stores of a target's shadow wallet with the target's configuration file, so that the oracle can check
// the records themselves and not only the replies of the API. It only reads. stop closes the stores.
func SourcesOf(ctx context.Context, file string) (sources func(context.Context) (oracle.Sources, error), stop func() error, err error) {
	c := open.Default()
	if err := open.ReadConfig(file, &c); err != nil {
		return nil, nil, err
	}
	read, stop, err := open.ReadShadow(ctx, c)
	if err != nil {
		return nil, nil, fmt.Errorf("--books %s: %w", file, err)
	}
	return func(ctx context.Context) (oracle.Sources, error) {
		r, err := read(ctx)
		return sourcesOf(r), err
	}, stop, nil
}

// sourcesOf converts records to the oracle's form.
func sourcesOf(r open.Records) oracle.Sources {
	out := oracle.Sources{
		Ledger: r.Ledger, Orders: r.Orders, Tokens: r.Tokens, Withdrawals: r.Withdrawals, Bank: r.Bank, Spent: r.Spent,
		Reported: r.Found.Differences, ReconcileRan: true, OpenOrders: r.OpenOrders, BacklogDepth: r.BacklogDepth,
		Rewards: oracle.RewardSources{Items: r.Items, Issued: r.Issued}, Packets: oracle.PacketSources{Packets: r.Packets, At: r.At},
	}
	if r.StandIns != nil {
		out.Rewards.Downstreams = issuedBy(r.StandIns, r.At)
	}
	return out
}

// issuedBy returns the records of the stand-ins, one system after the other.
func issuedBy(systems map[wallet.AwardType]*fake.System, now wallet.Instant) func(yield func(oracle.DownstreamRecord) bool) {
	return func(yield func(oracle.DownstreamRecord) bool) {
		for _, award := range downstream.Awards() {
			for e := range systems[award].Entries(now) {
				if !yield(oracle.DownstreamRecord(e)) {
					return
				}
			}
		}
	}
}
