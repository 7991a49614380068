package k6

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/lib"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// pageLimit is how many lines an app asks for, as in the simulation.
const pageLimit = 50

// visitor is what festival() returns: the calls of one VU, which plays one person after the other. Not safe for
// concurrent use, as a VU is not.
type visitor struct {
	vu       modules.VU
	meter    *meter
	festival *festival
	who      *person // the person of this iteration; nil: nobody has won yet
	balance  wallet.Money
}

// person is who a VU plays, with the tokens that the app keeps for them.
type person struct {
	place  int64
	caller wallet.Caller
	purse  *client.Purse
	teller *teller
}

// Call is what a call to the service came to.
type Call struct {
	Outcome string `js:"outcome"` // OK, Refused or Failed
	Reason  string `js:"reason"`  // "" when OK
	App     string `js:"app"`
	User    string `js:"user"`   // as text: user ids are above what a script's numbers hold
	Amount  int64  `js:"amount"` // fen; of a page the balance
	Order   string `js:"order"`  // of a win
	Lines   int    `js:"lines"`  // of a page: grants shown
}

// errOutside says that a call belongs elsewhere.
var errOutside = errors.New("hongbao: call it in an iteration, not in the init context, setup or teardown")

// Win lets the next person of this k6 scenario's app win, and returns what the service said; null when nobody is left.
// Which person that is follows from the iteration's number in the whole test, so that no two VUs and no two instances
// play the same.
func (v *visitor) Win() (*Call, error) {
	app, i, err := v.place()
	if err != nil {
		return nil, err
	}
	f := v.festival
	if err := f.begin(v.vu.Context()); err != nil {
		return nil, err
	}
	won, place, ok, err := f.plan.take(app, i)
	v.who, v.balance = nil, 0
	if err != nil || !ok {
		return nil, err
	}
	caller := f.plan.caller(app, won.person)
	t := &teller{Service: f.wallet, festival: f, place: place}
	v.who = &person{place, caller, client.NewPurse(t, caller), t}
	r := wallet.GrantRequest{Caller: caller, Activity: f.plan.parent, Scene: f.plan.window.Scene, Rain: f.plan.window.Rain,
		Award: wallet.Cash, Amount: wallet.Money(won.amount)}
	var id oracle.GrantID
	f.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		r.Opened = now
		id = o.GrantSent(place, r, now)
	})
	began := time.Now()
	reply, err := f.wallet.Grant(v.vu.Context(), r)
	took := time.Since(began)
	violations := f.witness.granted(id, r, reply, err)
	call := v.ended(opGrant, took, violations, err)
	if err == nil {
		call.Amount, call.Order = int64(reply.Amount), reply.Order.String()
		v.who.purse.Keep(reply, r.Opened)
		push(v.vu, reading{of: v.meter.grants, value: 1})
	}
	return call, nil
}

// place returns the app of the k6 scenario that the iteration belongs to, and the iteration's number in the whole test.
func (v *visitor) place() (wallet.App, uint64, error) {
	state, ctx := v.vu.State(), v.vu.Context()
	if state == nil || state.GetScenarioGlobalVUIter == nil {
		return 0, 0, errOutside
	}
	scenario := lib.GetScenarioState(ctx)
	if scenario == nil {
		return 0, 0, errOutside
	}
	app, ok := wallet.ParseApp(scenario.Name)
	if !ok {
		return 0, 0, fmt.Errorf("hongbao: win() belongs into the scenarios that options() makes, which are named as apps: %q is none", scenario.Name)
	}
	if v.festival.share.Load() == nil {
		v.festival.share.Store(shareOf(v.festival.plan, lib.GetExecutionState(ctx)))
	}
	return app, state.GetScenarioGlobalVUIter(), nil
}

// Wants says whether the person who has won does something else, as the scenario's shares and the seed decide: "look" at
// the wallet page, or "withdraw" after that.
func (v *visitor) Wants(what string) (bool, error) {
	var share scenarios.Ratio
	var stream uint64
	switch what {
	case "look":
		share, stream = v.festival.plan.people.Look, 1
	case "withdraw":
		share, stream = v.festival.plan.people.Withdraw, 2
	default:
		return false, fmt.Errorf("hongbao: wants(%q): there are \"look\" and \"withdraw\"", what)
	}
	if v.who == nil || share.Num <= 0 {
		return false, nil
	}
	draw := rand.New(rand.NewPCG(uint64(v.festival.config.Seed), uint64(v.who.place)<<2|stream))
	return draw.Int64N(share.Den) < share.Num, nil
}

// Look reads the wallet page of the person who has won, with the person's tokens where the page lacks one.
func (v *visitor) Look() (*Call, error) { return v.look(false) }

func (v *visitor) look(withdraw bool) (*Call, error) {
	if v.who == nil {
		return nil, errors.New("hongbao: nobody has won in this iteration: call win() first")
	}
	began := time.Now()
	page, err := v.who.purse.Page(v.vu.Context(), wallet.PageRequest{Limit: pageLimit, Withdraw: withdraw})
	took := time.Since(began)
	call := v.ended(opPage, took, v.who.teller.seen(page, err), err)
	if err == nil {
		v.balance = page.Balance
		call.Amount, call.Lines = int64(page.Balance), len(page.Grants)
	}
	return call, nil
}

// Withdraw enters the withdraw page of the person who has won and withdraws all that it shows. null: it shows nothing.
func (v *visitor) Withdraw() (*Call, error) {
	call, err := v.look(true)
	if err != nil || call.Outcome != OK {
		return call, err
	}
	if v.balance <= 0 {
		return nil, nil
	}
	f, r := v.festival, wallet.WithdrawRequest{Caller: v.who.caller, Amount: v.balance}
	for _, h := range v.who.purse.Tokens() {
		r.Tokens = append(r.Tokens, h.Sealed)
	}
	var id oracle.WithdrawID
	f.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		r.Request, r.At = int64(now), now
		f.witness.withdrawn++
		id = o.WithdrawSent(v.who.place, r, now)
	})
	began := time.Now()
	reply, err := f.wallet.Withdraw(v.vu.Context(), r)
	took := time.Since(began)
	violations := f.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.WithdrawAnswered(id, reply, err, now) })
	call = v.ended(opWithdraw, took, violations, err)
	if err == nil {
		call.Amount = int64(reply.Amount)
	}
	return call, nil
}

// ended counts a call that came to its end.
func (v *visitor) ended(op string, took time.Duration, violations int64, err error) *Call {
	call := &Call{Outcome: outcomeOf(err), App: v.who.caller.App.String(), User: fmt.Sprint(v.who.caller.User)}
	tag := []string{"operation", op}
	refused := reading{of: v.meter.refused, tags: tag}
	failed := reading{of: v.meter.failed, tags: tag}
	switch call.Outcome {
	case Refused:
		call.Reason = wallet.ReasonOf(err)
		refused.value, refused.tags = 1, []string{"operation", op, "reason", call.Reason}
	case Failed:
		call.Reason = wallet.ReasonOf(err)
		failed.value = 1
	}
	all := []reading{{v.meter.calls, 1, tag}, {v.meter.latency, float64(took) / float64(time.Millisecond), tag}, refused, failed}
	if violations > 0 {
		all = append(all, reading{of: v.meter.violations, value: float64(violations)})
	}
	push(v.vu, all...)
	return call
}
