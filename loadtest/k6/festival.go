package k6

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Bounds of the connections of one k6 process. There are as many as calls at a time, which no more than maxVUs make; one
// that is closed and made again for want of room would be measured as latency.
const (
	idleConns   = maxVUs
	idleTimeout = 30 * time.Second
	dialTimeout = 2 * time.Second
)

// sessionTime is how long a person's session lasts: longer than any run and its audit.
const sessionTime = 48 * time.Hour

// festival is one test: what all VUs of a k6 process share. Safe for concurrent use.
type festival struct {
	config  Config
	plan    *plan
	witness *witness
	wallet  *client.Client
	desk    *client.Operator

	begun   sync.Once
	failed  error                 // of begin
	before  client.Status         // how the service stood before the first win
	share   atomic.Pointer[share] // this instance's part of the test, once a VU knew it
	drained atomic.Bool           // nothing is held back any more
	audited sync.Mutex            // one audit at a time
}

// newFestival reads the scenario and draws who wins what.
func newFestival(c Config) (*festival, error) {
	window, whole, err := c.focus()
	if err != nil {
		return nil, err
	}
	if s := window.Windows[0].Stage; s != wallet.Official {
		return nil, fmt.Errorf("%w: window %q is of stage %s: a service grants the official stage alone", errConfig, window.Windows[0].Name, s)
	}
	p, err := newPlan(window, uint64(c.Seed))
	if err != nil {
		return nil, err
	}
	return &festival{config: c, plan: p, witness: newWitness(served(whole), p.total)}, nil
}

// connect reads the keys and makes the clients. It is not done when a script is loaded, because scripts are also loaded
// where the keys are not: to be archived, and by what deals a test out to many machines.
func (f *festival) connect() error {
	c := &f.config
	keys, err := auth.Load(c.Keys)
	if err != nil {
		return fmt.Errorf("hongbao: %w; hongbao serve makes the keys in its data folder", err)
	}
	caller, ok := keys.Caller(c.Caller)
	if !ok {
		return fmt.Errorf("hongbao: %s has no caller %q", c.Keys, c.Caller)
	}
	operator, ok := keys.Operator(c.Operator)
	if !ok {
		return fmt.Errorf("hongbao: %s has no operator %q", c.Keys, c.Operator)
	}
	common := client.Config{BaseURL: c.Target, LoadTest: !c.unmarked, HTTPClient: newHTTPClient(), Timeout: time.Duration(c.Timeout), Tries: c.Tries}
	people, desk := common, common
	people.Key, desk.Key = caller.Key, operator.Key
	people.Session = func(who wallet.Caller) string {
		return auth.Session(keys.SessionKey, who.App, who.User, time.Now().Add(sessionTime))
	}
	if f.wallet, err = client.New(people); err == nil {
		f.desk, err = client.NewOperator(desk)
	}
	return err
}

// newHTTPClient returns a client that keeps its connections and follows no redirects: a signature covers one path.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout: dialTimeout, MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTimeout,
			DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// served returns the activity as a service of the scenario grants it: the official stage, now.
func served(s *scenarios.Scenario) wallet.Activity {
	a := s.Activity
	a.Children = slices.Clone(a.Children)
	a.Children = slices.DeleteFunc(a.Children, func(c wallet.Child) bool { return c.Stage != wallet.Official })
	for i := range a.Children {
		a.Children[i].From, a.Children[i].To = 0, wallet.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	return a
}

// begin connects once, and asks how the service stands before anything is sent. The error says that there is no sense in starting.
func (f *festival) begin(ctx context.Context) error {
	f.begun.Do(func() {
		if f.failed = f.connect(); f.failed != nil {
			return
		}
		if f.before, f.failed = f.desk.Status(ctx); f.failed == nil {
			f.failed = f.fits()
		}
	})
	return f.failed
}

// fits says whether the service grants by the scenario that is played.
func (f *festival) fits() error {
	for _, c := range f.witness.activity.Children {
		if have := budgetOf(f.before, c.Stage); have.Budget != c.Budget {
			return fmt.Errorf("hongbao: %s grants stage %s by a budget of %d fen, and %s has %d: run hongbao serve --scenario %[4]s",
				f.config.Target, c.Stage, have.Budget, f.config.Scenario, c.Budget)
		}
	}
	return nil
}

// budgetOf returns how a stage's budget stands; zero where the service has none.
func budgetOf(s client.Status, stage wallet.Stage) client.Budget {
	i := slices.IndexFunc(s.Budgets, func(b client.Budget) bool { return b.Stage == stage })
	if i < 0 {
		return client.Budget{}
	}
	return s.Budgets[i]
}

// judges says whether a page of this moment can be judged: under async it shows what has been posted, which nobody can
// tell from outside until all of it has.
func (f *festival) judges() bool {
	return f.before.Strategy != wallet.StrategyAsync || f.drained.Load()
}

// describe returns one line for people, without anything secret.
func (f *festival) describe() string {
	var apps []string
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		if n := f.plan.scheduled(app); n > 0 {
			apps = append(apps, fmt.Sprintf("%s %d", app, n))
		}
	}
	return fmt.Sprintf("hongbao: window %q, %d wins over %s (%s), seed %d", f.plan.window.Name, f.plan.total,
		f.plan.window.Rate[len(f.plan.window.Rate)-1].At, strings.Join(apps, ", "), f.config.Seed)
}
