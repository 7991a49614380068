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

// visitor is the result of festival(): the calls of one VU, for one person after the other. Like a VU, it is not safe for
// concurrent use.
type visitor struct {
	vu       modules.VU
	meter    *meter
	festival *festival
	who      *crowd.Visit // the win of this iteration; nil: none yet
}

// Call is the result of a call to the service.
type Call struct {
	Outcome string `js:"outcome"` // ok, refused or failed
	Reason  string `js:"reason"`  // "" if ok
	App     string `js:"app"`
	User    string `js:"user"`   // as text: user ids are larger than JavaScript's exact integers
	Amount  int64  `js:"amount"` // fen; the balance of a page, the amount of a packet
	Order   string `js:"order"`  // of a win
	Lines   int    `js:"lines"`  // grants on a page; rewards in the list of rewards
}

// The errors of misplaced calls.
var (
	errOutside = errors.New("hongbao: call it in an iteration, not in the init context, setup or teardown")
	errNobody  = errors.New("hongbao: nobody has won in this iteration: call win() first")
)

// Win requests the win of the next person of this k6 scenario's app, and returns the service's answer; null if no win is left.
// The number of the iteration in the whole test determines the person, so that no two VUs and no two instances use the same
// person.
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

// place returns the app of the k6 scenario of the iteration, and the iteration's number in the whole test.
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
		return 0, 0, fmt.Errorf("hongbao: call win() in the scenarios of options(), which are named after apps: %q is not an app", scenario.Name)
	}
	v.festival.setShare(lib.GetExecutionState(ctx))
	return app, state.GetScenarioGlobalVUIter(), nil
}

// followUps returns the operations of wants(), by their names in a script.
func followUps() map[string]uint8 {
	return map[string]uint8{"look": crowd.Page, "browse": crowd.Browse, "withdraw": crowd.Withdraw, "bind": crowd.Bind, "use": crowd.Use, "send": crowd.Send}
}

// Wants reports whether the person of the win continues with an operation, by the scenario's shares and the seed: "look" at
// the wallet page, "browse" the whole list instead, "withdraw" or "send" a packet after a look, "bind" a phone, or "use" the
// reward after reading the list of rewards.
func (v *visitor) Wants(what string) (bool, error) {
	kind, ok := followUps()[what]
	switch {
	case !ok:
		return false, fmt.Errorf("hongbao: wants(%q): the operations are %s", what, strings.Join(slices.Sorted(maps.Keys(followUps())), ", "))
	case v.who == nil || kind == crowd.Send && !v.festival.sendsPackets():
		return false, nil
	}
	return v.festival.crowd.Wants(*v.who, kind), nil
}

// Look reads the wallet page of the person, with the person's tokens if the page lacks one of their grants.
func (v *visitor) Look() (*Call, error) { return v.followUp(crowd.Page) }

// Browse walks the whole list of the person in small pages.
func (v *visitor) Browse() (*Call, error) { return v.followUp(crowd.Browse) }

// Bind binds the phone of the person in both account systems.
func (v *visitor) Bind() (*Call, error) { return v.followUp(crowd.Bind) }

// Withdraw opens the withdraw page of the person and withdraws the whole balance. null: there is no balance.
func (v *visitor) Withdraw() (*Call, error) { return v.followUpOrNull(crowd.Withdraw) }

// Rewards reads the person's whole list of rewards other than cash.
func (v *visitor) Rewards() (*Call, error) { return v.followUp(crowd.Rewards) }

// Use uses the reward of the win. null: there is none, because the win was cash or nothing.
func (v *visitor) Use() (*Call, error) { return v.followUpOrNull(crowd.Use) }

// Send opens the withdraw page of the person and sends a part of the balance to others, in one packet. null: there is no
// balance, or several instances run the test.
func (v *visitor) Send() (*Call, error) {
	if v.who != nil && !v.festival.sendsPackets() {
		return nil, nil
	}
	return v.followUpOrNull(crowd.Send)
}

// Open opens the shares of those recipients of the person's packet who open one by the plan, one after the other.
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

// followUp runs an operation after a win.
func (v *visitor) followUp(kind uint8) (*Call, error) {
	if v.who == nil {
		return nil, errNobody
	}
	call, _ := v.do(kind, *v.who)
	return call, nil
}

// followUpOrNull is like followUp, but returns null if there was nothing to request.
func (v *visitor) followUpOrNull(kind uint8) (*Call, error) {
	call, err := v.followUp(kind)
	if err != nil || call.Reason == crowd.ReasonNothing {
		return nil, err
	}
	v.festival.asked[kind].Store(true)
	return call, nil
}

// do runs one operation of the crowd completely, and counts it.
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
		all = append(all, reading{of: v.meter.violations, value: float64(f.newViolations(f.crowd.Violations()))})
	}
	push(v.vu, all...)
	return call, r
}
