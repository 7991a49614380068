package fake

import (
	"time"

	"hongbao/reference/wallet"
)

// Notice is a callback to be sent: the system's request to its caller.
type Notice struct {
	ID      uint64
	Request Request
}

// callbackProtocol is a protocol that sends callbacks.
type callbackProtocol interface {
	callback(b *backend, now wallet.Instant, c *coupon) Request
}

// notice is a pending callback.
type notice struct {
	id     uint64
	coupon *coupon
	due    wallet.Instant
	tries  int
}

const (
	// callbackPause is the time between repeats of a callback.
	callbackPause = 15 * time.Second
	// maxCallbacks bounds the attempts of one callback. After that the caller must query.
	maxCallbacks = 5
	// maxNotices bounds the pending callbacks. Beyond it the caller must query.
	maxNotices = 1 << 16
)

// scheduleCallback schedules the callback that reports c's result.
func (b *backend) scheduleCallback(c *coupon) {
	if b.decidesLater && !b.behaviour.Silent && len(b.notices) < maxNotices {
		b.lastID++
		b.notices = append(b.notices, notice{id: b.lastID, coupon: c, due: c.decidedAt})
	}
}

// dueCallbacks returns the due callbacks and schedules their repeats.
func (b *backend) dueCallbacks(now wallet.Instant, limit int, speak callbackProtocol) []Notice {
	var found []Notice
	pending := b.notices[:0]
	for _, n := range b.notices {
		if n.due <= now && len(found) < limit {
			b.settle(now, n.coupon)
			found = append(found, Notice{n.id, speak.callback(b, now, n.coupon)})
			n.due, n.tries = now.Add(callbackPause), n.tries+1
		}
		if n.tries < maxCallbacks {
			pending = append(pending, n)
		}
	}
	b.notices = pending
	return found
}

func (b *backend) delivered(id uint64) {
	for i, n := range b.notices {
		if n.id == id {
			b.notices = append(b.notices[:i], b.notices[i+1:]...)
			return
		}
	}
}
