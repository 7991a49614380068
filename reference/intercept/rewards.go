package intercept

import (
	"context"

	"hongbao/reference/wallet"
)

type (
	packets    struct{ port[wallet.Packets] }
	items      struct{ port[wallet.Items] }
	downstream struct{ port[wallet.Downstream] }
	stocks     struct{ port[wallet.Stocks] }
	stockParts struct{ port[wallet.StockParts] }
	permits    struct{ port[wallet.Permits] }
	totals     struct{ port[CentralTotals] }
)

// CentralTotals is a central store of the running total.
type CentralTotals interface {
	wallet.Totals
	wallet.TotalsReader
}

// Packets puts h around the calls of next.
func Packets(next wallet.Packets, h Hook) wallet.Packets {
	return &packets{port[wallet.Packets]{next, h}}
}

func (p *packets) Create(ctx context.Context, k wallet.Packet) (wallet.Packet, bool, error) {
	return create(ctx, &p.port, packet("Create", k.No, 1), wallet.Packets.Create, k)
}

func (p *packets) Get(ctx context.Context, no wallet.PacketNo) (wallet.Packet, error) {
	return get1(ctx, &p.port, packet("Get", no, 0), wallet.Packets.Get, no)
}

func (p *packets) Advance(ctx context.Context, no wallet.PacketNo, s wallet.PacketState) error {
	return do2(ctx, &p.port, packet("Advance", no, 1), wallet.Packets.Advance, no, s)
}

func (p *packets) Mark(ctx context.Context, no wallet.PacketNo, share wallet.Account, s wallet.ShareState, owner wallet.ActID, at wallet.Instant) (wallet.Share, error) {
	return get5(ctx, &p.port, packet("Mark", no, 1), wallet.Packets.Mark, no, share, s, owner, at)
}

func (p *packets) SentBy(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, limit int) ([]wallet.Packet, error) {
	return get3(ctx, &p.port, Call{Port: PortPackets, Method: "SentBy"}, wallet.Packets.SentBy, wallets, s, limit)
}

func (p *packets) For(ctx context.Context, accounts []wallet.Account, wallets []wallet.ActID, s wallet.Stage, limit int) ([]wallet.Packet, error) {
	return get4(ctx, &p.port, Call{Port: PortPackets, Method: "For"}, wallet.Packets.For, accounts, wallets, s, limit)
}

func (p *packets) Unfinished(ctx context.Context, asked, sent wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Packet, wallet.ScanCursor, error) {
	return pair4(ctx, &p.port, Call{Port: PortPackets, Method: "Unfinished", Background: true}, wallet.Packets.Unfinished, asked, sent, from, limit)
}

// Items puts h around the calls of next.
func Items(next wallet.Items, h Hook) wallet.Items { return &items{port[wallet.Items]{next, h}} }

func (p *items) Create(ctx context.Context, i wallet.Item) (wallet.Item, bool, error) {
	return create(ctx, &p.port, Call{Port: PortItems, Method: "Create", Order: i.No, Writes: 1}, wallet.Items.Create, i)
}

func (p *items) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Item, error) {
	return get1(ctx, &p.port, Call{Port: PortItems, Method: "Get", Order: first(nos)}, wallet.Items.Get, nos)
}

func (p *items) Advance(ctx context.Context, batch []wallet.Item) ([]wallet.Item, error) {
	return get1(ctx, &p.port, rewards(PortItems, "Advance", batch), wallet.Items.Advance, batch)
}

func (p *items) Of(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	return get4(ctx, &p.port, Call{Port: PortItems, Method: "Of"}, wallet.Items.Of, wallets, s, after, limit)
}

func (p *items) Due(ctx context.Context, s wallet.ItemState, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Item, wallet.ScanCursor, error) {
	return pair4(ctx, &p.port, Call{Port: PortItems, Method: "Due", Background: true}, wallet.Items.Due, s, before, from, limit)
}

func (p *items) Count(ctx context.Context, s wallet.Stage) (map[wallet.ItemState]int64, error) {
	return get1(ctx, &p.port, Call{Port: PortItems, Method: "Count", Background: true}, wallet.Items.Count, s)
}

// Downstream puts h around the calls of next. Answer.Answers of Issue are those of its items.
func Downstream(next wallet.Downstream, h Hook) wallet.Downstream {
	return &downstream{port[wallet.Downstream]{next, h}}
}

func (p *downstream) Traits() wallet.Traits { return p.next.Traits() } // makes no call

func (p *downstream) Issue(ctx context.Context, batch []wallet.Item) ([]wallet.ItemResult, error) {
	call := rewards(PortDownstream, "Issue", batch)
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return nil, stopped(err, func() { _, _ = p.next.Issue(ctx, batch) })
	}
	defer p.hook.Release()
	answers, err := p.next.Issue(ctx, batch)
	return answers, p.hook.After(ctx, call, n, Answer{Err: err, Answers: answers})
}

func (p *downstream) Query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return get1(ctx, &p.port, Call{Port: PortDownstream, Method: "Query", Order: i.No}, wallet.Downstream.Query, i)
}

func (p *downstream) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return get1(ctx, &p.port, Call{Port: PortDownstream, Method: "Use", Order: i.No, Writes: 1}, wallet.Downstream.Use, i)
}

func (p *downstream) Refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return get1(ctx, &p.port, Call{Port: PortDownstream, Method: "Refund", Order: i.No, Writes: 1}, wallet.Downstream.Refund, i)
}

// Stocks puts h around the calls of next.
func Stocks(next wallet.Stocks, h Hook) wallet.Stocks { return &stocks{port[wallet.Stocks]{next, h}} }

func (p *stocks) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	return do3(ctx, &p.port, Call{Port: PortStocks, Method: "Take", Order: no, Writes: 1}, wallet.Stocks.Take, no, t, total)
}

func (p *stocks) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	return get2(ctx, &p.port, Call{Port: PortStocks, Method: "Decline", Order: no, Writes: 1}, wallet.Stocks.Decline, no, t)
}

func (p *stocks) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return do2(ctx, &p.port, Call{Port: PortStocks, Method: "GiveBack", Order: no, Writes: 1}, wallet.Stocks.GiveBack, no, t)
}

func (p *stocks) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	return get1(ctx, &p.port, Call{Port: PortStocks, Method: "Issued", Background: true}, wallet.Stocks.Issued, t)
}

// StockParts puts h around the calls of next.
func StockParts(next wallet.StockParts, h Hook) wallet.StockParts {
	return &stockParts{port[wallet.StockParts]{next, h}}
}

func (p *stockParts) Take(ctx context.Context, k wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (wallet.StockAnswer, error) {
	return get4(ctx, &p.port, Call{Port: PortStockParts, Method: "Take", Order: no, Writes: 1}, wallet.StockParts.Take, k, no, limit, last)
}

func (p *stockParts) GiveBack(ctx context.Context, k wallet.StockKey, no wallet.OrderNo) error {
	return do2(ctx, &p.port, Call{Port: PortStockParts, Method: "GiveBack", Order: no, Writes: 1}, wallet.StockParts.GiveBack, k, no)
}

func (p *stockParts) MoveOut(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (int64, error) {
	return get4(ctx, &p.port, Call{Port: PortStockParts, Method: "MoveOut", Writes: 1}, wallet.StockParts.MoveOut, from, to, limit, want)
}

func (p *stockParts) MoveIn(ctx context.Context, to wallet.StockKey, from int, moved int64) (int64, error) {
	return get3(ctx, &p.port, Call{Port: PortStockParts, Method: "MoveIn", Writes: 1}, wallet.StockParts.MoveIn, to, from, moved)
}

func (p *stockParts) Issued(ctx context.Context, k wallet.StockKey) (int64, error) {
	return get1(ctx, &p.port, Call{Port: PortStockParts, Method: "Issued"}, wallet.StockParts.Issued, k)
}

// Permits puts h around the calls of next.
func Permits(next wallet.Permits, h Hook) wallet.Permits {
	return &permits{port[wallet.Permits]{next, h}}
}

func (p *permits) Take(ctx context.Context, name string, window, want, limit int64) (took, left int64, err error) {
	return pair4(ctx, &p.port, Call{Port: PortPermits, Method: "Take", Writes: 1}, wallet.Permits.Take, name, window, want, limit)
}

// Totals puts h around the calls of next.
func Totals(next CentralTotals, h Hook) CentralTotals { return &totals{port[CentralTotals]{next, h}} }

func (p *totals) Report(ctx context.Context, s wallet.Stage, writer string, sum wallet.Money) error {
	return do3(ctx, &p.port, Call{Port: PortTotals, Method: "Report", Writes: 1}, CentralTotals.Report, s, writer, sum)
}

func (p *totals) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return get1(ctx, &p.port, Call{Port: PortTotals, Method: "Total"}, CentralTotals.Total, s)
}

func (p *totals) Sums(ctx context.Context, s wallet.Stage, yield func(string, wallet.Money) bool) error {
	return do2(ctx, &p.port, Call{Port: PortTotals, Method: "Sums"}, CentralTotals.Sums, s, yield)
}

// packet describes a call about one packet.
func packet(method string, no wallet.PacketNo, writes int64) Call {
	return Call{Port: PortPackets, Method: method, Account: no.Account, Request: no.Request, Writes: writes}
}

// rewards describes a call about a batch of rewards.
func rewards(p Port, method string, batch []wallet.Item) Call {
	c := Call{Port: p, Method: method, Items: batch, Writes: int64(len(batch))}
	if len(batch) > 0 {
		c.Order = batch[0].No
	}
	return c
}
