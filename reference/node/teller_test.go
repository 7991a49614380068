package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/node"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// eve is when stories begin: 20:00 of New Year's Eve 2022 in Shanghai, an hour into the official stage.
const eve wallet.Instant = 1_643_630_400_000_000

// hand is a clock that the story moves.
type hand struct{ now wallet.Instant }

// Now implements wallet.Clock.
func (h *hand) Now() wallet.Instant { return h.now }

// The stores' measures: few shards, so that stories post by a short loop, and a lease that a story can wait for.
const (
	shards = 2
	lease  = 10 * time.Second
)

// teller tells a story: one instance over stores in memory, every port through faults.
type teller struct {
	t      *testing.T
	ctx    context.Context
	faults *faults
	clock  *hand
	node   *node.Node
	sealer wallet.Sealer

	identities  *mem.Identities
	orders      *mem.Orders
	budgets     *mem.Budgets
	backlog     *mem.Backlog
	tokens      *mem.Tokens
	ledger      *mem.Ledger
	withdrawals *mem.Withdrawals
	days        *mem.WithdrawalDays
	bank        *mem.Bank
	packets     *mem.Packets

	switches *degrade.Set
	thrown   map[wallet.Switch]bool
	settings *wallet.Settings // nil: those that the instance was opened with

	forged []wallet.Entry    // entries that only the auditors see
	kept   map[string][]byte // the clients' tokens by name: t1, t2, …
	count  int               // of named tokens
	after  wallet.Cursor     // where the last page ended
	alarms []string          // not told yet
}

func newTeller(t *testing.T) *teller {
	s := &teller{t: t, ctx: t.Context(), faults: &faults{}, clock: &hand{eve}, kept: map[string][]byte{},
		identities: mem.NewIdentities(), orders: mem.NewOrders(), budgets: mem.NewBudgets(), withdrawals: mem.NewWithdrawals(), bank: mem.NewBank(), packets: mem.NewPackets(),
		days: mem.NewWithdrawalDays(), thrown: map[wallet.Switch]bool{}}
	s.switches = degrade.NewSet(s.clock)
	s.backlog = mem.NewBacklog(s.clock, shards, lease)
	s.tokens, s.ledger = mem.NewTokens(s.backlog), mem.NewLedger(s.clock, 1)
	keys, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	s.sealer, err = token.NewModelled(keys, token.DefaultPolicy())
	require.NoError(t, err)
	return s
}

// tree is the activity of all stories: three stages without a gap, and in each a scene with every capability, one
// with none, and one with a rate limit.
func tree(budget, limit wallet.Money) wallet.Activity {
	from := [...]wallet.Instant{eve.Add(-48 * time.Hour), eve.Add(-24 * time.Hour), eve.Add(-time.Hour), eve.Add(40 * 24 * time.Hour)}
	a := wallet.Activity{Parent: "spring"}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		a.Children = append(a.Children, wallet.Child{
			ID: wallet.ActivityID("spring-" + s.String()), Stage: s, From: from[s-1], To: from[s], Budget: budget, SingleCap: limit,
			Rewards: []wallet.RewardType{
				{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{
					{ID: "rain", BillText: "red-packet rain", Compensate: true, Reconcile: true},
					{ID: "plain"},
					{ID: "limited", RateLimit: 2},
				}}}},
				{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Scenes: []wallet.Scene{{ID: "tea"}}}}},
			},
		})
	}
	return a
}

// open makes the instance.
func (s *teller) open(a *args) string {
	strategy := a.text("strategy", "token")
	release := s.released(a)
	s.clock.now = s.clock.now.Add(a.span("after"))
	budget := a.money("budget", 1_000_000)
	orders := faultyOrders{s.faults, s.orders}
	var err error
	s.node, err = node.New(node.Config{
		Strategy: wallet.Strategy(strategy), Activity: tree(budget, a.money("cap", min(budget, 1_000))),
		Instances: int(a.int("instances", 1)), SyncLimit: float64(a.int("sync-limit", 0)), Batch: int(a.int("batch", 100)), Release: release,
	}, node.Ports{
		Clock: s.clock, Identities: faultyIdentities{s.faults, s.identities}, Orders: orders, OpenOrders: orders,
		Budgets: faultyBudgets{s.faults, s.budgets}, Tokens: faultyTokens{s.faults, s.tokens}, Backlog: faultyBacklog{s.faults, s.backlog},
		Ledger: faultyLedger{s.faults, s.ledger}, Withdrawals: faultyWithdrawals{s.faults, s.withdrawals},
		Days: faultyDays{s.faults, s.days}, Switched: s.switches.On, Settings: s.settled(release), Bank: faultyBank{s.faults, s.bank}, Packets: s.packets,
		Sealer: s.sealer, Alarm: func(k wallet.AlarmKind, detail string) { s.alarms = append(s.alarms, fmt.Sprintf("%s: %s", k, detail)) },
	})
	return said(err, "")
}

// tell obeys one command and returns what it says, line by line.
func (s *teller) tell(command string) string {
	a := parse(s.t, command)
	var out strings.Builder
	say := func(line string) {
		if line != "" {
			out.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	verb := a.next()
	do, ok := s.commands()[verb]
	require.True(s.t, ok, "no such command: %s", command)
	require.True(s.t, s.node != nil || verb == "open", "the story begins without: open")
	say(do(a))
	a.done()
	for _, alarm := range s.alarms {
		say("alarm " + alarm)
	}
	s.alarms = nil
	return out.String()
}

// commands are the language of stories.
func (s *teller) commands() map[string]func(*args) string {
	return map[string]func(*args) string{
		"open":       s.open,       // an instance: strategy, budget, cap, batch, release=num/den, white=wallets, instances, sync-limit, after
		"advance":    s.advance,    // the clock, by a duration
		"fault":      s.fault,      // TARGET KIND [times]: what the next calls meet
		"mend":       s.mend,       // forget all faults
		"flush":      s.flush,      // a store loses everything: tokens, backlog
		"distrust":   s.distrust,   // on, off (T7)
		"switch":     s.throw,      // NAME on, off (D3)
		"limit":      s.limit,      // fen, times: of a day's withdrawals (B7)
		"release":    s.release,    // share, white=wallets: who may withdraw from now on (B7)
		"grant":      s.grant,      // app, user, scene, rain, amount, award, parent, ago
		"page":       s.page,       // app, user, limit, tokens, at, next: go on where the last page ended, withdraw: T6
		"withdraw":   s.withdraw,   // app, user, request, amount, tokens, ago
		"bind":       s.bind,       // app, user, phone
		"tamper":     s.tamper,     // TOKEN: flip one bit of the client's copy
		"post":       s.post,       // all shards, until there is nothing to do or it fails
		"compensate": s.compensate, // one step
		"settle":     s.settle,     // one step of unfinished withdrawals
		"reconcile":  s.reconcile,  // and what it finds
		"books":      s.books,      // what every store holds
		"record":     s.record,     // order, amount, state: put an order on record by hand
		"credit":     s.credit,     // order, amount: post to the ledger by hand
		"token":      s.token,      // order, amount, status: put a token into the list by hand
		"forge":      s.forge,      // order, amount, owner, stage: an entry that the ledger never wrote
		"reserve":    s.reserve,    // order, amount: take from the budget by hand
		"pay":        s.pay,        // app, user, request, amount: pay out by hand
	}
}

func (s *teller) advance(a *args) string {
	d, err := time.ParseDuration(a.next())
	require.NoError(s.t, err, a.command)
	s.clock.now = s.clock.now.Add(d)
	return ""
}

func (s *teller) fault(a *args) string {
	p := planned{target: a.next(), kind: kind(a.next()), times: int(a.int("times", 1))}
	require.Contains(s.t, []kind{unavailable, overloaded, unknown, unknownApplied, declined}, p.kind, a.command)
	s.faults.list = append(s.faults.list, p)
	return ""
}

func (s *teller) mend(*args) string {
	s.faults.list = nil
	return ""
}

func (s *teller) flush(a *args) string {
	switch store := a.next(); store {
	case "tokens":
		s.tokens.Flush()
	case "backlog":
		s.backlog.Flush()
	default:
		require.Fail(s.t, "no such store", a.command)
	}
	return ""
}

func (s *teller) distrust(a *args) string {
	s.node.DistrustTokens(a.next() == "on")
	return ""
}
