// Package intercept puts a hook around each call of a port. It has one wrapper for each port, which forwards every method
// of that port once. Faults, breakers, concurrency limits, counters and traces are hooks, so none of them forwards methods.
//
// Several hooks on one port are nested wrappers: the outermost hook is called first and returns last. A call that goes
// through a wrapper needs no heap memory unless a hook postpones it. The package holds no state, starts no goroutine and
// reads no clock. It must not decide anything itself: whether a call takes place, waits or fails is the hook's decision.
package intercept

import (
	"context"

	"hongbao/reference/wallet"
)

// Port names a port.
type Port string

// The ports that have a wrapper.
const (
	PortIdentities  Port = "identities"
	PortOrders      Port = "orders"
	PortOpenOrders  Port = "open orders"
	PortAdmissions  Port = "admissions"
	PortBudgets     Port = "budgets"
	PortTokens      Port = "tokens"
	PortBacklog     Port = "backlog"
	PortLedger      Port = "ledger"
	PortWithdrawals Port = "withdrawals"
	PortDays        Port = "days"
	PortBank        Port = "bank"
	PortPackets     Port = "packets"
	PortItems       Port = "items"
	PortDownstream  Port = "downstream"
	PortStocks      Port = "stocks"
	PortStockParts  Port = "stock parts"
	PortPermits     Port = "permits"
	PortTotals      Port = "totals" // wallet.Totals and wallet.TotalsReader
)

// Call describes one call of a port. It is passed by value, so that it stays on the stack.
type Call struct {
	Port   Port
	Method string // of the port's interface, such as "Create"

	// The key of the call; zero fields if it has none. A batch has the order number of its first element.
	Order   wallet.OrderNo
	Account wallet.Account // the account that is looked up, or the one that chose Request
	Request int64          // the rest of the number of a withdrawal or a packet
	Person  wallet.ActID   // the wallet, if none of the above is set

	Items      []wallet.Item // of a batch of rewards; read only
	Writes     int64         // number of records that it writes; 0: it only reads
	Background bool          // made only by posters and chores: no request waits for it
}

// Note is passed from Before to After of the same call. Only the hook interprets it.
type Note struct {
	N    int64
	Flag bool
}

// Answer is the port's answer, as far as hooks need it.
type Answer struct {
	Err     error
	Count   int                 // records that were created, posted or leased by this call
	Answers []wallet.ItemResult // of Downstream.Issue: one for each of Call.Items; read only
}

// Hook is called around each call of a port. It must be safe for as many concurrent calls as the port is.
type Hook interface {
	// Before is called first, and may wait. If it returns an error, the port is not called and the caller gets that error;
	// see also Postponed.
	Before(ctx context.Context, c Call) (Note, error)
	// After is called with the port's answer, and returns the error that the caller gets. The other results of the port
	// reach the caller unchanged. It is not called if Before returned an error or the port panicked.
	After(ctx context.Context, c Call, n Note, a Answer) error
	// Release is called last if Before returned no error, also if the port or After panicked: the simulator unwinds the
	// calls of a crashed instance by a panic.
	Release()
}

// None is a hook that does nothing. Hooks embed it and define the methods that they need.
type None struct{}

var _ Hook = None{}

// Before implements Hook.
func (None) Before(context.Context, Call) (Note, error) { return Note{}, nil }

// After implements Hook.
func (None) After(_ context.Context, _ Call, _ Note, a Answer) error { return a.Err }

// Release implements Hook.
func (None) Release() {}

// Postponed is the error that Before returns to have the call made later, after its caller has given up.
type Postponed struct {
	// Schedule is called at most once, with the call to make later. It returns the error that the caller gets, and may wait
	// first.
	Schedule func(call func()) error
}

// Error implements error. No caller of a port gets it.
func (*Postponed) Error() string { return "intercept: the call is postponed" }

// stopped returns the caller's error for a call that did not pass Before.
func stopped(err error, call func()) error {
	if p, ok := err.(*Postponed); ok {
		return p.Schedule(call)
	}
	return err
}

// Do puts h around a call that has no wrapper here.
func Do(ctx context.Context, h Hook, c Call, call func() error) error {
	n, err := h.Before(ctx, c)
	if err != nil {
		return stopped(err, func() { _ = call() })
	}
	defer h.Release()
	return h.After(ctx, c, n, Answer{Err: call()})
}
