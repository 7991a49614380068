// Package conform asks a wallet, whoever wrote it, to keep the published contract: one small case after the other, each
// with what it is about and the requirements that it stands for. It knows the wire and the nouns, and no code of any
// wallet.
//
// Units: fen and Unix microseconds. It grants a few yuan to people whom nobody else has heard of, under the mark of a load
// test if it is told so. It must not judge what the wire cannot show: budgets and books are the operator's to compare.
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

// Target is the wallet in question.
type Target struct {
	// BaseURL is where it listens, such as http://127.0.0.1:8080.
	BaseURL string

	// Key is an upstream's, with the scope to grant; with the scope to bind too, joined wallets are judged.
	Key auth.Key

	// Session returns the session token of a user, good until then. nil: what users call is not judged.
	Session func(who wallet.Caller, until time.Time) string

	// Activity is the parent that is granted under, and Scene a cash scene of it that runs now.
	Activity wallet.ActivityID
	Scene    wallet.SceneID

	// Reward is what is granted beside cash; zero: it is not asked for.
	Reward Reward

	// Packets says that people send one another red packets; false: none is asked for.
	Packets bool

	// Cap is the largest single grant; 0 = not known, and then it is not judged. Grants here are of 99 fen at most.
	Cap wallet.Money

	// LoadTest marks every request as a load test's (K2).
	LoadTest bool

	// Patience is how long granted money may take to be shown or posted where its answer did not promise it at once;
	// 0 = DefaultPatience.
	Patience time.Duration

	// HTTPClient sends requests; nil = one of its own. It must neither follow redirects nor send anything twice.
	HTTPClient *http.Client
}

// Reward is a reward other than cash: a scene under Target.Activity that runs now, and the type that it grants. A run wins
// about a dozen of it.
type Reward struct {
	Scene wallet.SceneID
	Award wallet.AwardType
}

// DefaultPatience is how long money may take to come, several times what an idle wallet needs.
const DefaultPatience = 15 * time.Second

// Verdict says how a case ended.
type Verdict uint8

// The verdicts. A case that was not evaluated is never a pass.
const (
	Unknown Verdict = iota // no answer, or something was not told that the case needs
	Pass
	Fail
	Skip // the wallet does not offer what the case is about, or was not said to
)

// String returns the verdict's name.
func (v Verdict) String() string {
	return [...]string{"unknown", "pass", "fail", "skip"}[v]
}

// Result is what became of one case.
type Result struct {
	Name    string   // stable, for machines
	Why     string   // what the contract says
	Specs   []string // the requirements that it stands for
	Verdict Verdict
	Detail  string // what was seen instead; empty for a pass
}

// test is one case. An error that is neither a skip nor a missing answer is a breach.
type test struct {
	name, why string
	specs     []string
	run       func(ctx context.Context, w *wire) error
}

// tests lists all cases, in their order: the last one looks again at what the others left behind.
func tests() []test {
	var all []test
	for _, part := range [][]test{grantTests(), formTests(), signingTests(), sessionTests(), pageTests(), tokenTests(), withdrawalTests(), bindTests(), rewardTests(), packetTests(), laterTests()} {
		all = append(all, part...)
	}
	return all
}

// Run puts every case to the wallet and returns their results in a fixed order; each, when it is there, also to watch,
// unless that is nil. wallet.ErrInvalid: the target cannot be asked. wallet.ErrUnavailable: nobody answers at its address.
// When ctx ends, what is left is unknown.
func Run(ctx context.Context, t Target, watch func(Result)) ([]Result, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	w := newWire(t)
	defer w.client.CloseIdleConnections()
	if err := w.reach(ctx); err != nil {
		return nil, fmt.Errorf("conform: nobody answers at %s: %w: %w", t.BaseURL, wallet.ErrUnavailable, err)
	}
	var results []Result
	for _, c := range tests() {
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
	case t.Cap < 0 || t.Cap > 0 && t.Cap < most || t.Patience < 0:
		return fmt.Errorf("%w: conform: a cap of %d fen is below the %d that the cases grant, or patience %s is below zero", wallet.ErrInvalid, t.Cap, most, t.Patience)
	}
	return nil
}

// skipped says that the wallet does not offer what a case is about.
type skipped string

// Error implements error.
func (s skipped) Error() string { return string(s) }

// unanswered says that a case could not be evaluated.
type unanswered struct{ why string }

// Error implements error.
func (u unanswered) Error() string { return u.why }

func verdictOf(err error) (Verdict, string) {
	var s skipped
	var u unanswered
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
