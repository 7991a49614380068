package k6

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/lib"

	"hongbao/loadtest/attack"
	"hongbao/loadtest/crowd"
	"hongbao/reference/wallet"
)

// visitor is what festival() returns: the calls of one VU, which plays one person after the other. Not safe for
// concurrent use, as a VU is not.
type visitor struct {
	vu       modules.VU
	meter    *meter
	festival *festival
	who      *crowd.Visit // the win of this iteration's person; nil: nobody has won yet
}

// Call is what a call to the service came to.
type Call struct {
	Outcome string `js:"outcome"` // ok, refused or failed
	Reason  string `js:"reason"`  // "" when ok
	App     string `js:"app"`
	User    string `js:"user"`   // as text: user ids are above what a script's numbers hold
	Amount  int64  `js:"amount"` // fen; of a page the balance, of a packet what was sent
	Order   string `js:"order"`  // of a win
	Lines   int    `js:"lines"`  // of a page: grants shown; of the list of rewards: rewards
}

// The errors of calls out of place.
var (
	errOutside = errors.New("hongbao: call it in an iteration, not in the init context, setup or teardown")
	errNobody  = errors.New("hongbao: nobody has won in this iteration: call win() first")
)

// Win lets the next person of this k6 scenario's app win, and returns what the service said; null when nobody is left.
// Which person that is follows from the iteration's number in the whole test, so that no two VUs and no two instances
// play the same.
func (v *visitor) Win() (*Call, error) {
	app, i, err := v.place()
	if err != nil {
		return nil, err
	}
	if err := v.festival.begin(v.vu.Context()); err != nil {
		return nil, err
	}
	won, ok, err := v.festival.plan.take(app, i)
	v.who = nil
	if err != nil || !ok {
		return nil, err
	}
	v.who = &won
	call, r := v.do(crowd.Grant, won)
	if r.Outcome == attack.OK {
		call.Order = r.Order.String()
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
	v.festival.learn(lib.GetExecutionState(ctx))
	return app, state.GetScenarioGlobalVUIter(), nil
}

// wishes are what wants() may be asked, by their names in a script.
func wishes() map[string]uint8 {
	return map[string]uint8{"look": crowd.Page, "browse": crowd.Browse, "withdraw": crowd.Withdraw, "bind": crowd.Bind, "use": crowd.Use, "send": crowd.Send}
}

// Wants says whether the person who has won goes on to something else, as the scenario's shares and the seed decide:
// "look" at the wallet page, "browse" through the whole list instead, "withdraw" or "send" a packet after a look, "bind" a
// phone, or "use" what was won, after a look for it in the list of rewards.
func (v *visitor) Wants(what string) (bool, error) {
	kind, ok := wishes()[what]
	switch {
	case !ok:
		return false, fmt.Errorf("hongbao: wants(%q): there are %s", what, strings.Join(slices.Sorted(maps.Keys(wishes())), ", "))
	case v.who == nil || kind == crowd.Send && !v.festival.sends():
		return false, nil
	}
	return v.festival.crowd.Wants(*v.who, kind), nil
}

// Look reads the wallet page of the person who has won, with the person's tokens where the page lacks one.
func (v *visitor) Look() (*Call, error) { return v.goOn(crowd.Page) }

// Browse walks the whole list of the person who has won, in small pages.
func (v *visitor) Browse() (*Call, error) { return v.goOn(crowd.Browse) }

// Bind binds the phone of the person who has won, in both account systems.
func (v *visitor) Bind() (*Call, error) { return v.goOn(crowd.Bind) }

// Withdraw enters the withdraw page of the person who has won and withdraws all that it shows. null: it shows nothing.
func (v *visitor) Withdraw() (*Call, error) { return v.unlessNothing(crowd.Withdraw) }

// Rewards reads the whole list of rewards other than cash of the person who has won.
func (v *visitor) Rewards() (*Call, error) { return v.goOn(crowd.Rewards) }

// Use uses the reward that the person has won. null: there is none, because cash was won, or nothing.
func (v *visitor) Use() (*Call, error) { return v.unlessNothing(crowd.Use) }

// Send enters the withdraw page of the person who has won and sends a part of what it shows to others, in one packet. null:
// it shows nothing, or several instances play the test.
func (v *visitor) Send() (*Call, error) {
	if v.who != nil && !v.festival.sends() {
		return nil, nil
	}
	return v.unlessNothing(crowd.Send)
}

// Open has those open their shares who are to, of them whom the person's packet went to, one after the other.
func (v *visitor) Open() ([]*Call, error) {
	if v.who == nil {
		return nil, errNobody
	}
	calls := []*Call{}
	for _, guest := range v.festival.crowd.Guests(*v.who) {
		if call, r := v.do(crowd.Open, guest); r.Reason != crowd.ReasonNothing {
			calls = append(calls, call)
		}
	}
	return calls, nil
}

// goOn does something after a win.
func (v *visitor) goOn(kind uint8) (*Call, error) {
	if v.who == nil {
		return nil, errNobody
	}
	call, _ := v.do(kind, *v.who)
	return call, nil
}

// unlessNothing is goOn, and null where there was nothing to ask for.
func (v *visitor) unlessNothing(kind uint8) (*Call, error) {
	call, err := v.goOn(kind)
	if err != nil || call.Reason == crowd.ReasonNothing {
		return nil, err
	}
	v.festival.asked[kind].Store(true)
	return call, nil
}

// do has the crowd do one thing to its end, and counts it.
func (v *visitor) do(kind uint8, who crowd.Visit) (*Call, crowd.Result) {
	f := v.festival
	began := time.Now()
	r := f.crowd.Do(v.vu.Context(), kind, who)
	took := time.Since(began)
	call := &Call{Outcome: r.Outcome.String(), Reason: r.Reason, App: who.App.String(), User: fmt.Sprint(f.crowd.User(who))}
	if r.Outcome == attack.OK {
		call.Amount, call.Lines = int64(r.Amount), r.Lines
	}
	tag := []string{"operation", crowd.Kinds()[kind]}
	refused, failed := reading{of: v.meter.refused, tags: tag}, reading{of: v.meter.failed, tags: tag}
	switch r.Outcome {
	case attack.Refused:
		refused.value, refused.tags = 1, append(tag[:2:2], "reason", r.Reason)
	case attack.Failed:
		failed.value = 1
	}
	all := []reading{{v.meter.calls, 1, tag}, {v.meter.latency, float64(took) / float64(time.Millisecond), tag}, refused, failed}
	if r.Reason == crowd.ReasonLie {
		all = append(all, reading{of: v.meter.violations, value: float64(f.news(f.crowd.Violations()))})
	}
	push(v.vu, all...)
	return call, r
}
