package fault

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/intercept"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// winNo, winner and friend are the order and the accounts of these calls.
var (
	winNo  = wallet.OrderNo{ActID: 1, Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
	winner = wallet.AccountOf(wallet.Douyin, 1)
	friend = wallet.AccountOf(wallet.Douyin, 2)
)

// calls returns one call of every method of every port, each through the link, over empty stores.
func calls(ctx context.Context, l Link) map[string]func() error {
	all := map[string]func() error{}
	for _, some := range []map[string]func() error{grantCalls(ctx, l), moneyCalls(ctx, l), rewardCalls(ctx, l), packetCalls(ctx, l)} {
		maps.Copy(all, some)
	}
	return all
}

// grantCalls returns the calls of people, orders, budgets, tokens and held postings.
func grantCalls(ctx context.Context, l Link) map[string]func() error {
	orders, backlog := mem.NewOrders(), mem.NewBacklog(l.instance, 1, time.Second)
	token := wallet.Token{App: wallet.Douyin, Activity: "spring", Order: winNo, Amount: 5}
	gates := NewGates(l.world, 1)
	var (
		identities = intercept.Identities(mem.NewIdentities(), l)
		records    = intercept.Orders(orders, l)
		open       = intercept.OpenOrders(orders, l)
		budgets    = intercept.Budgets(mem.NewBudgets(), l)
		tokens     = Tokens(mem.NewTokens(backlog), l, gates)
		held       = Backlog(backlog, l, gates)
	)
	return map[string]func() error{
		"Identities.Person": func() error { _, err := identities.Person(ctx, winner); return err },
		"Identities.Row":    func() error { _, _, err := identities.Row(ctx, winner, 138); return err },
		"Identities.Apply":  func() error { _, err := identities.Apply(ctx, wallet.IdentityChange{Account: winner}); return err },
		"Orders.Create":     func() error { _, _, err := records.Create(ctx, wallet.Order{No: winNo, Amount: 5}); return err },
		"Orders.Get":        func() error { _, err := records.Get(ctx, []wallet.OrderNo{winNo}); return err },
		"Orders.Finish":     func() error { return records.Finish(ctx, []wallet.OrderNo{winNo}, wallet.OrderSettled) },
		"Orders.Of":         func() error { _, err := records.Of(ctx, 1, wallet.Official); return err },
		"Orders.Open":       func() error { _, _, err := open.Open(ctx, wallet.Never, 0, 1); return err },
		"Orders.OpenCount":  func() error { _, err := open.OpenCount(ctx); return err },
		"Budgets.Reserve":   func() error { return budgets.Reserve(ctx, winNo, 5, 10) },
		"Budgets.Spent":     func() error { _, err := budgets.Spent(ctx, wallet.Official); return err },
		"Tokens.Issue": func() error {
			return tokens.Issue(ctx, token)
		},
		"Tokens.List":   func() error { _, err := tokens.List(ctx, 1, wallet.Official); return err },
		"Tokens.Mark":   func() error { return tokens.Mark(ctx, []wallet.OrderNo{winNo}, wallet.TokenSuccess) },
		"Backlog.Push":  func() error { return held.Push(ctx, []wallet.Credit{{Order: winNo, Amount: 5}}) },
		"Backlog.Ack":   func() error { return held.Ack(ctx, 0, []uint64{1}) },
		"Backlog.Depth": func() error { _, err := held.Depth(ctx); return err },
	}
}

// moneyCalls returns the calls of the ledger, withdrawals, the bank and the daily limit.
func moneyCalls(ctx context.Context, l Link) map[string]func() error {
	request := wallet.WithdrawalNo{Account: winner, Request: 1}
	nobodys := wallet.WithdrawalNo{Account: winner, Request: 404}
	hold := wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: 1}
	mine := wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}
	transfer := wallet.Transfer{No: wallet.TransferNo{Withdrawal: request, Step: wallet.TransferHold},
		Legs: []wallet.Leg{{Account: hold, Amount: 9}}, Pool: []wallet.AccountNo{mine}, Take: 9}
	asked := wallet.Withdrawal{No: request, Owner: 1, Stage: wallet.Official, Amount: 5, State: wallet.WithdrawalAsked}
	view := wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 1}
	var (
		ledger      = intercept.Ledger(mem.NewLedger(l.instance, 1), l)
		withdrawals = intercept.Withdrawals(mem.NewWithdrawals(), l)
		bank        = intercept.Bank(mem.NewBank(), l)
		days        = intercept.Days(mem.NewWithdrawalDays(), l)
	)
	return map[string]func() error{
		"Ledger.Post": func() error { _, err := ledger.Post(ctx, []wallet.Credit{{Order: winNo, Amount: 5}}); return err },
		"Ledger.Transfer": func() error {
			return ledger.Transfer(ctx, transfer)
		},
		"Ledger.View": func() error {
			_, err := ledger.View(ctx, view)
			return err
		},
		"Withdrawals.Create": func() error {
			_, _, err := withdrawals.Create(ctx, asked)
			return err
		},
		"Withdrawals.Advance": func() error {
			return withdrawals.Advance(ctx, nobodys, wallet.WithdrawalHeld)
		},
		"Withdrawals.Get": func() error {
			_, err := withdrawals.Get(ctx, nobodys)
			return err
		},
		"Withdrawals.Of":         func() error { _, err := withdrawals.Of(ctx, 1, wallet.Official, 1); return err },
		"Withdrawals.Unfinished": func() error { _, _, err := withdrawals.Unfinished(ctx, wallet.Never, 0, 1); return err },
		"Bank.Pay":               func() error { return bank.Pay(ctx, request, 5) },
		"Days.Take":              func() error { return days.Take(ctx, asked, wallet.DayLimit{Times: 1}) },
		"Days.GiveBack":          func() error { return days.GiveBack(ctx, wallet.Withdrawal{No: nobodys, Amount: 5}) },
	}
}

// rewardCalls returns the calls of coupons and of their stock.
func rewardCalls(ctx context.Context, l Link) map[string]func() error {
	item := wallet.Item{No: wallet.OrderNo{ActID: 1, Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: wallet.Official}, Asked: "tea",
		Account: winner, Opened: 1, Created: 1, Changed: 1, Expires: wallet.Never}
	key := wallet.StockKey{Template: wallet.Template{Reward: "tea", Stage: wallet.Official}}
	items, stock := intercept.Items(mem.NewItems(), l), intercept.StockParts(mem.NewStock(), l)
	return map[string]func() error{
		"Items.Create":  func() error { _, _, err := items.Create(ctx, item); return err },
		"Items.Get":     func() error { _, err := items.Get(ctx, []wallet.OrderNo{item.No}); return err },
		"Items.Advance": func() error { _, err := items.Advance(ctx, []wallet.Item{item}); return err },
		"Items.Of": func() error {
			_, err := items.Of(ctx, []wallet.ActID{1}, wallet.Official, wallet.Cursor{}, 1)
			return err
		},
		"Items.Unsettled": func() error { _, _, err := items.Due(ctx, wallet.ItemOpen, 1, 0, 1); return err },
		"Items.Count":     func() error { _, err := items.Count(ctx, wallet.Official); return err },

		"StockParts.Take":     func() error { _, err := stock.Take(ctx, key, item.No, 5, true); return err },
		"StockParts.GiveBack": func() error { return stock.GiveBack(ctx, key, item.No) },
		"StockParts.Lend":     func() error { _, err := stock.MoveOut(ctx, key, 1, 5, 1); return err },
		"StockParts.Borrow":   func() error { _, err := stock.MoveIn(ctx, key, 1, 1); return err },
		"StockParts.Issued":   func() error { _, err := stock.Issued(ctx, key); return err },
	}
}

// packetCalls returns the calls of packets.
func packetCalls(ctx context.Context, l Link) map[string]func() error {
	packet := wallet.Packet{No: wallet.PacketNo{Account: winner, Request: 1}, Owner: 1, Stage: wallet.Official, Amount: 5, Wallets: []wallet.ActID{1},
		Shares: []wallet.Share{{For: friend, Wallet: 2, Amount: 5}}, Created: 1, State: wallet.PacketAsked}
	nobodysPacket := wallet.PacketNo{Account: winner, Request: 404}
	packets := intercept.Packets(mem.NewPackets(), l)
	return map[string]func() error{
		"Packets.Create":  func() error { _, _, err := packets.Create(ctx, packet); return err },
		"Packets.Get":     func() error { _, err := packets.Get(ctx, nobodysPacket); return err },
		"Packets.Advance": func() error { return packets.Advance(ctx, nobodysPacket, wallet.PacketSent) },
		"Packets.Mark": func() error {
			_, err := packets.Mark(ctx, nobodysPacket, winner, wallet.ShareOpening, 1, 1)
			return err
		},
		"Packets.SentBy": func() error { _, err := packets.SentBy(ctx, []wallet.ActID{1}, wallet.Official, 1); return err },
		"Packets.For": func() error {
			_, err := packets.For(ctx, []wallet.Account{winner}, nil, wallet.Official, 1)
			return err
		},
		"Packets.Unfinished": func() error { _, _, err := packets.Unfinished(ctx, wallet.Never, wallet.Never, 0, 1); return err },
	}
}

// answers are the errors of the stores themselves where they are not nil, so that a wrapper which drops one is noticed.
func answers() map[string]error {
	return map[string]error{"Ledger.Transfer": wallet.ErrInsufficient, "Withdrawals.Advance": wallet.ErrNotFound, "Withdrawals.Get": wallet.ErrNotFound,
		"Packets.Get": wallet.ErrNotFound, "Packets.Advance": wallet.ErrNotFound, "Packets.Mark": wallet.ErrNotFound}
}

// TestEveryCallGoesThroughItsLink: while the dependency is down every method fails, and otherwise each returns the store's
// answer, after the latency.
func TestEveryCallGoesThroughItsLink(t *testing.T) {
	down := scenarios.Fault{Kind: scenarios.FaultDown, Dependency: "ledger", From: eve}
	for _, faults := range [][]scenarios.Fault{{down}, nil} {
		live(t, func(w *world.World) {
			link, i := newLedger(w, nil, faults...)
			all := calls(t.Context(), link)
			for _, name := range slices.Sorted(maps.Keys(all)) { // Identities.Apply comes before Person
				call := all[name]
				before := w.Now()
				err := i.Run(call)
				require.Equal(t, 10*time.Millisecond, time.Duration(w.Now()-before), name)
				switch want := answers()[name]; {
				case faults != nil:
					require.ErrorIs(t, err, wallet.ErrUnavailable, name)
				case want != nil:
					require.ErrorIs(t, err, want, name)
				default:
					require.NoError(t, err, name)
				}
			}
			require.EqualValues(t, len(all), link.Stats().Calls)
		})
	}
}

// TestWritesCostCapacityByTheirSize: a batch weighs as many units as it has credits, a transfer one, a read none.
func TestWritesCostCapacityByTheirSize(t *testing.T) {
	live(t, func(w *world.World) {
		q := NewQueue(scenarios.Ratio{Num: 1, Den: 1}, time.Hour)
		link, i := newLedger(w, q)
		ledger := intercept.Ledger(mem.NewLedger(i, 1), link)
		took := func(fn func() error) time.Duration {
			before := w.Now()
			require.NoError(t, i.Run(fn))
			return time.Duration(w.Now() - before)
		}
		batch := make([]wallet.Credit, 3)
		for n := range batch {
			batch[n] = wallet.Credit{Order: wallet.OrderNo{ActID: 1, Scene: "rain", Rain: int32(n), Award: wallet.Cash, Stage: wallet.Official}, Amount: 5}
		}
		const latency = 10 * time.Millisecond
		require.Equal(t, 3*time.Second+latency, took(func() error { _, err := ledger.Post(t.Context(), batch); return err }))
		require.Equal(t, latency, took(func() error {
			_, err := ledger.View(t.Context(), wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 1})
			return err
		}))
		require.Equal(t, time.Second+latency, took(func() error {
			return ledger.Transfer(t.Context(), wallet.Transfer{
				No:   wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.AccountOf(wallet.Douyin, 1), Request: 1}, Step: wallet.TransferHold},
				Legs: []wallet.Leg{{Account: wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: 1}, Amount: 9}},
				Pool: []wallet.AccountNo{{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}}, Take: 9,
			})
		}))
	})
}
