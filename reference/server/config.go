package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// Config is how a server listens and what it bears. What is left zero gets the value that its comment names.
type Config struct {
	// Addr is where the API listens: host:port; port 0 lets the system choose.
	Addr string

	// TLSCert and TLSKey name PEM files. Both or neither; without them the API is spoken in clear, for use behind
	// something that ends TLS. HTTP/1.1 and HTTP/2 are spoken either way.
	TLSCert, TLSKey string

	// DebugAddr is where pprof and the metrics listen; a missing host means loopback. Empty: nowhere.
	DebugAddr string

	// MaxBody is the largest request body in bytes; 1 MiB.
	MaxBody int64

	// Deadline is the longest that a request may take, its body not counted; a client may ask for less. 3 s.
	Deadline time.Duration

	// BodyTimeout is how long a request may take to arrive in full; 10 s.
	BodyTimeout time.Duration

	// MaxInFlight is how many requests of upstreams, and as many of users, are worked on at once (L1). More are refused
	// with wallet.ErrOverloaded and nothing done: a queue here would only turn refusals into time-outs. 1024.
	MaxInFlight int

	// MaxConnections bounds open connections; more wait to be accepted. 10,000.
	MaxConnections int

	// DrainDelay is how long the server, told to stop, still serves while /readyz says no, so that load balancers
	// look elsewhere. DrainTimeout bounds how long it then waits for what runs; 10 s.
	DrainDelay, DrainTimeout time.Duration

	// Keys are those who may ask.
	Keys auth.Keys
}

// defaults fills in what was left zero.
func (c *Config) defaults() {
	setDefault(&c.MaxBody, 1<<20)
	setDefault(&c.Deadline, 3*time.Second)
	setDefault(&c.BodyTimeout, 10*time.Second)
	setDefault(&c.MaxInFlight, 1024)
	setDefault(&c.MaxConnections, 10_000)
	setDefault(&c.DrainTimeout, 10*time.Second)
	if host, port, err := net.SplitHostPort(c.DebugAddr); err == nil && host == "" {
		c.DebugAddr = net.JoinHostPort("127.0.0.1", port)
	}
}

func setDefault[T int | int64 | time.Duration](to *T, value T) {
	if *to == 0 {
		*to = value
	}
}

// validate returns every fault.
func (c *Config) validate() error {
	var faults []error
	if (c.TLSCert == "") != (c.TLSKey == "") {
		faults = append(faults, errors.New("server: TLS needs a certificate and a key, there is one of them"))
	}
	if c.MaxBody < 0 || c.Deadline < 0 || c.BodyTimeout < 0 || c.MaxInFlight < 0 || c.MaxConnections < 0 || c.DrainDelay < 0 || c.DrainTimeout < 0 {
		faults = append(faults, fmt.Errorf("server: a limit is below zero: body %d bytes, deadline %s, body time-out %s, in flight %d, connections %d, drain %s and %s",
			c.MaxBody, c.Deadline, c.BodyTimeout, c.MaxInFlight, c.MaxConnections, c.DrainDelay, c.DrainTimeout))
	}
	return errors.Join(append(faults, c.Keys.Validate())...)
}

// Ports is what a server stands on.
type Ports struct {
	Service  wallet.Service
	Shadow   wallet.Service // for marked load (K2); nil: marked requests are refused
	Marked   Marked         // what operators do with the wallet of marked load; nil: nothing
	Query    Query          // nil: the queries are not served
	Operator Operator       // nil: operators' calls are not served
	Audit    wallet.AuditLog
	Leases   wallet.Leases // nil: an operator's or the account system's captured request is refused by the instance alone that saw it
	Clock    wallet.Clock
	Metrics  *Metrics     // nil: its own
	Log      *slog.Logger // nil: silent
}

// Query answers upstreams about a person (B6). Every error carries a wallet.Code.
type Query interface {
	Balance(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	Income(ctx context.Context, c wallet.Caller) (wallet.Money, error)
	HasWon(ctx context.Context, c wallet.Caller) (bool, error)
	// ForcePost posts what is due to the person. Idempotent.
	ForcePost(ctx context.Context, c wallet.Caller, tokens [][]byte) error
	// RunningTotal returns what this instance last heard; false: nothing yet.
	RunningTotal(s wallet.Stage) (wallet.Money, bool)
}

// Operator is what people who run the service may do. Every error carries a wallet.Code.
type Operator interface {
	wallet.Switches
	Inspector
}

// Inspector is what operators may ask about a wallet, the live one or that of marked load. Every error carries a
// wallet.Code.
type Inspector interface {
	Status(ctx context.Context) (Status, error)
	// AuditBudget gives back what stranded blocks of the stage never granted, and returns how much. Idempotent.
	AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error)
	Reconcile(ctx context.Context) (Reconciliation, error)
}

// Marked is what operators may do with the wallet of marked load (K2). Every error carries a wallet.Code.
type Marked interface {
	Inspector
	// CleanUp throws away all that marked load has left, and returns how many keys that were in Redis; the wallet is then
	// as new. Forced, it lets marked requests that are worked on end first, and throws postings away that are held; else
	// it returns ErrMarkedBusy or ErrMarkedHeld for them. ErrMarkedShared: other instances live, which would go on with
	// what they remember. Idempotent. ErrUnknown and ErrUnavailable: repeat it; until then marked requests may be refused.
	CleanUp(ctx context.Context, force bool) (keys int64, err error)
}

// Status is how a wallet stands.
type Status struct {
	Strategy   wallet.Strategy
	Activity   wallet.ActivityID // the parent that is served
	Instances  []string
	Backlog    int64         // postings that the ledger has not taken yet
	BacklogAge time.Duration // of the oldest; below zero: not known
	OpenOrders int64
	Budgets    []BudgetStatus
}

// BudgetStatus is how one stage's budget stands.
type BudgetStatus struct {
	Stage  wallet.Stage
	Budget wallet.Money
	wallet.Quota
}

// Reconciliation is what comparing the books found.
type Reconciliation struct {
	Orders      int64
	Entries     int64               // of grants, in the ledger
	Sum         wallet.Money        // over all accounts: 0 in a sound ledger at rest
	Count       int64               // differences in all
	Differences []wallet.Difference // the first of them
}
