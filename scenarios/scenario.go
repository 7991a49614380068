// Package scenarios describes a festival as data: people, windows of traffic, budgets, machines, latencies, faults and
// thresholds. Scale makes a scenario smaller, Focus makes a load test from one of its windows.
//
// Package scenarios/loader reads the files of this folder. Units stand last in the names of file fields (budget_fen,
// interval_ms); rates are a second; times of day are Asia/Shanghai unless the file says otherwise. Errors are of the
// classes ErrScale and ErrFocus. The package must know nothing of services or simulators.
//
// A small file and the program that replays it are in examples/scenario; docs/scenario-files.md explains every key.
package scenarios

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Scenario is one rehearsal, as loaded and validated.
type Scenario struct {
	Name        string
	Title       string // one line for people
	TitleZH     string
	Description string
	Activity    wallet.Activity // the configuration tree (O1), stages and budgets
	People      People
	Apps        [wallet.Apps + 1]int // share of each app, by wallet.App; any integers
	Windows     []Window             // in order of Start; the whole calendar
	Capacity    Capacity
	Latency     map[string]Latency // by dependency name: see Dependencies
	Withdraw    Withdraw
	Faults      []Fault
	Crypto      Crypto
	Downstreams Downstreams
	StageChange *StageChange  // nil: the tree does not change
	Drain       time.Duration // after the last window: time limit for the backlog, after which it counts as stuck
	Thresholds  []Threshold   // of runs in real time

	RunningTotal *RunningTotal  // nil: no comparison of running totals
	Coupons      *Coupons       // nil: no comparison of coupon counters
	Limits       *Limits        // nil: no comparison of rate limits
	Switches     []SwitchPeriod // the switches that operators turn on
	Drill        *Drill         // nil: the scenario is not a drill
}

// Dependencies lists the names that latencies and faults may use.
var Dependencies = []string{"client", "identity", "orders", "budget", "tokens", "backlog", "ledger", "withdrawals", "bank",
	"items", "stock", "downstreams", "packets", "config", "locks", "limits", "totals"}

// People describes the participants.
type People struct {
	Count     int64     // people, all stages together
	AppsHeld  []int     // weights of holding 1, 2, … apps
	Phone     Ratio     // share whose accounts are bound to their phone from the start
	BindLater Ratio     // of the others: share that binds the phone during the official stage, after a win
	After     AfterWin  // behaviour after a win
	Client    ClientTry // how the client retries requests without an answer
}

// Ratio is the exact fraction Num/Den.
type Ratio struct{ Num, Den int64 }

// AfterWin is the behaviour after a win (B5). Delays are uniformly distributed over their range.
type AfterWin struct {
	Look            Ratio // share of winners who open the wallet page
	LookDelay       Range // from the win
	OtherApp        Ratio // of these looks: share made in another app of the same person
	Browse          Ratio // of these looks: share that reads the whole list in small pages
	Withdraw        Ratio // of those who looked: share that withdraws the whole balance shown
	WithdrawDelay   Range // from the look
	SecondLook      Ratio // of those who looked: share that looks a second time
	SecondLookDelay Range // from the first look
	KeepTokens      Ratio // share of people whose client stores its tokens and restores the wallet page with them (T8)

	// Of rewards other than cash (P3) and of packets to others (P4).
	Use        Ratio // of those who won one: share that uses it
	UseDelay   Range // from the win
	Send       Ratio // of those who looked and have a balance: share that sends a part of it to others
	SendDelay  Range // from the look
	SendShares int   // maximum number of recipients of one packet
	Open       Ratio // of the recipients: share that opens the packet; unopened shares are returned to the sender
	OpenDelay  Range // from the sending
}

// ClientTry is how a client retries.
type ClientTry struct {
	Timeout time.Duration // without an answer in this time, the outcome is unknown to the client
	Tries   int           // maximum, including the first try
	Backoff Range         // wait before a retry
	Hedge   Ratio         // share of requests that an impatient client sends twice at the same time
	Repeat  Ratio         // share of acknowledged grants that are sent again later (a double tap)
}

// Range is a closed range of durations.
type Range struct{ Min, Max time.Duration }

// Play is one of the five plays (B3).
type Play string

// The plays.
const (
	CardCollection Play = "card-collection"
	CardLottery    Play = "card-lottery"
	Rain           Play = "rain"
	FriendRain     Play = "friend-rain"
	Fireworks      Play = "fireworks"
)

// Window is a period in which one play grants rewards.
type Window struct {
	Name   string
	Play   Play
	Stage  wallet.Stage
	Scene  wallet.SceneID
	Rain   int32
	Start  time.Time
	Rate   []Point      // grants a second over the window, linear between points; first At is 0
	Amount []AmountBand // distribution of the amount of a grant
	People Ratio        // invited share of People, from index 0 on; 1/1 = all
	Peak   bool         // the report compares this window's figures with the source

	Rules // of the play (B3)
}

// Point is a rate in grants a second at a moment of a window. Scaling multiplies rates exactly.
type Point struct {
	At   time.Duration
	Rate Ratio
}

// AmountBand is a range of amounts and its weight.
type AmountBand struct {
	Min, Max wallet.Money
	Weight   int
}

// Capacity describes the machines. Scale changes rates, but not latencies.
type Capacity struct {
	NodeInstances     int           // instances of the asset centre
	LedgerInstances   int           // database instances
	LedgerInstanceTPS Ratio         // entries a second one instance posts (S2: 300,000/152)
	PostingBatch      int           // maximum number of credits in one transaction
	PosterShards      int           // backlog shards, each with one poster
	LedgerQueue       time.Duration // a ledger call that would wait longer than this is refused as overloaded
}

// LedgerTPS returns the entries a second that all ledger instances together post.
func (c Capacity) LedgerTPS() Ratio {
	return Ratio{c.LedgerInstanceTPS.Num * int64(c.LedgerInstances), c.LedgerInstanceTPS.Den}
}

// Latency is the distribution of the duration of one call, given by quantiles and linear between them.
type Latency struct{ Min, P50, P90, P99, Max time.Duration }

// LatencyDraws is the number of draws that Quantile distinguishes.
const LatencyDraws = 10_000

// Quantile returns the latency at the quantile u/LatencyDraws, for u in 0..LatencyDraws-1: linear between the five
// quantiles of l.
func (l Latency) Quantile(u int64) time.Duration {
	between := func(from, to time.Duration, u, width int64) time.Duration {
		return from + (to-from)*time.Duration(u)/time.Duration(width)
	}
	switch {
	case u < 5_000:
		return between(l.Min, l.P50, u, 5_000)
	case u < 9_000:
		return between(l.P50, l.P90, u-5_000, 4_000)
	case u < 9_900:
		return between(l.P90, l.P99, u-9_000, 900)
	}
	return between(l.P99, l.Max, u-9_900, 100)
}

// Withdraw configures the withdrawal control (B7).
type Withdraw struct {
	Release   Ratio   // grey release: share of people who may withdraw
	WhiteList []int64 // indexes of people who may always withdraw

	PerDay   wallet.Money // limit per person and day in China; 0 = no limit
	Times    int          // withdrawals per person and day in China; 0 = no limit
	Declined Ratio        // share of payouts that the bank refuses permanently
}

// Limited reports whether there is a daily limit.
func (w Withdraw) Limited() bool { return w.PerDay > 0 || w.Times > 0 }

// Controlled reports whether there is a daily limit or the bank declines payouts. If so, the report counts the reasons of
// refused withdrawals.
func (w Withdraw) Controlled() bool { return w.Limited() || w.Declined.Num > 0 }

// Downstreams configures the simulated downstream systems of rewards other than cash, and their faults (B4). With the zero
// value they settle every order at once, and a reward can be used for a day.
type Downstreams struct {
	Processing  time.Duration // time from acceptance to decision, for systems that accept first and decide later
	Validity    time.Duration // how long a reward can be used; 0 = a day
	Declined    Ratio         // share of orders that are refused permanently
	GarbleEvery int           // one reply in this many is unreadable; 0 = none
	Silent      bool          // no callbacks are sent
}

// Crypto configures how a simulation seals tokens; --crypto overrides it.
type Crypto struct {
	RealShare Ratio // share of tokens sealed with the real cryptography when the run is modelled
}

// FaultKind is the kind of a fault.
type FaultKind string

// The faults.
const (
	FaultTimeout FaultKind = "timeout" // the share Ratio of the calls gets no answer; of these, the share Applied takes effect
	FaultDown    FaultKind = "down"    // calls fail at once without effect
	FaultFlush   FaultKind = "flush"   // the store loses all data at From
	FaultCrash   FaultKind = "crash"   // one instance crashes per interval Every and restarts after For
	FaultSkew    FaultKind = "skew"    // the instances' clocks differ by up to Skew during the whole run
)

// Fault is one fault of the scenario.
type Fault struct {
	Kind       FaultKind
	Dependency string // one of Dependencies; "node" for crash and skew
	From, To   time.Time
	Ratio      Ratio         // timeout: share of calls
	Applied    Ratio         // timeout: share of those that took effect
	Every      time.Duration // crash
	For        time.Duration // crash: downtime of the instance
	Skew       time.Duration // skew
}

// When formats a moment as in scenario files.
func When(t time.Time) string { return t.In(Shanghai()).Format("2006-01-02 15:04:05") }

// String prints the fault as one line.
func (f Fault) String() string {
	between := fmt.Sprintf("from %s to %s", When(f.From), When(f.To))
	switch f.Kind {
	case FaultTimeout:
		return fmt.Sprintf("timeout of %v of the calls to %s (%v of them applied) %s", f.Ratio, f.Dependency, f.Applied, between)
	case FaultDown:
		return fmt.Sprintf("%s down %s", f.Dependency, between)
	case FaultFlush:
		return fmt.Sprintf("%s flushed at %s", f.Dependency, When(f.From))
	case FaultCrash:
		return fmt.Sprintf("crash of a %s every %v for %v %s", f.Dependency, f.Every, f.For, between)
	case FaultSkew:
		return fmt.Sprintf("clocks differ by up to %v", f.Skew)
	}
	return string(f.Kind)
}

// MaxPeople bounds the people of a scenario: more than the population of China.
const MaxPeople = 1_500_000_000

// Shanghai returns the zone of the festival. China has had no summer time since 1991, so no zone files are needed.
func Shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }
