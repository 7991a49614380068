package reports_test

import (
	"fmt"

	"hongbao/reports"
)

// The checks of a record that did not pass. hongbao sim and hongbao load write such a file.
func ExampleRead() {
	r, err := reports.Read("render/testdata/violated.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Scenario.Name, r.Verdict)
	for _, c := range r.Checks {
		if c.Result != reports.Pass {
			fmt.Printf("%s: %s, %d of %d\n", c.Name, c.Result, c.Violations, c.Evaluations)
		}
	}
	// Output:
	// festival-2022 fail
	// no grant is posted twice: fail, 1377 of 803112
}

// What was not evaluated is unknown, and one unknown check is enough to make the verdict unknown.
func ExampleCombine() {
	fmt.Println(reports.Combine(reports.Pass, reports.Pass))
	fmt.Println(reports.Combine(reports.Pass, reports.Unknown))
	fmt.Println(reports.Combine(reports.Unknown, reports.Fail))
	fmt.Println(reports.Combine())
	// Output:
	// pass
	// unknown
	// fail
	// unknown
}
