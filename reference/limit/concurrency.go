package limit

import (
	"context"
	"fmt"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
)

// SystemCalls bounds the concurrent calls of one instance to one system of another company: at answers of 50 ms, 1280 a
// second. Thirteen such systems that all hang occupy 832 requests, a fifth of those that an instance works on at once.
const SystemCalls = 64

// concurrency is a hook that bounds the concurrent calls (isolation, D4). No call waits for a place.
type concurrency struct {
	intercept.None
	name string
	gate Gate
}

// Before implements intercept.Hook. wallet.ErrLimited: too many calls are under way, and nothing was done.
func (c *concurrency) Before(context.Context, intercept.Call) (intercept.Note, error) {
	if !c.gate.Enter(1) {
		return intercept.Note{}, fmt.Errorf("%w: %d calls to %s are under way", wallet.ErrLimited, c.gate.Max, c.name)
	}
	return intercept.Note{}, nil
}

// Release implements intercept.Hook.
func (c *concurrency) Release() { c.gate.Leave(1) }

// LimitBankConcurrency returns a bank with at most this many concurrent calls. wallet.ErrLimited: nothing was paid.
func LimitBankConcurrency(b wallet.Bank, calls int64) wallet.Bank {
	return intercept.Bank(b, &concurrency{name: "the bank", gate: Gate{Max: calls}})
}

// LimitDownstreamConcurrency returns a reward type's system with at most this many concurrent calls. wallet.ErrLimited: nothing
// was sent.
func LimitDownstreamConcurrency(a wallet.AwardType, d wallet.Downstream, calls int64) wallet.Downstream {
	return intercept.Downstream(d, &concurrency{name: a.String(), gate: Gate{Max: calls}})
}
