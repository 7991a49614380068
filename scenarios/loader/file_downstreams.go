package loader

import (
	"hongbao/scenarios"
)

type downstreamsFile struct {
	place
	Processing  span   `json:"processing,omitempty" jsonschema:"Time from acceptance to decision, for systems that accept first and decide later; omitted: no time."`
	Validity    span   `json:"life,omitempty" jsonschema:"How long a reward can be used; omitted: a day."`
	Declined    share  `json:"declined,omitempty" jsonschema:"Share of orders that are refused permanently; their coupons are returned to the stock."`
	GarbleEvery number `json:"garble_every,omitempty" jsonschema:"One reply in this many is unreadable; omitted: none."`
	Silent      toggle `json:"silent,omitempty" jsonschema:"No callbacks are sent: the service has to query accepted orders."`
}

func (d downstreamsFile) downstreams() scenarios.Downstreams {
	return scenarios.Downstreams{Processing: d.Processing.v, Validity: d.Validity.v, Declined: d.Declined.ratio(), GarbleEvery: int(min(d.GarbleEvery.v, scenarios.MaxPeople)), Silent: d.Silent.v}
}
