package cluster

import (
	"hongbao/reference/limit"
	"hongbao/reference/node"
)

// protect puts breakers around the instance's dependencies (D4), and concurrency limits around external systems, as a
// server does.
func (d *controls) protect(p *node.Ports) {
	p.Identities, p.Tokens, p.Backlog, p.Ledger = d.guard.Identities(p.Identities), d.guard.Tokens(p.Tokens), d.guard.Backlog(p.Backlog), d.guard.Ledger(p.Ledger)
	p.Orders, _ = d.guard.Orders(p.Orders, nil)
	p.Bank = limit.LimitBankConcurrency(d.guard.Bank(p.Bank), limit.SystemCalls)
	if p.Items == nil {
		return
	}
	p.Items, p.Stocks = d.guard.Items(p.Items), d.guard.Stocks(p.Stocks)
	for award, system := range p.Downstreams {
		p.Downstreams[award] = limit.LimitDownstreamConcurrency(award, d.guard.Downstream(award, system), limit.SystemCalls)
	}
}
