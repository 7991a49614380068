package crowd

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hongbao/internal/splitmix"
	"hongbao/loadtest/attack"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// Options configures a crowd and its target.
type Options struct {
	// Scenario is what the people do: see scenarios.Focus. The target grants by its official stage at all times.
	Scenario *scenarios.Scenario

	// Seed determines who does what when.
	Seed uint64

	// Run distinguishes the runs on one target: with near certainty, people of different runs share no account and no
	// phone, so that the remains of an earlier run are not taken for a violation. It does not change the timing.
	Run uint64

	// URLs are the addresses of the target's instances. Requests are distributed in turn.
	URLs []string

	// Key signs grants and phone bindings; SessionKey signs users' sessions, as the login service would.
	Key        auth.Key
	SessionKey auth.Secret

	// HTTP returns the HTTP client for one of the URLs, which must send each request once; nil: the default client.
	HTTP func(url string) (Doer, error)

	// Unmarked leaves out the load-test mark (K2), and so moves the target's real money: for a target without any other
	// use.
	Unmarked bool

	// Operator reads the state of the load's wallet at the target; nil: checks that need it stay unknown.
	Operator Operator

	// Live reads the state of the other wallet, production (K2); nil: it is not compared.
	Live Operator

	// Strategy is the target's strategy if there is no Operator; "" is wallet.StrategyToken.
	Strategy wallet.Strategy

	// Skew is the largest difference between the posting times of the target's ledger and the times when people see the
	// postings, in both directions; 0: DefaultSkew. It does not matter under StrategyToken.
	Skew time.Duration

	// Shared reports that other runs use the same wallet meanwhile, such as other instances of one test. The budget spent
	// then does not belong to this run alone, and the target's stores are compared once the other runs have stopped too.
	Shared bool

	// OnGrantWait is called by Audit for each grant in the stores, if it reads them; nil: not called.
	OnGrantWait func(oracle.GrantWait)
}

// Doer sends one HTTP request, once.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// defaultSkew is more than the time from a posting's timestamp to the end of its transaction plus the difference of two
// clocks that Prepare accepts.
const defaultSkew = 2 * time.Second

// Bounds.
const (
	// MaxGrants bounds the wins of one run: at some 100 bytes each they take a few gigabytes.
	MaxGrants = 30_000_000
	// maxURLs bounds the instances: one generator has no connections for more.
	maxURLs = 64
	// sessionFor is the validity of a session: longer than any request waits. Each request has a new session.
	sessionFor = time.Hour
)

// Crowd is the people of one run: the plan of what they do, and its sender. Create it with New, then call Prepare, run the
// attack, and call Drain and Audit, in this order.
type Crowd struct {
	*plan
	options   Options
	client    scenarios.ClientTry
	after     scenarios.AfterWin
	activity  wallet.Activity // the activity that the target serves
	names     traffic.Crowd   // accounts and phones
	first     int64           // index of person 0 in names
	targets   []*client.Client
	http      Doer // to the first of the URLs
	turn      atomic.Uint64
	number    atomic.Int64    // of the last withdrawal or packet
	strategy  wallet.Strategy // of the target
	rewarding bool            // rewards other than cash can be won
	stocked   bool            // and some of them are counted against a stock
	events    *eventLog
	tokens    *clientTokens
	known     *known
	answers   answers
	unplanned unplanned
	before    *Counts      // of the load's wallet, before the load
	spent     wallet.Money // from the official stage's budget, before the load
	live      *Counts      // of the other wallet, before the load
}

var (
	_ attack.Plan[Visit]   = (*Crowd)(nil)
	_ attack.Sender[Visit] = (*Crowd)(nil)
)

// New returns the crowd of a scenario; it sends nothing yet. wallet.ErrInvalid: the options are inconsistent or too large.
func New(o Options) (*Crowd, error) {
	activity, err := servedActivity(o.Scenario)
	if err != nil {
		return nil, err
	}
	if len(o.URLs) == 0 || len(o.URLs) > maxURLs {
		return nil, fmt.Errorf("%w: crowd: %d target URLs, 1 to %d", wallet.ErrInvalid, len(o.URLs), maxURLs)
	}
	o.Strategy = cmp.Or(o.Strategy, wallet.StrategyToken)
	o.Skew = cmp.Or(o.Skew, defaultSkew)
	s := o.Scenario
	c := &Crowd{plan: newPlan(s, o.Seed), options: o, client: s.People.Client, after: s.People.After, activity: activity,
		names: traffic.NewCrowd(s, 0), first: int64(splitmix.Below(splitmix.Mix(o.Run), maxIndex-uint64(s.People.Count))),
		tokens: newClientTokens(), known: newKnown(), unplanned: unplanned{room: make(chan struct{}, maxUnplanned)}}
	c.number.Store(time.Now().UnixMicro())
	for _, url := range o.URLs {
		if err := c.connect(url); err != nil {
			return nil, err
		}
	}
	c.startOracle(o.Strategy, 0)
	return c, nil
}

// connect creates the client of one instance. It connects on first use.
func (c *Crowd) connect(url string) error {
	o := &c.options
	config := client.Config{BaseURL: url, Key: o.Key, LoadTest: !o.Unmarked, Timeout: c.client.Timeout, Tries: 1,
		Session: func(who wallet.Caller) string {
			return auth.Session(o.SessionKey, who.App, who.User, time.Now().Add(sessionFor))
		}}
	if o.HTTP != nil {
		do, err := o.HTTP(url)
		if err != nil {
			return err
		}
		if config.HTTPClient = do; len(c.targets) == 0 {
			c.http = do
		}
	}
	t, err := client.New(config)
	if err == nil {
		c.targets = append(c.targets, t)
	}
	return err
}

// maxIndex bounds the indexes of the people of all runs: the number of phone numbers.
const maxIndex = 7_000_000_000

// servedActivity returns the activity that a target must serve for a scenario: its official stage at all times, because
// people act now. wallet.ErrInvalid: the scenario has nothing to run, or nothing in that stage.
func servedActivity(s *scenarios.Scenario) (wallet.Activity, error) {
	if s == nil || len(s.Windows) == 0 {
		return wallet.Activity{}, fmt.Errorf("%w: crowd: the scenario has no window", wallet.ErrInvalid)
	}
	a := s.Activity
	i := slices.IndexFunc(a.Children, func(c wallet.Child) bool { return c.Stage == wallet.Official })
	if i < 0 {
		return a, fmt.Errorf("%w: crowd: scenario %s has no official stage, which the target must serve", wallet.ErrInvalid, s.Name)
	}
	child := a.Children[i]
	child.From, child.To = 0, wallet.Never
	a.Children = []wallet.Child{child}
	if s.People.Count < 1 || s.People.Count >= math.MaxUint32-1 || len(s.Windows) > math.MaxUint16 || s.Grants() > MaxGrants {
		return a, fmt.Errorf("%w: crowd: %d people, %d windows and %d grants exceed the bounds of a run", wallet.ErrInvalid, s.People.Count, len(s.Windows), s.Grants())
	}
	for _, w := range s.Windows {
		if err := fits(w, child); err != nil {
			return a, err
		}
	}
	if t := s.People.Client; t.Tries < 1 || t.Tries > client.MaxTries || t.Timeout <= 0 {
		return a, fmt.Errorf("%w: crowd: clients that try %d times for %v", wallet.ErrInvalid, t.Tries, t.Timeout)
	}
	return a, nil
}

// fits returns an error if the wins of a window do not fit into the stage or a Visit.
func fits(w scenarios.Window, child wallet.Child) error {
	bands := slices.Clone(w.Amount)
	for _, p := range w.Prizes {
		bands = append(bands, p.Amount...)
	}
	for _, b := range bands {
		if b.Min < 1 || b.Max > child.SingleCap || b.Max > oracle.MaxAmount {
			return fmt.Errorf("%w: crowd: window %q grants up to %d fen, but the official stage's cap is %d fen", wallet.ErrInvalid, w.Name, b.Max, child.SingleCap)
		}
	}
	if w.Times() > math.MaxUint16 || len(w.Prizes) > math.MaxUint8 {
		return fmt.Errorf("%w: crowd: window %q has %d rewards and %d chances per person, which exceeds the bounds of a run", wallet.ErrInvalid, w.Name, len(w.Prizes), w.Times())
	}
	return nil
}

// startOracle starts a new oracle, for a target that has already spent a part of its budget.
func (c *Crowd) startOracle(s wallet.Strategy, spent wallet.Money) {
	c.strategy = s
	a := c.activity
	a.Children = slices.Clone(a.Children)
	a.Children[0].Budget = max(0, a.Children[0].Budget-spent)
	won, counted := items(c.scenario, a)
	c.rewarding, c.stocked = won, counted
	c.events = newEventLog(oracle.Config{Strategy: s, Activity: a, People: c.scenario.People.Count, Skew: c.options.Skew, OnGrantWait: c.options.OnGrantWait,
		Rewards: won, Unstocked: !counted, Packets: c.scenario.HasPackets() && c.scenario.HasCash()})
}

// Span returns the longest duration of the plan: nothing is due later.
func (c *Crowd) Span() time.Duration { return span(c.scenario) }

// Violations returns the number of violations so far. Safe for concurrent use.
func (c *Crowd) Violations() int64 {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	return c.events.oracle.Violations()
}

// Bytes returns the memory held by the people and the oracle. It grows only with the wins. Do not call it while the plan is
// still read.
func (c *Crowd) Bytes() int64 {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	return c.events.oracle.Bytes() + c.events.ids.bytes() + c.agenda.Bytes() + int64(len(c.binders))*8 + c.tokens.bytes + c.known.bytes()
}

// target returns the next client in turn.
func (c *Crowd) target() *client.Client { return c.targets[c.turn.Add(1)%uint64(len(c.targets))] }

// caller returns the person as a user of an app.
func (c *Crowd) caller(p uint32, app wallet.App) wallet.Caller {
	return wallet.Caller{App: app, User: c.names.Account(c.first+int64(p), app.Family())}
}

// User returns the user id of the visit's person in the visit's app.
func (c *Crowd) User(v Visit) wallet.UserID { return c.caller(v.Person, v.App).User }

// phone returns the person's phone number.
func (c *Crowd) phone(p uint32) wallet.Phone { return c.names.PhoneOf(c.first + int64(p)) }

// HasOperator reports whether the target has an operator, as found by Prepare.
func (c *Crowd) HasOperator() bool { return c.options.Operator != nil }

// Strategy returns the target's strategy, as reported by its operator or else from the options.
func (c *Crowd) Strategy() wallet.Strategy { return c.strategy }

// Close waits for unplanned requests, which end soon after the attack's context, and closes idle connections.
func (c *Crowd) Close() {
	c.unplanned.running.Wait()
	for _, t := range c.targets {
		t.CloseIdle()
	}
}

// unplanned runs requests that are not in the plan: hedged second tries and double taps. They are not part of the load and are
// counted separately.
type unplanned struct {
	room    chan struct{}
	running sync.WaitGroup
	skipped atomic.Int64
}

// maxUnplanned bounds the unplanned requests in progress; those above the bound are left out and counted.
const maxUnplanned = 4096

// do runs an unplanned request.
func (b *unplanned) do(what func()) {
	select {
	case b.room <- struct{}{}:
	default:
		b.skipped.Add(1)
		return
	}
	b.running.Go(func() {
		defer func() { <-b.room }()
		what()
	})
}
