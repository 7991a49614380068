package walletpage_test

import (
	"context"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/identity"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
)

// down maps the failing ports to their errors.
type down map[string]error

type brokenLedger struct {
	wallet.Ledger
	down
}

func (l brokenLedger) View(ctx context.Context, q wallet.ViewQuery) (wallet.View, error) {
	if err := l.down["ledger"]; err != nil {
		return wallet.View{}, err
	}
	return l.Ledger.View(ctx, q)
}

type brokenTokens struct {
	wallet.Tokens
	down
}

func (k brokenTokens) List(ctx context.Context, id wallet.ActID, s wallet.Stage) ([]wallet.Token, error) {
	if err := k.down["tokens"]; err != nil {
		return nil, err
	}
	return k.Tokens.List(ctx, id, s)
}

type brokenWithdrawals struct {
	wallet.Withdrawals
	down
}

func (w brokenWithdrawals) Of(ctx context.Context, id wallet.ActID, s wallet.Stage, limit int) ([]wallet.Withdrawal, error) {
	if err := w.down["withdrawals"]; err != nil {
		return nil, err
	}
	return w.Withdrawals.Of(ctx, id, s, limit)
}

type brokenPackets struct {
	wallet.Packets
	down
}

func (p brokenPackets) For(ctx context.Context, as []wallet.Account, ids []wallet.ActID, s wallet.Stage, limit int) ([]wallet.Packet, error) {
	if err := p.down["packets"]; err != nil {
		return nil, err
	}
	return p.Packets.For(ctx, as, ids, s, limit)
}

type brokenItems struct {
	wallet.Items
	down
}

func (i brokenItems) Of(ctx context.Context, ids []wallet.ActID, s wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	if err := i.down["rewards"]; err != nil {
		return nil, err
	}
	return i.Items.Of(ctx, ids, s, after, limit)
}

// plain is a placeholder sealer; it is never called.
type plain struct{ wallet.Sealer }

// fixture is a reader over stores in memory. down makes ports fail, off turns sources off.
type fixture struct {
	*walletpage.Reader
	clock       *storetest.Clock
	ledger      *mem.Ledger
	packets     *mem.Packets
	items       *mem.Items
	withdrawals *mem.Withdrawals
	people      *identity.Service
	tokens      *mem.Tokens
	down        down
	off         map[wallet.Switch]bool
	me          wallet.Person
	rains       int32
}

var caller = wallet.Caller{App: wallet.Douyin, User: 7}

func newFixture(t require.TestingT) *fixture {
	h := &fixture{clock: storetest.NewClock(), packets: mem.NewPackets(), items: mem.NewItems(), withdrawals: mem.NewWithdrawals(), down: down{}, off: map[wallet.Switch]bool{}}
	h.ledger = mem.NewLedger(h.clock, 1)
	h.tokens = mem.NewTokens(mem.NewBacklog(h.clock, 1, storetest.Lease))
	h.people = identity.New(mem.NewIdentities(), h.clock)
	index, err := activity.New(wallet.Activity{Parent: "spring", Children: []wallet.Child{{ID: "festival", Stage: wallet.Official, From: 0, To: wallet.Never,
		Budget: 1000, SingleCap: 1000, Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{{ID: "rain"}}}}}}}}})
	require.NoError(t, err)
	h.Reader = &walletpage.Reader{People: h.people, Index: index, Ledger: brokenLedger{h.ledger, h.down}, Withdrawals: brokenWithdrawals{h.withdrawals, h.down},
		Packets: brokenPackets{h.packets, h.down}, Items: brokenItems{h.items, h.down}, Clock: h.clock,
		Tokens:   &walletpage.TokenCollector{Tokens: brokenTokens{h.tokens, h.down}, Sealer: plain{}, Clock: h.clock},
		Switched: func(s wallet.Switch) bool { return h.off[s] }}
	h.me, err = h.people.Resolve(context.Background(), wallet.AccountOf(caller.App, caller.User))
	require.NoError(t, err)
	return h
}

func (h *fixture) page(t require.TestingT, after wallet.Cursor, limit int) wallet.Page {
	p, err := h.Page(context.Background(), wallet.PageRequest{Caller: caller, After: after, Limit: limit})
	require.NoError(t, err)
	return p
}

// number returns the number of a new win of the person.
func (h *fixture) number() wallet.OrderNo {
	h.rains++
	return wallet.OrderNo{ActID: h.me.ActID, Scene: "rain", Rain: h.rains, Award: wallet.Cash, Stage: wallet.Official}
}

func (h *fixture) post(t require.TestingT, fen wallet.Money, opened wallet.Instant) {
	_, err := h.ledger.Post(context.Background(), []wallet.Credit{{Order: h.number(), Amount: fen, Opened: opened}})
	require.NoError(t, err)
}

func (h *fixture) promise(t require.TestingT, fen wallet.Money, opened wallet.Instant) {
	require.NoError(t, h.tokens.Issue(context.Background(), wallet.Token{App: wallet.Douyin, Order: h.number(), Amount: fen, Opened: opened, Status: wallet.TokenIssued}))
}

// packet records a packet from an account to others, 5 fen each, sent at an instant from the wallet owner.
func (h *fixture) packet(t require.TestingT, from wallet.Account, owner wallet.ActID, at wallet.Instant, to ...wallet.Account) wallet.PacketNo {
	p := wallet.Packet{No: wallet.PacketNo{Account: from, Request: int64(at)}, Owner: owner, Stage: wallet.Official, Wallets: []wallet.ActID{owner},
		Created: at, State: wallet.PacketAsked}
	for _, a := range to {
		who, err := h.people.Resolve(context.Background(), a)
		require.NoError(t, err)
		p.Shares, p.Amount = append(p.Shares, wallet.Share{For: a, Wallet: who.ActID, Amount: 5}), p.Amount+5
	}
	_, _, err := h.packets.Create(context.Background(), p)
	require.NoError(t, err)
	require.NoError(t, h.packets.Advance(context.Background(), p.No, wallet.PacketSent))
	return p.No
}

// item records a coupon of the person.
func (h *fixture) item(t require.TestingT, opened wallet.Instant) {
	no := h.number()
	no.Award = wallet.HeyteaCoupon
	i := wallet.Item{No: no, Asked: "tea", Account: wallet.AccountOf(caller.App, caller.User), Opened: opened, State: wallet.ItemIssued, Award: no.Award, Reward: "tea", Expires: wallet.Never}
	_, _, err := h.items.Create(context.Background(), i)
	require.NoError(t, err)
}

// fill gives the person an entry in every source.
func (h *fixture) fill(t require.TestingT) {
	me := wallet.AccountOf(caller.App, caller.User)
	h.post(t, 100, 1)
	h.promise(t, 30, 2)
	h.packet(t, me, h.me.ActID, 5, wallet.Account{Family: wallet.ToutiaoFamily, User: 9})
	h.packet(t, wallet.Account{Family: wallet.ToutiaoFamily, User: 9}, 77, 6, me)
	w := wallet.Withdrawal{No: wallet.WithdrawalNo{Account: me, Request: 1}, Owner: h.me.ActID, Stage: wallet.Official, Amount: 1, Wallets: h.me.Wallets(), State: wallet.WithdrawalAsked}
	_, _, err := h.withdrawals.Create(context.Background(), w)
	require.NoError(t, err)
	h.item(t, 1)
}

// fakePresence returns presence, or fails.
type fakePresence struct {
	presence wallet.ListPresence
	err      error
}

func (k fakePresence) Presence(context.Context, wallet.Account, []wallet.ActID, wallet.Stage) (wallet.ListPresence, error) {
	return k.presence, k.err
}
