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
	Change      *StageChange  // nil: the tree stays as it is
	Drain       time.Duration // after the last window, how long the backlog may take before it counts as stuck
	Thresholds  []Threshold   // of runs in real time

	RunningTotal *RunningTotal // nil: ways to keep it are not compared
	Coupons      *Coupons      // nil: ways to count coupons are not compared
	Limits       *Limits       // nil: ways to limit a rate are not compared
	Switches     []SwitchTurn  // what operators throw
	Drill        *Drill        // nil: the scenario is no drill
}

// Dependencies are the names that latencies and faults may use.
var Dependencies = []string{"client", "identity", "orders", "budget", "tokens", "backlog", "ledger", "withdrawals", "bank",
	"items", "stock", "downstreams", "packets", "config", "locks", "limits", "totals"}

// People says who takes part.
type People struct {
	Count     int64     // people, all stages together
	AppsHeld  []int     // weights of holding 1, 2, … apps
	Phone     Ratio     // share whose accounts are bound to their phone from the start
	BindLater Ratio     // of the others: share that binds it during the official stage, after a win
	After     AfterWin  // what people do after winning
	Client    ClientTry // how their app repeats what had no answer
}

// Ratio is Num in Den.
type Ratio struct{ Num, Den int64 }

// AfterWin is the behaviour after a win (B5). Delays are drawn evenly from their range.
type AfterWin struct {
	Look          Ratio // share that looks at the wallet page
	LookDelay     Range // how soon
	OtherApp      Ratio // of the looks: share made in another app of the same person
	Browse        Ratio // of the looks: share that walks the whole list in small pages
	Withdraw      Ratio // of those who looked: share that withdraws the whole balance shown
	WithdrawDelay Range //
	ComeBack      Ratio // of the lookers: share that looks again
	ComeBackDelay Range //
	KeepTokens    Ratio // share of people whose client keeps its tokens and restores with them (T8)

	// Of rewards other than cash (P3) and of packets to others (P4).
	Use        Ratio // of those who won one: share that uses it
	UseDelay   Range // how soon
	Send       Ratio // of the lookers with a balance: share that sends some of it to others
	SendDelay  Range //
	SendShares int   // at most so many people get a share of one packet
	Open       Ratio // of those whom a share is for: share that opens it; the others' goes back
	OpenDelay  Range //
}

// ClientTry is how a client repeats.
type ClientTry struct {
	Timeout time.Duration // no answer after this: the outcome is unknown to the client
	Tries   int           // at most, the first included
	Backoff Range         // wait before a repeat
	Hedge   Ratio         // share of requests sent twice at once by an impatient client
	Repeat  Ratio         // share of acknowledged grants that are sent once more later (a double tap)
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

// Window is a stretch of time in which one play offers rewards of one scene.
type Window struct {
	Name   string
	Play   Play
	Stage  wallet.Stage
	Scene  wallet.SceneID
	Rain   int32
	Start  time.Time
	Rate   []Point      // grants a second over the window, linear between points; first At is 0
	Amount []AmountBand // what a grant is worth
	People Ratio        // share of People that is invited: the first so many; 1/1 = all
	Peak   bool         // the window whose figures the report compares with the source

	Rules // of the play (B3)
}

// Point is a rate at a moment of a window. Rates are in grants a second; scaling multiplies them exactly.
type Point struct {
	At   time.Duration
	Rate Ratio
}

// AmountBand is a range of amounts and its weight.
type AmountBand struct {
	Min, Max wallet.Money
	Weight   int
}

// Capacity is what the machines hold. Rates scale; latencies do not.
type Capacity struct {
	NodeInstances     int           // of the asset centre
	LedgerInstances   int           // database instances
	LedgerInstanceTPS Ratio         // entries a second one instance posts (S2: 300,000/152)
	PostingBatch      int           // credits in one transaction, at most
	PosterShards      int           // backlog shards, each with one poster
	LedgerQueue       time.Duration // a ledger call that would wait longer than this is refused as overloaded
}

// LedgerTPS returns the entries a second of all ledger instances together.
func (c Capacity) LedgerTPS() Ratio {
	return Ratio{c.LedgerInstanceTPS.Num * int64(c.LedgerInstances), c.LedgerInstanceTPS.Den}
}

// Latency is the time one call takes, drawn from quantiles and linear between them.
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

// Withdraw is the control of withdrawing (B7).
type Withdraw struct {
	Release   Ratio   // grey release: share of people who may withdraw
	WhiteList []int64 // indexes of people who may in any case

	PerDay   wallet.Money // what one person may withdraw in a day of China; 0 = no bound
	Times    int          // how often one person may in such a day; 0 = no bound
	Declined Ratio        // share of payouts that the bank refuses for good
}

// Limited says whether there is a limit of the day.
func (w Withdraw) Limited() bool { return w.PerDay > 0 || w.Times > 0 }

// Controlled says whether there is one, or a bank that declines: then what withdrawals are refused for is worth counting.
func (w Withdraw) Controlled() bool { return w.Limited() || w.Declined.Num > 0 }

// Crypto says how tokens are sealed in a simulation unless --crypto says otherwise.
type Crypto struct {
	RealShare Ratio // share of tokens sealed with the real cryptography when the run is modelled
}

// FaultKind is what a fault does.
type FaultKind string

// The faults.
const (
	FaultTimeout FaultKind = "timeout" // calls get no answer: Ratio of them, of which Applied took effect
	FaultDown    FaultKind = "down"    // calls fail at once with nothing done
	FaultFlush   FaultKind = "flush"   // the store loses everything at From
	FaultCrash   FaultKind = "crash"   // an instance stops with all it was doing: one every Every, back after For
	FaultSkew    FaultKind = "skew"    // instances' clocks differ by up to Skew, for the whole run
)

// Fault is one fault. It prints itself as text.
type Fault struct {
	Kind       FaultKind
	Dependency string // one of Dependencies; "node" for crash and skew
	From, To   time.Time
	Ratio      Ratio         // timeout: share of calls
	Applied    Ratio         // timeout: share of those that took effect
	Every      time.Duration // crash
	For        time.Duration // crash: how long the instance stays away
	Skew       time.Duration // skew
}

// When prints a moment as files write it.
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

const MaxPeople = 1_500_000_000 // everybody in China

// Shanghai is the zone of the festival. China has had no summer time since 1991, so no zone files are needed.
func Shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }
