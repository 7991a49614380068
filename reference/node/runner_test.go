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

// eve is the start of every story: 20:00 of New Year's Eve 2022 in Shanghai, an hour into the official stage.
const eve wallet.Instant = 1_643_630_400_000_000

// manualClock is a clock that the story moves.
type manualClock struct{ now wallet.Instant }

// Now implements wallet.Clock.
func (h *manualClock) Now() wallet.Instant { return h.now }

// Parameters of the stores: few shards, so that a short loop posts everything, and a lease that a story can wait for.
const (
	shards = 2
	lease  = 10 * time.Second
)

// storyRunner runs a story: one instance over stores in memory, with faults at every port.
type storyRunner struct {
	t      *testing.T
	ctx    context.Context
	faults *faults
	clock  *manualClock
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
	switched map[wallet.Switch]bool
	settings *wallet.Settings // nil: the settings of open

	forged []wallet.Entry    // forged entries that only reconciliation reads
	sealed map[string][]byte // the clients' tokens by name: t1, t2, …
	count  int               // number of named tokens
	after  wallet.Cursor     // where the last page ended
	alarms []string          // not printed yet
}

func newRunner(t *testing.T) *storyRunner {
	s := &storyRunner{t: t, ctx: t.Context(), faults: &faults{}, clock: &manualClock{eve}, sealed: map[string][]byte{},
		identities: mem.NewIdentities(), orders: mem.NewOrders(), budgets: mem.NewBudgets(), withdrawals: mem.NewWithdrawals(), bank: mem.NewBank(), packets: mem.NewPackets(),
		days: mem.NewWithdrawalDays(), switched: map[wallet.Switch]bool{}}
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
// without any, and one with a rate limit.
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

// open creates the instance.
func (s *storyRunner) open(a *args) string {
	strategy := a.text("strategy", "token")
	release := s.readRelease(a)
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
		Days: faultyDays{s.faults, s.days}, Switched: s.switches.On, Settings: s.currentSettings(release), Bank: faultyBank{s.faults, s.bank}, Packets: s.packets,
		Sealer: s.sealer, Alarm: func(k wallet.AlarmKind, detail string) { s.alarms = append(s.alarms, fmt.Sprintf("%s: %s", k, detail)) },
	})
	return result(err, "")
}

// run runs one command and returns its output.
func (s *storyRunner) run(command string) string {
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
	require.True(s.t, s.node != nil || verb == "open", "the story must begin with: open")
	say(do(a))
	a.done()
	for _, alarm := range s.alarms {
		say("alarm " + alarm)
	}
	s.alarms = nil
	return out.String()
}

// commands returns the commands of stories.
func (s *storyRunner) commands() map[string]func(*args) string {
	return map[string]func(*args) string{
		"open":         s.open,        // an instance: strategy, budget, cap, batch, release=num/den, white=wallets, instances, sync-limit, after
		"advance":      s.advance,     // the clock, by a duration
		"fault":        s.fault,       // TARGET KIND [times]: plans a fault of the next calls
		"clear-faults": s.clearFaults, // drop all planned faults
		"flush":        s.flush,       // a store loses all data: tokens, backlog
		"distrust":     s.distrust,    // on, off (T7)
		"switch":       s.setSwitch,   // NAME on, off (D3)
		"limit":        s.limit,       // fen, times: the daily limit of withdrawals (B7)
		"release":      s.release,     // share, white=wallets: who may withdraw (B7)
		"grant":        s.grant,       // app, user, scene, rain, amount, award, parent, ago
		"page":         s.page,        // app, user, limit, tokens, at, next: continue where the last page ended, withdraw: T6
		"withdraw":     s.withdraw,    // app, user, request, amount, tokens, ago
		"bind":         s.bind,        // app, user, phone
		"tamper":       s.tamper,      // TOKEN: flip one bit of the client's copy
		"post":         s.post,        // all shards, until the backlog is empty or an error
		"compensate":   s.compensate,  // one step
		"settle":       s.settle,      // one step of unfinished withdrawals
		"reconcile":    s.reconcile,   // prints the differences
		"dump":         s.dump,        // the data of every store
		"record":       s.record,      // order, amount, state: record an order directly
		"credit":       s.credit,      // order, amount: post to the ledger directly
		"token":        s.token,       // order, amount, status: add a token to the list directly
		"forge":        s.forge,       // order, amount, owner, stage: an entry that the ledger never wrote
		"reserve":      s.reserve,     // order, amount: take from the budget directly
		"pay":          s.pay,         // app, user, request, amount: pay out directly
	}
}

func (s *storyRunner) advance(a *args) string {
	d, err := time.ParseDuration(a.next())
	require.NoError(s.t, err, a.command)
	s.clock.now = s.clock.now.Add(d)
	return ""
}

func (s *storyRunner) fault(a *args) string {
	p := planned{target: a.next(), kind: kind(a.next()), times: int(a.int("times", 1))}
	require.Contains(s.t, []kind{unavailable, overloaded, unknown, unknownApplied, declined}, p.kind, a.command)
	s.faults.list = append(s.faults.list, p)
	return ""
}

func (s *storyRunner) clearFaults(*args) string {
	s.faults.list = nil
	return ""
}

func (s *storyRunner) flush(a *args) string {
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

func (s *storyRunner) distrust(a *args) string {
	s.node.DistrustTokens(a.next() == "on")
	return ""
}
