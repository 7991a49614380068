package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/node"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/fault"
	"hongbao/sim/world"
)

// TestTownIsProtected: a simulated instance has each breaker of the table of dependencies once (D4), as a server has. Every
// dependency to which a scenario can inject faults is in that table.
func TestTownIsProtected(t *testing.T) {
	w := world.New(1, time.Date(2022, 1, 31, 20, 0, 0, 0, time.UTC))
	defer w.Close()
	guard, err := degrade.NewGuard(nil, fault.NewInstance(w, 0), degrade.DefaultRules())
	require.NoError(t, err)
	p := node.Ports{Items: struct{ wallet.Items }{}, Downstreams: map[wallet.AwardType]wallet.Downstream{}}
	for a := wallet.Cash + 1; a.Valid(); a++ {
		p.Downstreams[a] = struct{ wallet.Downstream }{}
	}
	(&controls{guard: guard}).protect(&p)
	var wired, named, rows []string
	for _, b := range guard.Breakers() {
		wired = append(wired, b.Name)
	}
	for _, d := range degrade.Dependencies() {
		rows = append(rows, d.Name)
		for _, b := range d.Breakers {
			if !slices.Contains(named, b) {
				named = append(named, b)
			}
		}
	}
	require.ElementsMatch(t, named, wired)

	of := map[string]string{"identity": "accounts", "orders": "orders of record", "budget": "budgets", "tokens": "token store", "withdrawals": "withdrawals and packets",
		"packets": "withdrawals and packets", "items": "reward records", "stock": "coupon stock", "downstreams": "reward systems", "config": "config centre",
		"limits": "limit counters", "totals": "running total"}
	for _, name := range scenarios.Dependencies {
		if row, ok := of[name]; ok {
			name = row
		}
		if name != "client" { // it calls the service
			require.Contains(t, rows, name)
		}
	}
}
