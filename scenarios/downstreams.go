package scenarios

import "time"

// Downstreams is how the systems behind rewards other than cash work, and how badly (B4). The zero value settles
// everything at once, and lets it be used for a day.
type Downstreams struct {
	Processing  time.Duration // how long those take that accept first and decide later
	Life        time.Duration // how long a reward can be used; 0 = a day
	Declined    Ratio         // share of orders that they refuse for good
	GarbleEvery int           // each so manieth reply is spoilt; 0 = none
	Silent      bool          // nobody calls back
}

type downstreamsFile struct {
	place
	Processing  span   `json:"processing,omitempty" jsonschema:"How long those take that accept first and decide later; left out: no time."`
	Life        span   `json:"life,omitempty" jsonschema:"How long a reward can be used; left out: a day."`
	Declined    share  `json:"declined,omitempty" jsonschema:"Share of orders that they refuse for good; their coupons go back to the stock."`
	GarbleEvery number `json:"garble_every,omitempty" jsonschema:"Each so manieth reply cannot be read; left out: none."`
	Silent      toggle `json:"silent,omitempty" jsonschema:"Nobody calls back: what was accepted has to be asked for."`
}

func (d downstreamsFile) downstreams() Downstreams {
	return Downstreams{Processing: d.Processing.v, Life: d.Life.v, Declined: d.Declined.ratio(), GarbleEvery: int(min(d.GarbleEvery.v, maxPeople)), Silent: d.Silent.v}
}
