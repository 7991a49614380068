package cluster

import (
	"context"
	"slices"
	"time"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
	"hongbao/sim/drills"
	"hongbao/sim/world"
)

// callCounter counts, for a drill, the calls that reach the stores and the answers to clients, as far as the promises of the
// switches need them. It is a hook of the ports. A nil callCounter counts nothing.
type callCounter struct {
	intercept.None
	world    *world.World
	measured *drills.Measured
}

// phase returns the phase of the drill now.
func (p *callCounter) phase() drills.Phase { return p.measured.At(time.Unix(0, p.world.Now())) }

// count counts one event in the current phase.
func (p *callCounter) count(what string) {
	if p != nil {
		p.measured.Count(p.phase(), what, 1)
	}
}

// counted returns a port whose calls p counts.
func counted[P any](p *callCounter, wrap func(P, intercept.Hook) P, next P) P {
	if p == nil {
		return next
	}
	return wrap(next, p)
}

// method names one method of a port.
type method struct {
	port intercept.Port
	name string
}

// Before implements intercept.Hook: it counts calls regardless of their answers.
func (p *callCounter) Before(_ context.Context, c intercept.Call) (intercept.Note, error) {
	switch (method{c.Port, c.Method}) {
	case method{intercept.PortTokens, "Issue"}:
		p.count(drills.TokensIssue)
	case method{intercept.PortBacklog, "Push"}:
		p.count(drills.BacklogPush)
	case method{intercept.PortOpenOrders, "Open"}:
		p.count(drills.OrdersOpen)
	case method{intercept.PortLedger, "Post"}:
		p.count(drills.LedgerPost)
	case method{intercept.PortBank, "Pay"}:
		p.count(drills.BankPay)
	case method{intercept.PortStocks, "Take"}:
		p.count(drills.StockTake)
	case method{intercept.PortPermits, "Take"}:
		p.count(drills.PermitsTake)
	case method{intercept.PortItems, "Advance"}:
		for i := range c.Items {
			switch c.Items[i].State {
			case wallet.ItemIssued:
				p.count(drills.ItemsIssued)
			case wallet.ItemVoid:
				p.count(drills.ItemsVoid)
			}
		}
	}
	return intercept.Note{}, nil
}

// After implements intercept.Hook: it counts calls that changed something or were answered.
func (p *callCounter) After(_ context.Context, c intercept.Call, _ intercept.Note, a intercept.Answer) error {
	changed, answered := a.Count > 0, a.Err == nil
	switch m := (method{c.Port, c.Method}); {
	case m == method{intercept.PortBacklog, "Take"} && changed:
		p.count(drills.BacklogTake)
	case m == method{intercept.PortOrders, "Create"} && changed:
		p.count(drills.OrdersCreate)
	case m == method{intercept.PortWithdrawals, "Create"} && changed:
		p.count(drills.WithdrawCreate)
	case m == method{intercept.PortPackets, "Create"} && changed:
		p.count(drills.PacketsCreate)
	case m == method{intercept.PortDownstream, "Issue"} && answered:
		if slices.ContainsFunc(a.Answers, func(one wallet.ItemResult) bool { return one.Err == nil }) {
			p.count(drills.DownIssue)
		}
	case m == method{intercept.PortDownstream, "Use"} && answered:
		p.count(drills.DownUse)
	case m == method{intercept.PortStocks, "Issued"} && answered:
		p.count(drills.StockRead)
	}
	return a.Err
}

// totalsCounter counts the answered reads of one of the two stores of the running total, under a name.
type totalsCounter struct {
	intercept.None
	calls *callCounter
	name  string
}

// After implements intercept.Hook.
func (t totalsCounter) After(_ context.Context, c intercept.Call, _ intercept.Note, a intercept.Answer) error {
	if c.Method == "Total" && a.Err == nil {
		t.calls.count(t.name)
	}
	return a.Err
}

// API is what clients call at an instance.
type API interface {
	wallet.Service
	wallet.Rewards
	wallet.PacketService
}

// countedPages counts the contents of wallet pages. It is a wrapper and not a hook, because the API is not a port.
type countedPages struct {
	API
	*callCounter
}

// Pages returns s with its wallet pages counted.
func (p *callCounter) Pages(s API) API {
	if p == nil {
		return s
	}
	return countedPages{s, p}
}

// pageSources are the sources of a wallet page.
var pageSources = []string{walletpage.SourceTokens, walletpage.SourceLedger, walletpage.SourceWithdrawals, walletpage.SourcePackets, walletpage.SourceRewards}

// Page implements wallet.Service: it counts the sources that a page has and lacks, and the client's tokens that were accepted.
func (s countedPages) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	page, err := s.API.Page(ctx, r)
	if err != nil {
		return page, err
	}
	if r.After == (wallet.Cursor{}) { // later pages have only lines
		for _, source := range pageSources {
			if slices.Contains(page.Missing, source) {
				s.count(drills.PageWithout + source)
			} else {
				s.count(drills.PageWhole + source)
			}
		}
	}
	if len(page.Grants) > shortPage {
		s.count(drills.PageLong)
	}
	for i := range r.Tokens {
		at := slices.IndexFunc(page.Refused, func(f wallet.TokenRefusal) bool { return f.Index == i })
		switch {
		case at < 0:
			s.count(drills.Believed)
		case wallet.ReasonOf(page.Refused[at].Err) == wallet.ErrTokenDistrusted.Reason:
			s.count(drills.Distrusted)
		}
	}
	return page, nil
}
