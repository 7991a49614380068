package oracle

import (
	"math"
	"time"
	"unsafe"

	hdrhistogram "github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Person is a human being: a dense index from 0, known to the crowd but not to the wallet.
type Person = int64

// maxPerson bounds persons, so that Person fits into half of a GrantID and Person+1 into a number of slab.Heads.
const maxPerson = math.MaxUint32 - 1

// Config describes the run that the oracle judges.
type Config struct {
	Strategy wallet.Strategy
	Activity wallet.Activity // whose stages, budgets and caps apply
	People   int64           // expected number of persons; more are possible

	// Skew is the largest offset between the ledger's clock and the crowd's, in both directions; 0 if they share one.
	// Postings closer than that to a read do not count as violations.
	Skew time.Duration

	// Rewards and Packets report whether people win rewards other than cash and send packets. If not, the checks of them
	// are left out. Greetings reports that a greeting may replace any coupon, as while a switch asks for it (D3).
	Rewards, Packets, Greetings bool

	// Unstocked reports that no win is counted against a stock, although the activity has stocks.
	Unstocked bool

	// MayBeOn reports whether a degrade switch may have been on at some time between two moments (D3). What the switch
	// turns off is then not a violation. nil: no switch is ever on.
	MayBeOn func(s wallet.Switch, from, to wallet.Instant) bool

	// Control describes the limits on withdrawals (B7); nil: not known, as for a wallet that is seen from outside.
	Control *Control

	// OnGrantWait is called by Final for each acknowledged grant in the ledger, by ascending ActID; nil: not called.
	OnGrantWait func(GrantWait)
}

// mayBeOn is Config.MayBeOn.
func (c *Config) mayBeOn(s wallet.Switch, from, to wallet.Instant) bool {
	return c.MayBeOn != nil && c.MayBeOn(s, from, to)
}

// GrantWait is how long the owner of one acknowledged grant waited.
type GrantWait struct {
	Scene  wallet.SceneID
	Rain   int32
	Stage  wallet.Stage
	Opened wallet.Instant
	Acked  wallet.Instant
	Wait   time.Duration // from the acknowledgement until the wallet page shows it; not below 0
	Delay  time.Duration // from the acknowledgement until it is in the ledger; not below 0
}

// The largest wait of the histogram, a day, and its precision in significant figures.
const (
	maxWaitMS   = 24 * 60 * 60 * 1000
	waitFigures = 3
)

// Oracle judges one run. Create with New.
type Oracle struct {
	cfg     Config
	tallies [checkCount]tally
	plays   plays
	granted [wallet.Stages + 1]wallet.Money // acknowledged, by stage

	grants slab.Slab[grant]
	people slab.Heads // Person → newest grant
	owners slab.Heads // ActID → Person+1
	others slab.Heads // Person → 1, for people who won other rewards or sent or received packets

	phones   []uint64 // bit by Person: joined from the start
	bindings map[Person]*binding

	asks    []ask // pages in flight and free slots
	free    uint32
	reading map[Person]uint32 // newest ask in flight
	walks   []walk
	idle    []WalkID
	reads   slab.Slab[read] // kept until Final; StrategySync and StrategyAsync only
	lost    wallet.Instant  // see TokensLost

	withdrawals slab.Slab[withdrawal]
	withdrawn   map[Person]uint32 // newest withdrawal
	numbered    map[wallet.WithdrawalNo]uint32

	rewards rewards
	packets packets

	shown     []uint32 // scratch: grants that the page being judged shows
	uncertain []item   // scratch: what a page may or may not contain

	waits      *hdrhistogram.Histogram
	maxDelay   time.Duration
	difference wallet.Money
}

// New returns an oracle without any observations.
func New(cfg Config) *Oracle {
	return &Oracle{
		cfg:       cfg,
		phones:    make([]uint64, (cfg.People+63)/64),
		bindings:  map[Person]*binding{},
		asks:      make([]ask, 1), // 0 means none
		reading:   map[Person]uint32{},
		withdrawn: map[Person]uint32{},
		numbered:  map[wallet.WithdrawalNo]uint32{},
		rewards:   newRewards(),
		packets:   newPackets(),
		waits:     hdrhistogram.New(1, maxWaitMS, waitFigures),
	}
}

// Waits returns the visible waits of acknowledged grants in ms, filled by Final. Under StrategyToken the wait is zero
// unless a page did not show the grant; then it lasts until the end of the last such page.
func (o *Oracle) Waits() *hdrhistogram.Histogram { return o.waits }

// MaxPostingDelay returns the longest time from an acknowledgement until the grant was in the ledger.
func (o *Oracle) MaxPostingDelay() time.Duration { return o.maxDelay }

// MoneyDifference returns Σ |acknowledged − in the ledger| over all grants, in fen, known after Final. A grant whose
// outcome its client never learned may be in the ledger once or not at all; neither is a difference.
func (o *Oracle) MoneyDifference() wallet.Money { return o.difference }

// Bytes returns the memory held. Maps are counted by their worst case: just doubled and seven sixteenths full.
func (o *Oracle) Bytes() int64 {
	const (
		entry    = int64(unsafe.Sizeof(Person(0)) + unsafe.Sizeof(uint32(0)))
		numbered = int64(unsafe.Sizeof(wallet.WithdrawalNo{}) + unsafe.Sizeof(uint32(0)))
		bind     = int64(unsafe.Sizeof(Person(0)) + unsafe.Sizeof(&binding{}))
	)
	n := o.grants.Bytes() + o.people.Bytes() + o.owners.Bytes() + o.others.Bytes() + o.reads.Bytes() + o.withdrawals.Bytes()
	n += int64(cap(o.phones))*8 + int64(cap(o.asks))*int64(unsafe.Sizeof(ask{})) + int64(cap(o.walks))*int64(unsafe.Sizeof(walk{}))
	n += int64(cap(o.rewards.list))*int64(unsafe.Sizeof(reward{})) + int64(cap(o.packets.list))*int64(unsafe.Sizeof(packet{}))
	inMaps := entry*int64(len(o.reading)+len(o.withdrawn)) + numbered*int64(len(o.numbered)) + bind*int64(len(o.bindings))
	return n + inMaps*16/7 + int64(len(o.bindings))*int64(unsafe.Sizeof(binding{}))
}
