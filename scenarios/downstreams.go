package scenarios

import (
	"time"
)

// Downstreams configures the simulated downstream systems of rewards other than cash, and their faults (B4). With the zero
// value they settle every order at once, and a reward can be used for a day.
type Downstreams struct {
	Processing  time.Duration // time from acceptance to decision, for systems that accept first and decide later
	Validity    time.Duration // how long a reward can be used; 0 = a day
	Declined    Ratio         // share of orders that are refused permanently
	GarbleEvery int           // one reply in this many is unreadable; 0 = none
	Silent      bool          // no callbacks are sent
}
