//go:build !unix

package attack

import "time"

// cpuTime returns nothing: this system is not asked.
func cpuTime() time.Duration { return 0 }
