package cluster

import (
	"context"
	"slices"
	"time"

	"hongbao/reference/runningtotal"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
	"hongbao/sim/drills"
	"hongbao/sim/world"
)

// probe counts, for a drill, what reaches the stores and what people are answered. A nil probe counts nothing, and puts
// nothing before a store.
type probe struct {
	world    *world.World
	measured *drills.Measured
}

func (p *probe) phase() drills.Phase { return p.measured.At(time.Unix(0, p.world.Now())) }

// count notes that something happened now.
func (p *probe) count(what string) {
	if p != nil {
		p.measured.Count(p.phase(), what, 1)
	}
}

// The stores with a probe before them. Only what a promise is about is counted.
type (
	probedTokens struct {
		wallet.Tokens
		*probe
	}
	probedBacklog struct {
		wallet.Backlog
		*probe
	}
	probedOrders struct {
		orderStore
		*probe
	}
	probedLedger struct {
		wallet.Ledger
		*probe
	}
	probedWithdrawals struct {
		wallet.Withdrawals
		*probe
	}
	probedBank struct {
		wallet.Bank
		*probe
	}
	probedPackets struct {
		wallet.Packets
		*probe
	}
	probedItems struct {
		wallet.Items
		*probe
	}
	probedDownstream struct {
		wallet.Downstream
		*probe
	}
	probedStocks struct {
		wallet.Stocks
		*probe
	}
	probedTotals struct {
		runningtotal.Central
		*probe
		name string
	}
	probedPages struct {
		service
		*probe
	}
)

// orderStore is what a store of orders is to the town.
type orderStore interface {
	wallet.Orders
	wallet.OpenOrders
}

// service is an instance as people know it.
type service interface {
	wallet.Service
	wallet.Rewards
	wallet.PacketService
}

func (p *probe) tokens(s wallet.Tokens) wallet.Tokens {
	if p == nil {
		return s
	}
	return probedTokens{s, p}
}

func (p *probe) backlog(s wallet.Backlog) wallet.Backlog {
	if p == nil {
		return s
	}
	return probedBacklog{s, p}
}

func (p *probe) orders(s orderStore) orderStore {
	if p == nil {
		return s
	}
	return probedOrders{s, p}
}

func (p *probe) ledger(s wallet.Ledger) wallet.Ledger {
	if p == nil {
		return s
	}
	return probedLedger{s, p}
}

func (p *probe) withdrawals(s wallet.Withdrawals) wallet.Withdrawals {
	if p == nil {
		return s
	}
	return probedWithdrawals{s, p}
}

func (p *probe) bank(s wallet.Bank) wallet.Bank {
	if p == nil {
		return s
	}
	return probedBank{s, p}
}

func (p *probe) packets(s wallet.Packets) wallet.Packets {
	if p == nil {
		return s
	}
	return probedPackets{s, p}
}

func (p *probe) items(s wallet.Items) wallet.Items {
	if p == nil {
		return s
	}
	return probedItems{s, p}
}

func (p *probe) downstream(d wallet.Downstream) wallet.Downstream {
	if p == nil {
		return d
	}
	return probedDownstream{d, p}
}

func (p *probe) stocks(s wallet.Stocks) wallet.Stocks {
	if p == nil {
		return s
	}
	return probedStocks{s, p}
}

func (p *probe) Pages(s service) service {
	if p == nil {
		return s
	}
	return probedPages{s, p}
}

// Issue implements wallet.Tokens.
func (s probedTokens) Issue(ctx context.Context, t wallet.Token) error {
	s.count(drills.TokensIssue)
	return s.Tokens.Issue(ctx, t)
}

// Push implements wallet.Backlog.
func (s probedBacklog) Push(ctx context.Context, cs []wallet.Credit) error {
	s.count(drills.BacklogPush)
	return s.Backlog.Push(ctx, cs)
}

// Take implements wallet.Backlog. An empty one is nothing taken.
func (s probedBacklog) Take(ctx context.Context, shard, limit int) ([]wallet.Held, error) {
	held, err := s.Backlog.Take(ctx, shard, limit)
	if len(held) > 0 {
		s.count(drills.BacklogTake)
	}
	return held, err
}

// Create implements wallet.Orders.
func (s probedOrders) Create(ctx context.Context, o wallet.Order) (wallet.Order, bool, error) {
	on, created, err := s.orderStore.Create(ctx, o)
	if created {
		s.count(drills.OrdersCreate)
	}
	return on, created, err
}

// Open implements wallet.OpenOrders.
func (s probedOrders) Open(ctx context.Context, before wallet.Instant, from wallet.OpenPlace, limit int) ([]wallet.Order, wallet.OpenPlace, error) {
	s.count(drills.OrdersOpen)
	return s.orderStore.Open(ctx, before, from, limit)
}

// Post implements wallet.Ledger.
func (s probedLedger) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.Posted, error) {
	s.count(drills.LedgerPost)
	return s.Ledger.Post(ctx, batch)
}

// Create implements wallet.Withdrawals.
func (s probedWithdrawals) Create(ctx context.Context, w wallet.Withdrawal) (wallet.Withdrawal, bool, error) {
	on, created, err := s.Withdrawals.Create(ctx, w)
	if created {
		s.count(drills.WithdrawCreate)
	}
	return on, created, err
}

// Pay implements wallet.Bank.
func (s probedBank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	s.count(drills.BankPay)
	return s.Bank.Pay(ctx, no, amount)
}

// Create implements wallet.Packets.
func (s probedPackets) Create(ctx context.Context, p wallet.Packet) (wallet.Packet, bool, error) {
	on, created, err := s.Packets.Create(ctx, p)
	if created {
		s.count(drills.PacketsCreate)
	}
	return on, created, err
}

// Advance implements wallet.Items.
func (s probedItems) Advance(ctx context.Context, items []wallet.Item) ([]wallet.Item, error) {
	for _, i := range items {
		switch i.State {
		case wallet.ItemIssued:
			s.count(drills.ItemsIssued)
		case wallet.ItemVoid:
			s.count(drills.ItemsVoid)
		}
	}
	return s.Items.Advance(ctx, items)
}

// Issue implements wallet.Downstream.
func (s probedDownstream) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemAnswer, error) {
	answers, err := s.Downstream.Issue(ctx, items)
	if err == nil && slices.ContainsFunc(answers, func(a wallet.ItemAnswer) bool { return a.Err == nil }) {
		s.count(drills.DownIssue)
	}
	return answers, err
}

// Use implements wallet.Downstream.
func (s probedDownstream) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := s.Downstream.Use(ctx, i)
	if err == nil {
		s.count(drills.DownUse)
	}
	return r, err
}

// Take implements wallet.Stocks.
func (s probedStocks) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	s.count(drills.StockTake)
	return s.Stocks.Take(ctx, no, t, total)
}

// Issued implements wallet.Stocks: a reading that was answered.
func (s probedStocks) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	n, err := s.Stocks.Issued(ctx, t)
	if err == nil {
		s.count(drills.StockRead)
	}
	return n, err
}

// Total implements wallet.Totals.
func (s probedTotals) Total(ctx context.Context, st wallet.Stage) (wallet.Money, error) {
	sum, err := s.Central.Total(ctx, st)
	if err == nil {
		s.count(s.name)
	}
	return sum, err
}

// pageSources are the sources of a wallet page.
var pageSources = []string{walletpage.SourceTokens, walletpage.SourceLedger, walletpage.SourceWithdrawals, walletpage.SourcePackets, walletpage.SourceRewards}

// Page implements wallet.Service: what the page has and lacks, and which tokens of the client were believed.
func (s probedPages) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	page, err := s.service.Page(ctx, r)
	if err != nil {
		return page, err
	}
	if r.After == (wallet.Cursor{}) { // later pages have lines alone
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
		at := slices.IndexFunc(page.Refused, func(f wallet.TokenFault) bool { return f.Index == i })
		switch {
		case at < 0:
			s.count(drills.Believed)
		case wallet.ReasonOf(page.Refused[at].Err) == wallet.ErrTokenDistrust.Reason:
			s.count(drills.Distrusted)
		}
	}
	return page, nil
}
