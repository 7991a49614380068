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

// Bounds of the connections of one k6 process. There are as many as concurrent calls, which are at most maxVUs. If a
// connection had to be closed and opened again because of a lower bound, that would be measured as latency.
const (
	idleConns   = maxVUs
	idleTimeout = 30 * time.Second
	dialTimeout = 2 * time.Second
)

// festival is one test, shared by all VUs of a k6 process. Safe for concurrent use.
type festival struct {
	config   Config
	scenario *scenarios.Scenario // of the one window
	plan     *plan

	share   atomic.Pointer[share] // this instance's part of the test, once it is known
	begun   sync.Once
	failed  error                       // of begin
	crowd   *crowd.Crowd                // once it has begun
	cleaner crowd.Cleaner               // deletes the load-test data; nil: it is kept
	asked   [crowd.Open + 1]atomic.Bool // by kind: such an operation was requested

	judged  sync.Once
	verdict *Verdict // of the audit

	mu    sync.Mutex
	found int64 // violations already counted by the metric
}

// newFestival reads the scenario and draws who wins what.
func newFestival(c Config) (*festival, error) {
	s, err := c.focus()
	if err != nil {
		return nil, err
	}
	if stage := s.Windows[0].Stage; stage != wallet.Official {
		return nil, fmt.Errorf("%w: window %q is of stage %s: a service serves only the official stage", errConfig, s.Windows[0].Name, stage)
	}
	p, err := newPlan(s, uint64(c.Seed))
	if err != nil {
		return nil, err
	}
	return &festival{config: c, scenario: s, plan: p}, nil
}

// begin connects once and has the crowd prepare the service, before anything is sent. After an error the test must not start.
func (f *festival) begin(ctx context.Context) error {
	f.begun.Do(func() {
		if f.failed = f.checkSplit(); f.failed == nil {
			f.failed = f.connect()
		}
		if f.failed == nil {
			f.failed = f.crowd.Prepare(ctx, nil)
		}
	})
	return f.failed
}

// sendsPackets reports whether people send packets. If several instances run one test, a packet could go to a person of another
// instance, whose oracle does not know of it.
func (f *festival) sendsPackets() bool { return f.part().alone }

// needs reports whether a run with this check unknown does not pass. It is false if nobody did what the check is about, or if
// other instances take part in it.
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

// checkSplit returns an error if the people cannot be split among several instances: a person who wins twice may belong to two
// instances, and each would judge the person by only some of the wins.
func (f *festival) checkSplit() error {
	if s := f.share.Load(); s == nil || s.alone || !f.plan.hasRepeatWinners() {
		return nil
	}
	return fmt.Errorf("hongbao: in window %q people win more than once: run it with one instance", f.plan.window.Name)
}

// connect reads the keys and creates the crowd. It does not run when a script is loaded, because scripts are also loaded
// without keys: for an archive, and by the operator that distributes a test to many machines.
func (f *festival) connect() error {
	c := &f.config
	keys, err := auth.Load(c.Keys)
	if err != nil {
		return fmt.Errorf("hongbao: %w; hongbao serve creates the keys in its data folder", err)
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
	operator := func(key auth.Key, loadTest bool) (*client.OperatorClient, error) {
		return client.NewOperatorClient(client.Config{BaseURL: c.Target, Key: key, LoadTest: loadTest, HTTPClient: send})
	}
	o := crowd.Options{Scenario: f.scenario, Seed: uint64(c.Seed), Run: uint64(c.Seed), URLs: []string{c.Target}, Key: caller.Key, SessionKey: keys.SessionKey,
		HTTP: func(string) (crowd.Doer, error) { return send, nil }, Unmarked: c.unmarked, Shared: !f.part().alone}
	if o.Operator, err = operator(auditor.Key, !c.unmarked); err != nil {
		return err
	}
	if !c.unmarked {
		if o.Live, err = operator(auditor.Key, false); err != nil {
			return err
		}
		if i := slices.IndexFunc(keys.Operators, func(o auth.Operator) bool { return o.Role == auth.RoleOperator }); i >= 0 && !c.Keep {
			if f.cleaner, err = operator(keys.Operators[i].Key, true); err != nil {
				return err
			}
		}
	}
	f.crowd, err = crowd.New(o)
	return err
}

// newHTTPClient returns a client that keeps its connections and does not follow redirects: a signature covers one path.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout: dialTimeout, MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTimeout,
			DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newViolations returns how many of the total violations the metric has not counted yet, and marks them as counted.
func (f *festival) newViolations(violations int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.found
	f.found = max(before, violations)
	return f.found - before
}

// describe returns one line for the log, without secrets.
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
