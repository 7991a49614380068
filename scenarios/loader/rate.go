package loader

import (
	"fmt"

	"hongbao/scenarios"
)

// ParseRate parses a rate per second in the format of scenario files, such as 5/s, 300k/s or 1.8M/s. The error contains the
// problem and the expected format.
func ParseRate(s string) (scenarios.Ratio, error) {
	var r rate
	if problem := r.read(s); problem != "" {
		return scenarios.Ratio{}, fmt.Errorf("%q %s: %s", s, problem, r.form().hint)
	}
	return r.v, nil
}
