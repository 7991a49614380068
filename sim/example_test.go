package sim_test

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

// A scenario under two strategies. The same scenario, strategy, crypto and seed give the same run.
func ExampleRun() {
	s, err := loader.Load("../examples/scenario/evening.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, strategy := range []wallet.Strategy{wallet.StrategyAsync, wallet.StrategyToken} {
		o := sim.Options{Scenario: s, Strategy: strategy, Crypto: sim.CryptoModelled, Seed: 7}
		r, err := sim.Run(context.Background(), o, sim.FullOf(s, 1, 1))
		if err != nil {
			fmt.Println(err) // a scenario that cannot be run; a violated check is no error
			return
		}
		fmt.Printf("%s: %s, %d of %d grants, shown within %d ms\n", r.Strategy, r.Verdict, r.Offered.OK, r.Offered.Scheduled,
			r.Comparison.VisibleWaitMaxMS)
	}
	// Output:
	// async: pass, 1600 of 1600 grants, shown within 57695 ms
	// token: pass, 1600 of 1600 grants, shown within 0 ms
}
