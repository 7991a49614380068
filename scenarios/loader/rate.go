package loader

import (
	"fmt"

	"hongbao/scenarios"
)

// ParseRate reads a rate a second as scenario files write it, such as 5/s, 300k/s or 1.8M/s. The error says what is
// wrong and how to write it.
func ParseRate(s string) (scenarios.Ratio, error) {
	var r rate
	if problem := r.read(s); problem != "" {
		return scenarios.Ratio{}, fmt.Errorf("%q %s: %s", s, problem, r.form().hint)
	}
	return r.v, nil
}
