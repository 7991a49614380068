package service

import (
	"fmt"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Bounds of a configuration. Above them it is a mistake, such as a wrong unit.
const (
	maxInstances = 100_000
	maxShards    = 4096
	maxBatch     = 5000
	maxRate      = 1e9 // requests a second
	maxBlock     = 1e15
)

// Validate returns wallet.ErrInvalid for a configuration that cannot work. The error names the field and what is allowed.
func (c Config) Validate() error {
	if c.Name == "" {
		return invalid("Name is empty: use a name that no other run has")
	}
	if err := activity.Validate(c.Activity); err != nil {
		return err
	}
	if _, ok := wallet.ParseStrategy(string(c.Strategy)); !ok {
		return invalid("Strategy is %q: use one of %q", c.Strategy, wallet.Strategies)
	}
	if _, ok := wallet.ParseStockStrategy(string(c.Stock)); !ok {
		return invalid("Stock is %q: use one of %q", c.Stock, wallet.StockStrategies)
	}
	for _, n := range []struct {
		name           string
		have, from, to int64
	}{
		{"Instances", int64(c.Instances), 1, maxInstances},
		{"Shards", int64(c.Shards), 1, maxShards},
		{"Batch", int64(c.Batch), 1, maxBatch},
		{"SyncLimit", int64(c.SyncLimit), 0, maxRate},
		{"BudgetBlock", int64(c.BudgetBlock), 1, maxBlock},
		{"Limits.Grants", c.Limits.Grants, 0, maxRate},
		{"Limits.Pages", c.Limits.Pages, 0, maxRate},
		{"Limits.Withdrawals", c.Limits.Withdrawals, 0, maxRate},
	} {
		if n.have < n.from || n.have > n.to {
			return invalid("%s is %d, not in %d..%d", n.name, n.have, n.from, n.to)
		}
	}
	for _, d := range []struct {
		name           string
		have, from, to time.Duration
	}{
		{"CompensateAfter", c.CompensateAfter, time.Second, 24 * time.Hour},
		{"Chores", c.Chores, 100 * time.Millisecond, time.Hour},
		{"PostRest", c.PostRest, time.Millisecond, time.Minute},
		{"Drain", c.Drain, time.Second, time.Hour},
		{"RememberFor", c.RememberFor, 0, 24 * time.Hour},
	} {
		if d.have < d.from || d.have > d.to {
			return invalid("%s is %v, not in %v..%v", d.name, d.have, d.from, d.to)
		}
	}
	return nil
}

// validate returns wallet.ErrInvalid if a required port is not set. The error names the port.
func (p Ports) validate(a wallet.Activity) error {
	for _, port := range []struct {
		name    string
		missing bool
	}{
		{"Clock", p.Clock == nil},
		{"Identities", p.Identities == nil},
		{"Orders", p.Orders == nil},
		{"Admissions", p.Admissions == nil},
		{"Quotas", p.Quotas == nil},
		{"Tokens", p.Tokens == nil},
		{"Backlog", p.Backlog == nil},
		{"Ledger", p.Ledger == nil},
		{"Withdrawals", p.Withdrawals == nil},
		{"Days", p.Days == nil},
		{"Packets", p.Packets == nil},
		{"Items", p.Items == nil},
		{"Lists", p.Lists == nil},
		{"Permits", p.Permits == nil},
		{"Leases", p.Leases == nil},
		{"Totals", p.Totals == nil},
		{"Stock", p.Stock == nil},
		{"StockLeases", p.StockLeases == nil},
		{"Bank", p.Bank == nil},
		{"Sealer", p.Sealer == nil},
		{"Switches", p.Switches == nil},
		{"Settings", p.Settings == nil},
		{"Log", p.Log == nil},
	} {
		if port.missing {
			return invalid("the port %s is not set", port.name)
		}
	}
	for _, child := range a.Children {
		for _, t := range child.Rewards {
			if t.Type != wallet.Cash && p.Downstreams[t.Type] == nil {
				return invalid("Downstreams has no system for %s, which activity %s grants", t.Type, child.ID)
			}
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: service: %s", wallet.ErrInvalid, fmt.Sprintf(format, args...))
}
