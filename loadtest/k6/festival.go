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

	"hongbao/loadtest/crowd"
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

// festival is one test: what all VUs of a k6 process share. Safe for concurrent use.
type festival struct {
	config   Config
	scenario *scenarios.Scenario // of the one window
	plan     *plan

	share   atomic.Pointer[share] // this instance's part of the test, once k6 told
	begun   sync.Once
	failed  error                       // of begin
	crowd   *crowd.Crowd                // once it has begun
	cleaner crowd.Cleaner               // throws the marked data away; nil: nobody does
	asked   [crowd.Open + 1]atomic.Bool // by kind: somebody has asked for it, and had reason to

	judged  sync.Once
	verdict *Verdict // of the audit

	mu    sync.Mutex
	found int64 // violations that a metric knows of
}

// newFestival reads the scenario and draws who wins what.
func newFestival(c Config) (*festival, error) {
	s, err := c.focus()
	if err != nil {
		return nil, err
	}
	if stage := s.Windows[0].Stage; stage != wallet.Official {
		return nil, fmt.Errorf("%w: window %q is of stage %s: a service grants the official stage alone", errConfig, s.Windows[0].Name, stage)
	}
	p, err := newPlan(s, uint64(c.Seed))
	if err != nil {
		return nil, err
	}
	return &festival{config: c, scenario: s, plan: p}, nil
}

// begin connects once and has the crowd make the service ready, before anything is sent. The error says that there is no
// sense in starting.
func (f *festival) begin(ctx context.Context) error {
	f.begun.Do(func() {
		if f.failed = f.apart(); f.failed == nil {
			f.failed = f.connect()
		}
		if f.failed == nil {
			f.failed = f.crowd.Prepare(ctx, nil)
		}
	})
	return f.failed
}

// sends says whether people send packets. Where several instances play one test, a packet's money would go to people of
// another instance, whose judge knows nothing of it.
func (f *festival) sends() bool { return f.part().alone }

// needs says whether a run in which a check is unknown is no pass: not where nobody did what it is about, or others take
// part in it.
func (f *festival) needs(check string, alone bool) bool {
	switch check {
	case "withdraw-whole":
		return f.asked[crowd.Withdraw].Load()
	case "reward-use-once":
		return f.asked[crowd.Use].Load()
	case "packet-exact":
		return f.asked[crowd.Send].Load()
	case "budget-accuracy":
		return alone
	}
	return true
}

// apart says why the people cannot be dealt out to several instances: one who wins twice may be dealt out to two, and each
// would judge the person by the wins that it knows of.
func (f *festival) apart() error {
	if s := f.share.Load(); s == nil || s.alone || !f.plan.twice() {
		return nil
	}
	return fmt.Errorf("hongbao: in window %q people win more than once: play it with one instance", f.plan.window.Name)
}

// connect reads the keys and makes the crowd. It is not done when a script is loaded, because scripts are also loaded
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
	auditor, ok := keys.Operator(c.Operator)
	if !ok {
		return fmt.Errorf("hongbao: %s has no operator %q", c.Keys, c.Operator)
	}
	send := newHTTPClient()
	desk := func(key auth.Key, marked bool) (*client.Operator, error) {
		return client.NewOperator(client.Config{BaseURL: c.Target, Key: key, LoadTest: marked, HTTPClient: send})
	}
	o := crowd.Options{Scenario: f.scenario, Seed: uint64(c.Seed), Run: uint64(c.Seed), URLs: []string{c.Target}, Key: caller.Key, SessionKey: keys.SessionKey,
		HTTP: func(string) (crowd.Doer, error) { return send, nil }, Unmarked: c.unmarked, Shared: !f.part().alone}
	if o.Operator, err = desk(auditor.Key, !c.unmarked); err != nil {
		return err
	}
	if !c.unmarked {
		if o.Live, err = desk(auditor.Key, false); err != nil {
			return err
		}
		if i := slices.IndexFunc(keys.Operators, func(o auth.Operator) bool { return o.Role == auth.RoleOperator }); i >= 0 && !c.Keep {
			if f.cleaner, err = desk(keys.Operators[i].Key, true); err != nil {
				return err
			}
		}
	}
	f.crowd, err = crowd.New(o)
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

// news returns how many of so many violations in all no metric knows of yet; from now on one does.
func (f *festival) news(violations int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.found
	f.found = max(before, violations)
	return f.found - before
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
