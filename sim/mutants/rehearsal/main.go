// Command rehearsal replays one scenario under one strategy and prints the result of the run as JSON. Mutants are built
// into it: it has the wallet and the oracle, but no servers, no real stores and no command line, so it builds quickly.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

func main() {
	if err := rehearse(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// rehearse takes a scenario file, a strategy and a seed.
func rehearse(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("rehearsal: FILE STRATEGY SEED, not %d arguments", len(args))
	}
	s, err := loader.Load(args[0])
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	o := sim.Options{Scenario: s, Strategy: wallet.Strategy(args[1]), Crypto: sim.CryptoModelled, Seed: seed}
	var run reports.Run
	if run, err = sim.Run(context.Background(), o, sim.FullOf(s, 1, 1)); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(run)
}
