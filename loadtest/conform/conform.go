// Package conform checks any wallet against the published contract, case by case. Each case has a description and the
// requirements that it covers. The package knows the wire protocol and the domain types, and no wallet's code.
//
// Units: fen and Unix microseconds. It grants a few yuan to new users, with the load-test mark if configured. A case that
// a wallet fails is a Result and not an error; errors mean that the target is invalid (wallet.ErrInvalid) or does not
// respond (wallet.ErrUnavailable). The package must not check what the wire does not show: comparing budgets and records
// is the operator's task.
//
// The program examples/conformance runs the cases; docs/bring-your-own-wallet.md explains them.
package conform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// Target is the wallet to check.
type Target struct {
	// BaseURL is its address, such as http://127.0.0.1:8080.
	BaseURL string

	// Key is an upstream's key with the grant scope. With the bind scope, joined wallets are checked too.
	Key auth.Key

	// Session returns a user's session token, valid until then. nil: users' methods are not checked.
	Session func(who wallet.Caller, until time.Time) string

	// Activity is the parent activity, and Scene a cash scene of it that is running now.
	Activity wallet.ActivityID
	Scene    wallet.SceneID

	// Reward is a reward other than cash; zero: rewards are not checked.
	Reward Reward

	// Packets says that the wallet supports red packets between people; false: they are not checked.
	Packets bool

	// Cap is the largest single grant; 0 = unknown, and then not checked. The cases grant at most 99 fen.
	Cap wallet.Money

	// LoadTest sets the load-test mark on every request (K2).
	LoadTest bool

	// Patience bounds the time until granted money is shown or posted, if the reply did not promise it at once; 0 =
	// DefaultPatience.
	Patience time.Duration

	// HTTPClient sends requests; nil = a separate client. It must neither follow redirects nor repeat requests.
	HTTPClient *http.Client
}

// Reward is a reward other than cash: a scene under Target.Activity that is running now, and the type that it grants. A
// run grants about a dozen of it.
type Reward struct {
	Scene wallet.SceneID
	Award wallet.AwardType
}

// DefaultPatience is several times what an idle wallet needs to post money.
const DefaultPatience = 15 * time.Second

// Verdict is the result of a case.
type Verdict uint8

// The verdicts. A case that was not evaluated is never a pass.
const (
	Unknown Verdict = iota // no response, or the target lacks data that the case needs
	Pass
	Fail
	Skip // the wallet does not offer the feature, or the target does not say that it does
)

// String returns the verdict's name.
func (v Verdict) String() string {
	return [...]string{"unknown", "pass", "fail", "skip"}[v]
}

// Result is the result of one case.
type Result struct {
	Name    string   // stable, for machines
	Why     string   // what the contract requires
	Specs   []string // the requirements that the case covers
	Verdict Verdict
	Detail  string // what was observed instead; empty for a pass
}

// contractCase is one case. An error other than notOffered and notEvaluated is a violation.
type contractCase struct {
	name, why string
	specs     []string
	run       func(ctx context.Context, w *wire) error
}

// allCases lists all cases in order. The last one checks the others' users again.
func allCases() []contractCase {
	var all []contractCase
	for _, part := range [][]contractCase{grantTests(), formTests(), signingTests(), sessionTests(), pageTests(), tokenTests(), withdrawalTests(), bindTests(), rewardTests(), packetTests(), laterTests()} {
		all = append(all, part...)
	}
	return all
}

// Run runs every case against the wallet and returns the results in a fixed order. watch, unless nil, is called with
// each result at once. wallet.ErrInvalid: the target is invalid. wallet.ErrUnavailable: nothing responds at its
// address. When ctx ends, the remaining cases are unknown.
func Run(ctx context.Context, t Target, watch func(Result)) ([]Result, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	w := newWire(t)
	defer w.client.CloseIdleConnections()
	if err := w.checkReachable(ctx); err != nil {
		return nil, fmt.Errorf("conform: no response from %s: %w: %w", t.BaseURL, wallet.ErrUnavailable, err)
	}
	var results []Result
	for _, c := range allCases() {
		r := Result{Name: c.name, Why: c.why, Specs: c.specs}
		r.Verdict, r.Detail = verdictOf(c.run(ctx, w))
		w.settle(r.Verdict == Pass)
		if watch != nil {
			watch(r)
		}
		results = append(results, r)
	}
	return results, nil
}

func (t *Target) validate() error {
	u, err := url.Parse(t.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: conform: %q is not a URL such as http://127.0.0.1:8080", wallet.ErrInvalid, t.BaseURL)
	case t.Key.ID == "":
		return fmt.Errorf("%w: conform: no key to sign grants with", wallet.ErrInvalid)
	case t.Activity == "" || !t.Scene.Valid():
		return fmt.Errorf("%w: conform: activity %q, scene %q", wallet.ErrInvalid, t.Activity, t.Scene)
	case t.Reward != Reward{} && (!t.Reward.Scene.Valid() || !t.Reward.Award.Valid() || t.Reward.Award == wallet.Cash):
		return fmt.Errorf("%w: conform: a reward of type %d under scene %q", wallet.ErrInvalid, t.Reward.Award, t.Reward.Scene)
	case t.Cap < 0 || t.Cap > 0 && t.Cap < maxGrant || t.Patience < 0:
		return fmt.Errorf("%w: conform: a cap of %d fen is below the %d that the cases grant, or patience %s is negative", wallet.ErrInvalid, t.Cap, maxGrant, t.Patience)
	}
	return nil
}

// notOffered means that the wallet does not offer the feature of a case.
type notOffered string

// Error implements error.
func (s notOffered) Error() string { return string(s) }

// notEvaluated means that a case could not be evaluated.
type notEvaluated struct{ why string }

// Error implements error.
func (u notEvaluated) Error() string { return u.why }

func verdictOf(err error) (Verdict, string) {
	var s notOffered
	var u notEvaluated
	switch {
	case err == nil:
		return Pass, ""
	case errors.As(err, &s):
		return Skip, s.Error()
	case errors.As(err, &u):
		return Unknown, err.Error()
	default:
		return Fail, err.Error()
	}
}
