package scenarios

import (
	"time"
)

// Downstreams is how the systems behind rewards other than cash work, and how badly (B4). The zero value settles
// everything at once, and lets it be used for a day.
type Downstreams struct {
	Processing  time.Duration // how long those take that accept first and decide later
	Life        time.Duration // how long a reward can be used; 0 = a day
	Declined    Ratio         // share of orders that they refuse for good
	GarbleEvery int           // each so manieth reply is spoilt; 0 = none
	Silent      bool          // nobody calls back
}
