package main

import (
	"context"
	"fmt"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// storesOf reads the stores of a target's shadow wallet by the target's own configuration file, so that the oracle sees
// what is on record and not only what the target answers. It changes nothing in them.
func storesOf(ctx context.Context, file string) (sources func(context.Context) (oracle.Books, error), stop func() error, err error) {
	c := defaultConfig()
	if err := readConfig(file, &c); err != nil {
		return nil, nil, err
	}
	read, stop, err := readShadow(ctx, c)
	if err != nil {
		return nil, nil, fmt.Errorf("--books %s: %w", file, err)
	}
	return func(ctx context.Context) (oracle.Books, error) {
		r, err := read(ctx)
		return sourcesOf(r), err
	}, stop, nil
}

// sourcesOf returns records as the oracle reads them.
func sourcesOf(r records) oracle.Books {
	out := oracle.Books{
		Ledger: r.ledger, Orders: r.orders, Tokens: r.tokens, Withdrawals: r.withdrawals, Bank: r.bank, Spent: r.spent,
		Reported: r.found.Differences, ReconcileRan: true, OpenOrders: r.openOrders, BacklogDepth: r.backlogDepth,
		Rewards: oracle.RewardBooks{Items: r.items, Issued: r.issued}, Packets: oracle.PacketBooks{Packets: r.packets, At: r.at},
	}
	if r.standIns != nil {
		out.Rewards.Handed = handed(r.standIns, r.at)
	}
	return out
}

// handed returns the records of the reward systems, one system after the other.
func handed(systems map[wallet.AwardType]*fake.System, now wallet.Instant) func(yield func(oracle.Handed) bool) {
	return func(yield func(oracle.Handed) bool) {
		for _, award := range downstream.Awards() {
			for e := range systems[award].Books(now) {
				if !yield(oracle.Handed(e)) {
					return
				}
			}
		}
	}
}
