package fake

import (
	"time"

	"hongbao/reference/wallet"
)

// Notice is a callback on its way: the request that the system makes of its caller.
type Notice struct {
	ID      uint64
	Request Request
}

// caller is a protocol that calls back.
type caller interface {
	callback(b *books, now wallet.Instant, c *coupon) Request
}

// notice is a callback that is to be made.
type notice struct {
	id     uint64
	coupon *coupon
	due    wallet.Instant
	tries  int
}

const (
	// callbackPause passes before a callback is made again.
	callbackPause = 15 * time.Second
	// maxCallbacks is how often one is made: after that its caller must poll.
	maxCallbacks = 5
	// maxNotices bounds the callbacks that wait: who is so far behind must poll.
	maxNotices = 1 << 16
)

// announce plans the callback that tells what was decided of c.
func (b *books) announce(c *coupon) {
	if b.later && !b.how.Silent && len(b.notices) < maxNotices {
		b.told++
		b.notices = append(b.notices, notice{id: b.told, coupon: c, due: c.ready})
	}
}

// due returns callbacks that are due and plans their repeats.
func (b *books) due(now wallet.Instant, limit int, speak caller) []Notice {
	var found []Notice
	kept := b.notices[:0]
	for _, n := range b.notices {
		if n.due <= now && len(found) < limit {
			b.settle(now, n.coupon)
			found = append(found, Notice{n.id, speak.callback(b, now, n.coupon)})
			n.due, n.tries = now.Add(callbackPause), n.tries+1
		}
		if n.tries < maxCallbacks {
			kept = append(kept, n)
		}
	}
	b.notices = kept
	return found
}

func (b *books) delivered(id uint64) {
	for i, n := range b.notices {
		if n.id == id {
			b.notices = append(b.notices[:i], b.notices[i+1:]...)
			return
		}
	}
}
