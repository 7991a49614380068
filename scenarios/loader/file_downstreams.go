package loader

import (
	"hongbao/scenarios"
)

type downstreamsFile struct {
	place
	Processing  span   `json:"processing,omitempty" jsonschema:"How long those take that accept first and decide later; left out: no time."`
	Life        span   `json:"life,omitempty" jsonschema:"How long a reward can be used; left out: a day."`
	Declined    share  `json:"declined,omitempty" jsonschema:"Share of orders that they refuse for good; their coupons go back to the stock."`
	GarbleEvery number `json:"garble_every,omitempty" jsonschema:"Each so manieth reply cannot be read; left out: none."`
	Silent      toggle `json:"silent,omitempty" jsonschema:"Nobody calls back: what was accepted has to be asked for."`
}

func (d downstreamsFile) downstreams() scenarios.Downstreams {
	return scenarios.Downstreams{Processing: d.Processing.v, Life: d.Life.v, Declined: d.Declined.ratio(), GarbleEvery: int(min(d.GarbleEvery.v, scenarios.MaxPeople)), Silent: d.Silent.v}
}
