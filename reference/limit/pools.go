package limit

import (
	"fmt"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Class is a kind of traffic.
type Class uint8

// The classes (L3).
const (
	Activity Class = iota // the festival's
	Everyday              // all else: what people do on any day
	classes
)

// Pools bounds how many requests of each class are worked on at a time, each class apart: a crowd of one takes no room
// of the other. Nobody waits: who finds the pool full is told so.
type Pools struct {
	max [classes]int64
	in  [classes]atomic.Int64
}

// NewPools returns pools of these sizes. ErrInvalid: a size is below one.
func NewPools(activity, everyday int) (*Pools, error) {
	if activity < 1 || everyday < 1 {
		return nil, fmt.Errorf("%w: limit: pools of %d and %d", wallet.ErrInvalid, activity, everyday)
	}
	return &Pools{max: [classes]int64{int64(activity), int64(everyday)}}, nil
}

// Enter takes n places in a class's pool, or wallet.ErrOverloaded and nothing is taken. Leave gives them back.
func (p *Pools) Enter(c Class, n int64) error {
	if p.in[c].Add(n) > p.max[c] {
		p.in[c].Add(-n)
		return wallet.ErrOverloaded
	}
	return nil
}

// Leave gives n places back.
func (p *Pools) Leave(c Class, n int64) { p.in[c].Add(-n) }

// In returns how many are in a class's pool.
func (p *Pools) In(c Class) int64 { return p.in[c].Load() }
