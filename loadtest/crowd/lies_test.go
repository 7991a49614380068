package crowd

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/splitmix"
	"hongbao/reference/server"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// liar is a wallet with wrong behaviour or wrong answers.
type liar struct {
	wallet.Service
	grant    func(context.Context, wallet.Service, wallet.GrantRequest) (wallet.GrantReply, error)
	page     func(wallet.PageRequest, *wallet.Page)
	withdraw func(context.Context, wallet.Service, wallet.WithdrawRequest) (wallet.WithdrawReply, error)
}

func (l liar) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if l.grant != nil {
		return l.grant(ctx, l.Service, r)
	}
	return l.Service.Grant(ctx, r)
}

func (l liar) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	page, err := l.Service.Page(ctx, r)
	if err == nil && l.page != nil {
		l.page(r, &page)
	}
	return page, err
}

func (l liar) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if l.withdraw != nil {
		return l.withdraw(ctx, l.Service, r)
	}
	return l.Service.Withdraw(ctx, r)
}

// falseOperator is an operator of the shadow wallet that reports wrong figures.
type falseOperator struct {
	server.ShadowAdmin
	always    func(*server.Status)
	status    func(*server.Status)
	reconcile func(*server.Reconciliation)
	looked    atomic.Int64 // status requests; the first two come before the run
	asked     atomic.Int64 // reconciliations; the first comes before the run
}

func (f *falseOperator) Status(ctx context.Context) (server.Status, error) {
	s, err := f.ShadowAdmin.Status(ctx)
	if f.always != nil {
		f.always(&s)
	}
	if f.looked.Add(1) > 2 && f.status != nil {
		f.status(&s)
	}
	return s, err
}

func (f *falseOperator) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	r, err := f.ShadowAdmin.Reconcile(ctx)
	if f.asked.Add(1) > 1 && f.reconcile != nil {
		f.reconcile(&r)
	}
	return r, err
}

// some selects one user in eight, always the same ones.
func some(who wallet.Caller) bool { return splitmix.Mix(uint64(who.User))%8 == 0 }

// grantLie falsifies the answers to some grants.
func grantLie(spoil func(*wallet.GrantReply)) rig {
	return rig{service: func(s wallet.Service) wallet.Service {
		return liar{Service: s, grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
			reply, err := s.Grant(ctx, r)
			if err == nil && some(r.Caller) {
				spoil(&reply)
			}
			return reply, err
		}}
	}}
}

// pageLie shows a wrong page to some people.
func pageLie(spoil func(wallet.PageRequest, *wallet.Page)) rig {
	return rig{service: func(s wallet.Service) wallet.Service {
		return liar{Service: s, page: func(r wallet.PageRequest, p *wallet.Page) {
			if some(r.Caller) && len(p.Grants) > 0 {
				spoil(r, p)
			}
		}}
	}}
}

func operatorLie(f *falseOperator) rig {
	return rig{shadow: func(m server.ShadowAdmin) server.ShadowAdmin { f.ShadowAdmin = m; return f }}
}

// lie is a wrong behaviour of a wallet, and the check that must catch it.
type lie struct {
	why, check string
	rig        rig
}

// Each wrong behaviour of a wallet is caught by the check named in the case.
func TestLiesAreCaughtByName(t *testing.T) {
	for _, c := range slices.Concat(wrongGrants(), wrongPages(), wrongWithdrawals(), wrongOperators()) {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			run, a := c.rig.play(t)
			got := a.result(t, c.check)
			require.Equal(t, oracle.Fail, got.Result, "%+v", a.Checks)
			require.NotEmpty(t, got.First)
			require.NotContains(t, got.First+got.Worst, "%!")
			for _, k := range run.report.Kinds {
				require.Equal(t, k.Sent, k.OK+k.Refused+k.Failed+k.InFlight)
			}
		})
	}
}

// wrongGrants returns wrong answers to grants.
func wrongGrants() []lie {
	return []lie{
		{"a grant is acknowledged with another amount", "order-once", grantLie(func(r *wallet.GrantReply) { r.Amount++ })},
		{"a grant is acknowledged as another order", "order-once", grantLie(func(r *wallet.GrantReply) { r.Order.Rain++ })},
		{"a grant is acknowledged as an order of another person", "order-once", grantLie(func(r *wallet.GrantReply) { r.Order.ActID = 1 })},
		{"a grant above the cap is acknowledged", "no-over-issuance", rig{service: func(s wallet.Service) wallet.Service {
			return liar{Service: s, grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
				reply, err := s.Grant(ctx, r)
				if errors.Is(err, wallet.ErrOverCap) {
					return wallet.GrantReply{Order: wallet.OrderNo{ActID: 9_999, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: wallet.Official}, Amount: r.Amount, State: wallet.GrantAccepted}, nil
				}
				return reply, err
			}}
		}}},
		{"a grant is acknowledged but never made", "nothing-lost", rig{service: func(s wallet.Service) wallet.Service {
			last := atomic.Int64{}
			return liar{Service: s, grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
				if some(r.Caller) && r.Amount <= 8_800 {
					return wallet.GrantReply{Order: wallet.OrderNo{ActID: wallet.ActID(100_000 + last.Add(1)), Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: wallet.Official},
						Amount: r.Amount, State: wallet.GrantAccepted}, nil
				}
				return s.Grant(ctx, r)
			}}
		}}},
	}
}

// wrongPages returns wrong wallet pages.
func wrongPages() []lie {
	return []lie{
		{"a page lacks what was won", "user-view", pageLie(func(_ wallet.PageRequest, p *wallet.Page) {
			p.Income, p.Balance, p.Grants = p.Income-p.Grants[0].Amount, p.Balance-p.Grants[0].Amount, p.Grants[1:]
		})},
		{"a page shows a line twice", "order-once", pageLie(func(_ wallet.PageRequest, p *wallet.Page) { p.Grants = append(p.Grants, p.Grants[0]) })},
		{"a page shows another amount", "user-view", pageLie(func(_ wallet.PageRequest, p *wallet.Page) { p.Grants[0].Amount++ })},
		{"the sums count a grant twice", "user-view", pageLie(func(_ wallet.PageRequest, p *wallet.Page) { p.Income *= 2; p.Balance += p.Income / 2 })},
		{"a page shows another stage", "phase-isolation", pageLie(func(_ wallet.PageRequest, p *wallet.Page) { p.Stage = wallet.InternalTest })},
		{"a posted grant is shown as processing again", "state-machine", rig{patience: time.Second, service: func(s wallet.Service) wallet.Service {
			return liar{Service: s, page: func(r wallet.PageRequest, p *wallet.Page) {
				for i := range p.Grants {
					if p.Grants[i].Status == wallet.TokenSuccess && r.Limit == wallet.MaxPage {
						p.Grants[i].Status = wallet.TokenProcessing
					}
				}
			}}
		}}},
	}
}

// wrongWithdrawals returns wrong answers to withdrawals.
func wrongWithdrawals() []lie {
	return []lie{
		{"a withdrawal is acknowledged but not made", "withdraw-whole", rig{patience: time.Second, service: func(s wallet.Service) wallet.Service {
			return liar{Service: s, withdraw: func(_ context.Context, _ wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				return wallet.WithdrawReply{No: wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}, Amount: r.Amount, State: wallet.WithdrawalPaid}, nil
			}}
		}}},
		{"a withdrawal of due money is refused as insufficient", "withdraw-whole", rig{service: func(s wallet.Service) wallet.Service {
			return liar{Service: s, withdraw: func(context.Context, wallet.Service, wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				return wallet.WithdrawReply{}, wallet.ErrInsufficient
			}}
		}}},
	}
}

// wrongOperators returns wrong answers to the operator, and a wallet that posts nothing.
func wrongOperators() []lie {
	return []lie{
		{"the budget is charged for more than was granted", "budget-accuracy", operatorLie(&falseOperator{status: func(s *server.Status) { s.Budgets[0].Reserved++ }})},
		{"the budget is overdrawn", "no-over-issuance", operatorLie(&falseOperator{status: func(s *server.Status) { s.Budgets[0].Reserved = 2 * s.Budgets[0].Budget }})},
		{"more is granted than earlier loads left of the budget", "no-over-issuance", operatorLie(&falseOperator{always: func(s *server.Status) { s.Budgets[0].Reserved += s.Budgets[0].Budget - 10 }})},
		{"the ledger does not sum to zero", "zero-sum", operatorLie(&falseOperator{reconcile: func(r *server.Reconciliation) { r.Sum = 5 }})},
		{"reconciliation finds a difference", "reconciled", operatorLie(&falseOperator{reconcile: func(r *server.Reconciliation) {
			r.Count, r.Differences = 1, []wallet.Difference{{Kind: wallet.Missing, Sides: "orders/ledger"}}
		}})},
		{"reconciliation did not compare all orders", "reconciled", operatorLie(&falseOperator{reconcile: func(r *server.Reconciliation) { r.Orders = 3 }})},
		{"nothing is ever posted", "nothing-lost", rig{idle: true, patience: time.Second}},
	}
}

// An answer that violates a check makes the operation failed.
func TestLiesAreNotServed(t *testing.T) {
	t.Parallel()
	var lied sync.Map
	r := grantLie(func(r *wallet.GrantReply) { lied.Store(r.Order, true); r.Amount++ })
	run, _ := r.play(t)
	lies := int64(0)
	lied.Range(func(any, any) bool { lies++; return true })
	k := run.report.Kinds[Grant]
	require.NotZero(t, lies)
	require.Equal(t, lies, k.Failed)
	require.Equal(t, run.scenario.Grants(), k.OK+k.Failed)
	require.True(t, slices.ContainsFunc(run.Figures().Answers, func(a Answer) bool { return a.Operation == "grant" && a.Reason == "lie" && a.Count == lies }))
}

// edge falsifies the answers to one method.
func edge(method string, spoil func(w http.ResponseWriter, r *http.Request, next http.Handler)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/"+method) && r.Header.Get("Hongbao-Load-Test") == "1" {
				spoil(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Answers that are lost after the work was done are requested again, and the wallet has no violation. A person who never
// gets an answer has failed, and the money is looked for in the lists.
func TestLostAnswersAreNobodysFault(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	run, a := rig{stores: true, edge: edge("Grant", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if n.Add(1)%3 != 0 {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}), scenario: festival(t, quick)}.play(t)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Zero(t, run.report.Kinds[Grant].Refused)
	require.True(t, slices.ContainsFunc(run.Figures().Answers, func(a Answer) bool { return a.Operation == "grant" && a.Reason == "unknown_outcome" }))
}

// A wallet that does everything but never answers a grant: nothing succeeds, but all the money is found.
func TestUnansweredGrantsAreLookedFor(t *testing.T) {
	t.Parallel()
	late := atomic.Bool{}
	r := rig{edge: edge("Grant", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !late.Load() {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		w.Header().Set("Content-Type", "application/proto")
		_, _ = w.Write([]byte("\xff\xff rubbish"))
	}), scenario: festival(t, quick)}
	run := r.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	late.Store(true)
	run.attack(t)
	k := run.report.Kinds[Grant]
	require.Zero(t, k.OK, "an unreadable answer does not count")
	require.Equal(t, k.Sent, k.Failed)
	_, drained, err := run.Drain(t.Context(), 10*time.Second)
	require.NoError(t, err)
	require.True(t, drained)
	a, err := run.Audit(t.Context(), AuditOptions{})
	require.NoError(t, err)
	for _, c := range a.Checks {
		if c.Name != "nothing-lost" { // nothing was acknowledged: only the drain is judged
			require.NotEqual(t, oracle.Fail, c.Result, "%s: %s", c.Name, c.First)
		}
	}
	require.Zero(t, a.Sums.Acked)
	require.Equal(t, a.ShadowAfter.Reserved, a.Sums.Happened, "every grant is in its owner's list")
	require.Equal(t, oracle.Pass, a.result(t, "budget-accuracy").Result)
}

// Unreadable pages are failed requests, and unreadable lists are reported as unread.
func TestUnreadablePages(t *testing.T) {
	t.Parallel()
	late := atomic.Bool{}
	r := rig{edge: edge("WalletPage", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !late.Load() {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>It works!</html>"))
	}), scenario: festival(t, quick)}
	run := r.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	late.Store(true)
	run.attack(t)
	for _, kind := range []uint8{Page, Browse, Withdraw} {
		require.Zero(t, run.report.Kinds[kind].OK, kind)
		require.NotZero(t, run.report.Kinds[kind].Failed, kind)
	}
	a, err := run.Audit(t.Context(), AuditOptions{})
	require.ErrorIs(t, err, errUnread)
	require.Zero(t, a.Read)
	require.Equal(t, a.People, a.Unread)
	require.NotEqual(t, oracle.Pass, a.result(t, "withdraw-whole").Result, "no list was read")
}
