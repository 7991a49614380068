package rewards

import (
	"sync"

	"hongbao/reference/wallet"
)

// pace limits this instance to its share of a downstream's calls a second. It is a token bucket with the calls of one
// second. With s instances and r calls a second, each instance makes at most r/s calls a second on average, and r/s at
// once.
type pace struct {
	perSecond int64 // in millionths of a call: r·10⁶/s
	mu        sync.Mutex
	left      int64 // in millionths of a call
	at        wallet.Instant
}

const wholeCall = 1_000_000

// newPace returns a full bucket; nil if perSecond is 0, which means no limit.
func newPace(perSecond, instances int) *pace {
	if perSecond == 0 {
		return nil
	}
	p := &pace{perSecond: max(1, int64(perSecond)*wholeCall/int64(instances))}
	p.left = p.full()
	return p
}

// full is the bucket's capacity: the calls of one second, at least one call, so that a small share eventually allows
// one.
func (p *pace) full() int64 { return max(p.perSecond, wholeCall) }

// take takes one call out of the bucket, or returns false if there is none.
func (p *pace) take(now wallet.Instant) bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == 0 {
		p.at = now
	}
	if in := p.filled(int64(now - p.at)); in > 0 {
		p.left, p.at = min(p.full(), p.left+in), now
	}
	if p.left < wholeCall {
		return false
	}
	p.left -= wholeCall
	return true
}

// filled returns the refill of so many microseconds, at most about the bucket's capacity.
func (p *pace) filled(micros int64) int64 {
	const second = 1_000_000
	if seconds := micros / second; seconds > 0 {
		return p.perSecond * min(seconds, wholeCall/p.perSecond+1)
	}
	return p.perSecond/second*micros + p.perSecond%second*micros/second
}
