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

// Options says who plays what, and against whom.
type Options struct {
	// Scenario is what is played: see scenarios.Focus. Its official stage is what the target grants by, at all times.
	Scenario *scenarios.Scenario

	// Seed draws who does what when.
	Seed uint64

	// Run tells apart the runs on one target: as good as surely, people of different runs share no account and no phone,
	// so that what an earlier run left behind is not taken for a fault. It moves nothing in time.
	Run uint64

	// URLs are where the target's instances listen. Calls take turns among them.
	URLs []string

	// Key signs grants and the binding of phones; SessionKey signs users' sessions, as whoever logs them in would.
	Key        auth.Key
	SessionKey auth.Secret

	// HTTP returns what sends the requests to one of the URLs, each once; nil: the client's own.
	HTTP func(url string) (Doer, error)

	// Unmarked leaves out the load-test mark (K2), and so moves the target's real money: for a target that has no
	// other use.
	Unmarked bool

	// Operator asks how the load's side of the target stands; nil: nobody does, and what only it can tell stays unknown.
	Operator Operator

	// Live asks the same of the other side, of production (K2); nil: it is not compared.
	Live Operator

	// Strategy is the target's, where there is no Operator to ask; "" is wallet.StrategyToken.
	Strategy wallet.Strategy

	// Skew is how far the moments that the target's ledger gives its postings may lie from when people see them, either
	// way; 0: DefaultSkew. Under StrategyToken it does not matter.
	Skew time.Duration

	// Shared says that others play on the same side meanwhile, as the other instances of one test do. What is taken from
	// the budget then says nothing of this run alone, and the target's books are compared once the others rest too.
	Shared bool

	// Seen is told by Audit of each grant that the stores hold, where it reads those; nil: nobody asks.
	Seen func(oracle.Seen)
}

// Doer sends one HTTP request, once.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// DefaultSkew is above what lies between a posting's moment and the end of its transaction, and between two clocks that
// are as close as Prepare demands.
const DefaultSkew = 2 * time.Second

// Bounds.
const (
	// MaxGrants bounds the wins of one run: at some 100 bytes for each they take a few gigabytes.
	MaxGrants = 30_000_000
	// maxURLs bounds the instances: one generator has no connections for more.
	maxURLs = 64
	// sessionFor is how long a session is good: longer than any request waits, and made anew for each.
	sessionFor = time.Hour
)

// Crowd is the people of one run: the plan of what they do, and its sender. Make it with New; then Prepare, the attack,
// Drain and Audit, in this order.
type Crowd struct {
	*plan
	options   Options
	client    scenarios.ClientTry
	after     scenarios.AfterWin
	activity  wallet.Activity // what the target grants by
	names     traffic.Crowd   // accounts and phones
	first     int64           // index among names of person 0
	targets   []*client.Client
	http      Doer // to the first of the URLs
	turn      atomic.Uint64
	number    atomic.Int64    // of the last withdrawal or packet
	strategy  wallet.Strategy // of the target
	rewarding bool            // rewards other than cash can be won
	stocked   bool            // and some of them are counted against a stock
	witness   *witness
	purses    *purses
	told      *told
	answers   answers
	beside    beside
	before    *Counts      // of the load's side, when it was prepared
	spent     wallet.Money // then, of the official stage's budget
	live      *Counts      // of the other side
}

var (
	_ attack.Plan[Visit]   = (*Crowd)(nil)
	_ attack.Sender[Visit] = (*Crowd)(nil)
)

// New returns the crowd of a scenario; it sends nothing yet. wallet.ErrInvalid: the options contradict themselves, or ask
// for more than fits.
func New(o Options) (*Crowd, error) {
	activity, err := served(o.Scenario)
	if err != nil {
		return nil, err
	}
	if len(o.URLs) == 0 || len(o.URLs) > maxURLs {
		return nil, fmt.Errorf("%w: crowd: %d target URLs, 1 to %d", wallet.ErrInvalid, len(o.URLs), maxURLs)
	}
	o.Strategy = cmp.Or(o.Strategy, wallet.StrategyToken)
	o.Skew = cmp.Or(o.Skew, DefaultSkew)
	s := o.Scenario
	c := &Crowd{plan: newPlan(s, o.Seed), options: o, client: s.People.Client, after: s.People.After, activity: activity,
		names: traffic.NewCrowd(s, 0), first: int64(splitmix.Below(splitmix.Mix(o.Run), maxIndex-uint64(s.People.Count))),
		purses: newPurses(), told: newTold(), beside: beside{room: make(chan struct{}, maxBeside)}}
	c.number.Store(time.Now().UnixMicro())
	for _, url := range o.URLs {
		if err := c.connect(url); err != nil {
			return nil, err
		}
	}
	c.watch(o.Strategy, 0)
	return c, nil
}

// connect makes the client of one instance, which connects when it is first used.
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

// maxIndex bounds the indexes of people of all runs: as many as there are phone numbers.
const maxIndex = 7_000_000_000

// served returns what a target grants of a scenario: its official stage, taken out of the calendar, because people play
// now. wallet.ErrInvalid: there is nothing to play, or not under that stage.
func served(s *scenarios.Scenario) (wallet.Activity, error) {
	if s == nil || len(s.Windows) == 0 {
		return wallet.Activity{}, fmt.Errorf("%w: crowd: the scenario has no window", wallet.ErrInvalid)
	}
	a := s.Activity
	i := slices.IndexFunc(a.Children, func(c wallet.Child) bool { return c.Stage == wallet.Official })
	if i < 0 {
		return a, fmt.Errorf("%w: crowd: scenario %s has no official stage, and that is what is served", wallet.ErrInvalid, s.Name)
	}
	child := a.Children[i]
	child.From, child.To = 0, wallet.Never
	a.Children = []wallet.Child{child}
	if s.People.Count < 1 || s.People.Count >= math.MaxUint32-1 || len(s.Windows) > math.MaxUint16 || s.Grants() > MaxGrants {
		return a, fmt.Errorf("%w: crowd: %d people, %d windows and %d grants are more than a run holds", wallet.ErrInvalid, s.People.Count, len(s.Windows), s.Grants())
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

// fits says what of a window's wins is more than the stage or a Visit holds.
func fits(w scenarios.Window, child wallet.Child) error {
	bands := slices.Clone(w.Amount)
	for _, p := range w.Prizes {
		bands = append(bands, p.Amount...)
	}
	for _, b := range bands {
		if b.Min < 1 || b.Max > child.SingleCap || b.Max > oracle.MaxAmount {
			return fmt.Errorf("%w: crowd: window %q grants up to %d fen, above the official stage's cap of %d fen", wallet.ErrInvalid, w.Name, b.Max, child.SingleCap)
		}
	}
	if w.Times() > math.MaxUint16 || len(w.Prizes) > math.MaxUint8 {
		return fmt.Errorf("%w: crowd: window %q has %d rewards and %d chances for each person, more than a run holds", wallet.ErrInvalid, w.Name, len(w.Prizes), w.Times())
	}
	return nil
}

// watch begins a new judgement, of a target with so much of its budget spent before.
func (c *Crowd) watch(s wallet.Strategy, spent wallet.Money) {
	c.strategy = s
	a := c.activity
	a.Children = slices.Clone(a.Children)
	a.Children[0].Budget = max(0, a.Children[0].Budget-spent)
	won, counted := items(c.scenario, a)
	c.rewarding, c.stocked = won, counted
	c.witness = newWitness(oracle.Config{Strategy: s, Activity: a, People: c.scenario.People.Count, Skew: c.options.Skew, Seen: c.options.Seen,
		Rewards: won, Unstocked: !counted, Packets: c.scenario.HasPackets() && c.scenario.HasCash()})
}

// Span returns how long the plan is at most: nothing is due later.
func (c *Crowd) Span() time.Duration { return span(c.scenario) }

// Violations returns how many violations the oracle has found so far. Safe for concurrent use.
func (c *Crowd) Violations() int64 {
	c.witness.mu.Lock()
	defer c.witness.mu.Unlock()
	return c.witness.oracle.Violations()
}

// Bytes returns the memory that the people and their judge keep. It grows with the wins alone. Not while the plan is
// still read.
func (c *Crowd) Bytes() int64 {
	c.witness.mu.Lock()
	defer c.witness.mu.Unlock()
	c.purses.mu.Lock()
	defer c.purses.mu.Unlock()
	return c.witness.oracle.Bytes() + c.witness.ids.bytes() + c.agenda.Bytes() + int64(len(c.binders))*8 + c.purses.bytes + c.told.bytes()
}

// target returns the client whose turn it is.
func (c *Crowd) target() *client.Client { return c.targets[c.turn.Add(1)%uint64(len(c.targets))] }

// caller returns the person as an app's user.
func (c *Crowd) caller(p uint32, app wallet.App) wallet.Caller {
	return wallet.Caller{App: app, User: c.names.Account(c.first+int64(p), app.Family())}
}

// User returns the id, in the visit's app, of who makes it.
func (c *Crowd) User(v Visit) wallet.UserID { return c.caller(v.Person, v.App).User }

// phone returns the person's phone number.
func (c *Crowd) phone(p uint32) wallet.Phone { return c.names.PhoneOf(c.first + int64(p)) }

// Operated says whether the target has an operator, as far as Prepare found out.
func (c *Crowd) Operated() bool { return c.options.Operator != nil }

// Strategy returns how the target posts, as its operator says or else as the options do.
func (c *Crowd) Strategy() wallet.Strategy { return c.strategy }

// Close waits for what runs beside the plan, which ends soon after the attack's context has, and closes the connections
// that wait for the next call.
func (c *Crowd) Close() {
	c.beside.running.Wait()
	for _, t := range c.targets {
		t.CloseIdle()
	}
}

// beside runs what people do beside the plan: impatient second tries and double taps. It is no part of the load, and
// counted apart.
type beside struct {
	room    chan struct{}
	running sync.WaitGroup
	skipped atomic.Int64
}

// maxBeside bounds what runs beside the plan; what does not fit is left out and counted.
const maxBeside = 4096

// do runs something beside the plan.
func (b *beside) do(what func()) {
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
