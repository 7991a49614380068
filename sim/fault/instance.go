package fault

import (
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/world"
)

// Instance is one service instance in virtual time: it runs, crashes and restarts.
type Instance struct {
	world       *world.World
	skew        time.Duration
	incarnation int64 // counted from 1; a process that entered in an earlier one is dead
	up          bool
}

// crashed unwinds a process whose instance has crashed.
type crashed struct{}

// NewInstance returns an instance that is up and whose clock is off by skew.
func NewInstance(w *world.World, skew time.Duration) *Instance {
	return &Instance{world: w, skew: skew, incarnation: 1, up: true}
}

// Now implements wallet.Clock: the instance's own clock.
func (i *Instance) Now() wallet.Instant {
	return wallet.Instant((i.world.Now() + int64(i.skew)) / int64(time.Microsecond))
}

// Up reports whether the instance accepts requests.
func (i *Instance) Up() bool { return i.up }

// Crash stops the instance and all its processes: each is unwound at its next port call.
func (i *Instance) Crash() { i.incarnation, i.up = i.incarnation+1, false }

// Restart starts it again.
func (i *Instance) Restart() { i.up = true }

// Run runs fn inside the instance, within a process. wallet.ErrUnavailable: it is down and nothing was done.
// wallet.ErrUnknown: it crashed meanwhile, and fn was done in part, in full or not at all.
func (i *Instance) Run(fn func() error) (err error) {
	if !i.up {
		return wallet.ErrUnavailable
	}
	outside := i.world.Tag()
	i.world.SetTag(i.incarnation)
	defer func() {
		i.world.SetTag(outside)
		switch v := recover().(type) {
		case nil:
		case crashed:
			err = wallet.ErrUnknown
		default:
			panic(v)
		}
	}()
	return fn()
}

// check unwinds the current process if the instance has crashed since the process entered it.
func (i *Instance) check() {
	if i.world.Tag() != i.incarnation {
		panic(crashed{})
	}
}
