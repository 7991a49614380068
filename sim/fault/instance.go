package fault

import (
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/world"
)

// Instance is one service instance as the world sees it: it runs, dies and comes back.
type Instance struct {
	world *world.World
	skew  time.Duration
	life  int64 // counts lives from 1; a process that entered in an earlier one is dead
	up    bool
}

// crashed is what unwinds a process whose instance died under it.
type crashed struct{}

// NewInstance returns an instance that is up and whose clock is off by skew.
func NewInstance(w *world.World, skew time.Duration) *Instance {
	return &Instance{world: w, skew: skew, life: 1, up: true}
}

// Now implements wallet.Clock: the instance's own idea of the present.
func (i *Instance) Now() wallet.Instant {
	return wallet.Instant((i.world.Now() + int64(i.skew)) / int64(time.Microsecond))
}

// Up says whether the instance takes requests.
func (i *Instance) Up() bool { return i.up }

// Crash stops the instance with all that it was doing: every process in it is unwound at its next port call.
func (i *Instance) Crash() { i.life, i.up = i.life+1, false }

// Restart brings it back, remembering nothing.
func (i *Instance) Restart() { i.up = true }

// Run runs fn inside the instance, within a process. wallet.ErrUnavailable: it is down and nothing was done.
// wallet.ErrUnknown: it died meanwhile, and how far fn came nobody knows.
func (i *Instance) Run(fn func() error) (err error) {
	if !i.up {
		return wallet.ErrUnavailable
	}
	outside := i.world.Tag()
	i.world.SetTag(i.life)
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

// check unwinds the current process when the instance has died since it entered.
func (i *Instance) check() {
	if i.world.Tag() != i.life {
		panic(crashed{})
	}
}
