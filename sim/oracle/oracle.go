package oracle

import (
	"math"
	"time"
	"unsafe"

	hdrhistogram "github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Person is a human being: a dense index from 0, known to the crowd and not to the wallet.
type Person = int64

// MaxPerson bounds persons, so that one fits into half of a GrantID and, one up, into a number of slab.Heads.
const MaxPerson = math.MaxUint32 - 1

// Config says what the oracle judges.
type Config struct {
	Strategy wallet.Strategy
	Activity wallet.Activity // whose stages, budgets and caps hold
	People   int64           // how many persons to make room for; more may come

	// Skew is how far the ledger's clock may lie from the crowd's, either way; 0 where they share one. Postings
	// nearer than that to a read are not held against it.
	Skew time.Duration

	// Rewards and Packets say whether people win rewards other than cash and send packets: what they do not do is not
	// checked. Greetings says that a greeting may be given in place of any coupon, as while a switch says so (D3).
	Rewards, Packets, Greetings bool

	// Unstocked says that nothing that is won is counted against a stock, though the activity has some.
	Unstocked bool

	// MayBeOn says whether a degrade switch may have been on at some time between two moments (D3): what it says is not
	// done then is not held against the wallet. nil: none ever is.
	MayBeOn func(s wallet.Switch, from, to wallet.Instant) bool

	// Control is how withdrawing is controlled (B7); nil: nobody knows, as of a wallet that is seen from outside.
	Control *Control

	// Seen is told by Final of each acknowledged grant that is in the ledger, by ascending ActID; nil: nobody asks.
	Seen func(Seen)
}

// mayBeOn is Config.MayBeOn.
func (c *Config) mayBeOn(s wallet.Switch, from, to wallet.Instant) bool {
	return c.MayBeOn != nil && c.MayBeOn(s, from, to)
}

// Seen says how long one acknowledged grant kept its owner waiting.
type Seen struct {
	Scene  wallet.SceneID
	Rain   int32
	Stage  wallet.Stage
	Opened wallet.Instant
	Acked  wallet.Instant
	Wait   time.Duration // from the acknowledgement until the wallet page shows it; not below 0
	Delay  time.Duration // from the acknowledgement until it is in the ledger; not below 0
}

// The longest wait that the histogram tells apart, a day, and its precision, three significant figures.
const (
	maxWaitMS   = 24 * 60 * 60 * 1000
	waitFigures = 3
)

// Oracle judges one run. Create with New.
type Oracle struct {
	cfg     Config
	tallies [rules]tally
	plays   plays
	granted [wallet.Stages + 1]wallet.Money // acknowledged, by stage

	grants slab.Slab[grant]
	people slab.Heads // Person → newest grant
	owners slab.Heads // ActID → Person+1
	others slab.Heads // Person → 1, of who wins other rewards, sends packets or is sent some

	phones   []uint64 // bit by Person: joined from the start
	bindings map[Person]*binding

	asks    []ask // pages in flight and free places
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

	shown []uint32 // scratch: grants that the page being judged shows
	loose []item   // scratch: what a page may or may not contain

	waits    *hdrhistogram.Histogram
	maxDelay time.Duration
	off      wallet.Money
}

// New returns an oracle that has seen nothing.
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
// unless a page missed the grant: then it runs until the end of the last such read.
func (o *Oracle) Waits() *hdrhistogram.Histogram { return o.waits }

// MaxPostingDelay returns the longest time from an acknowledgement until the grant was in the ledger.
func (o *Oracle) MaxPostingDelay() time.Duration { return o.maxDelay }

// MoneyDifference returns Σ |acknowledged − in the ledger| over all grants, in fen, known after Final. A grant whose
// outcome its client never learnt may be in the ledger once and counts as right either way.
func (o *Oracle) MoneyDifference() wallet.Money { return o.off }

// Bytes returns the memory held; maps, which do not tell, by their worst case: just doubled and seven sixteenths full.
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
