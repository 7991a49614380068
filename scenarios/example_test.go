package scenarios_test

import (
	"fmt"
	"time"

	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// A thousandth of the festival: fewer people at lower rates, with the same times and latencies.
func ExampleScale() {
	whole, err := loader.Load("rain-peak.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	small, err := scenarios.Scale(whole, 1, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(whole.Grants(), "grants in", whole.End().Sub(whole.Windows[0].Start))
	fmt.Println(small.Grants(), "grants in", small.End().Sub(small.Windows[0].Start))
	// Output:
	// 54000000 grants in 30s
	// 54000 grants in 30s
}

// One window for a test in real time: its shape over five seconds, with a peak of 1,000 grants a second.
func ExampleFocus() {
	whole, err := loader.Load("rain-peak.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	load, err := scenarios.Focus(whole, "rain-at-the-peak", scenarios.Ratio{Num: 1000, Den: 1}, 5*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(load.Windows[0].Name, load.Grants())
	// Output: Rain at the peak 5000
}
