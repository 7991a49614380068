// Package mem implements every store of the wallet in memory: for simulations, tests and the embedded service. It is
// compact, because a full festival is 54 million grants in one process: records without pointers in slabs, chained by
// wallet; the parts of a grant's number other than its owner are interned to two bytes.
//
// Units: Bytes methods return bytes of memory, including unused capacity. Each store has one mutex, answers at once
// and ignores its context. Only Tokens calls another port while it holds its mutex: it writes to its Backlog in the
// same step.
//
// It must not wait, must not decide anything that its port does not specify, and keeps nothing over a restart.
package mem

import (
	"fmt"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// checkOwner returns ErrInvalid for a wallet that cannot head a chain: ActIDs are dense from 1.
func checkOwner(id wallet.ActID) error {
	if id <= 0 || id > slab.MaxKey {
		return fmt.Errorf("%w: act id %d is not in 1..%d", wallet.ErrInvalid, id, int64(slab.MaxKey))
	}
	return nil
}

// checkAmount returns ErrInvalid for an amount that is not above zero.
func checkAmount(m wallet.Money) error {
	if m <= 0 {
		return fmt.Errorf("%w: amount of %d fen", wallet.ErrInvalid, int64(m))
	}
	return nil
}

// eachOwner yields the records that collect returns for each owner, in ascending order. It holds the lock for one
// owner at a time, and not while it yields, so that an audit neither blocks the store nor deadlocks with itself.
func eachOwner[T any](mu *sync.Mutex, heads *slab.Heads, collect func(buf []T, owner int64) []T, yield func(T) bool) {
	var buf []T
	for owner, more := int64(-1), true; ; {
		mu.Lock()
		if owner, more = heads.Next(owner); more {
			buf = collect(buf[:0], owner)
		}
		mu.Unlock()
		if !more {
			return
		}
		for _, v := range buf {
			if !yield(v) {
				return
			}
		}
	}
}
