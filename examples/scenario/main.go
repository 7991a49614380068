// Command scenario loads an own scenario, evening.yaml, and replays it in virtual time: it prints the verdict and the
// checks of money. Run it in the root of the repository with
//
//	go run ./examples/scenario
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

func main() {
	file := flag.String("file", "examples/scenario/evening.yaml", "scenario to replay")
	flag.Parse()
	if err := run(context.Background(), *file); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, file string) error {
	s, err := loader.Load(file)
	if err != nil {
		return err // all faults of the file, each with line, column and a hint
	}
	// A scenario of a whole festival is replayed smaller: see scenarios.Scale.
	r, err := sim.Run(ctx, sim.Options{Scenario: s, Strategy: wallet.StrategyToken, Crypto: sim.CryptoModelled, Seed: 7},
		sim.FullOf(s, 1, 1))
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s, %d grants\n", s.Title, r.Verdict, r.Offered.OK)
	for _, c := range r.Checks {
		fmt.Printf("%s %s\n", c.Result, c.Name)
	}
	if r.Verdict != reports.Pass {
		return fmt.Errorf("the verdict is %s", r.Verdict)
	}
	return nil
}
