package totals

import (
	"context"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// keysOfPlanOne is the source's number of keys (R2).
const keysOfPlanOne = 100

// planOne is the source's first plan (R2). Every grant is added at once to one of 100 keys, selected by actID%100. If the answer
// is lost there is no retry, because a retry might count twice. A reader caches the sum of all keys for one interval and then
// reads all keys again. A key that does not answer is omitted from the sum. There is no backup.
//
// The plan makes about 300,000 write calls and two million read calls a second, so calls are not processes here: a write takes
// effect at once, and a reader waits once, for the latency of the slowest of its 100 calls.
type planOne struct {
	redis *server
	sums  [keysOfPlanOne]wallet.Money
	cache []wallet.Money // by reader: the shown value plus one; 0: no value yet
}

func newPlanOne(w *world.World, r *scenarios.RunningTotal) *planOne {
	p := &planOne{redis: newServer(w, "plan one", r, keysOfPlanOne), cache: make([]wallet.Money, r.Readers)}
	for i := range p.sums {
		p.sums[i] = r.Before / keysOfPlanOne
	}
	p.sums[0] += r.Before % keysOfPlanOne
	return p
}

func (p *planOne) add(g grant) {
	p.redis.incrs++
	if p.redis.troubled() {
		switch p.redis.draw() {
		case lost, refused:
			return
		}
	}
	p.redis.count(g.key, 1)
	p.sums[g.key] += g.fen
}

func (p *planOne) flush(context.Context, int) {}
func (p *planOne) crash(int)                  {}

// refresh reads all keys. If no key answers, the reader keeps its value.
func (p *planOne) refresh(_ context.Context, reader int) bool {
	p.redis.gets += keysOfPlanOne
	sum, answers, troubled := wallet.Money(0), 0, p.redis.troubled()
	wait := p.redis.delay(9_900) // the slowest of 100 calls is about the 99th percentile
	for k, v := range &p.sums {
		if troubled {
			switch p.redis.draw() {
			case answered:
			case refused:
				continue
			default:
				wait = p.redis.timeout
				continue
			}
		}
		p.redis.count(k, 1)
		sum += v
		answers++
	}
	p.redis.world.Sleep(wait)
	if answers > 0 {
		p.cache[reader] = sum + 1
	}
	return answers == keysOfPlanOne
}

func (p *planOne) ready(reader int) bool { return p.cache[reader] > 0 }

func (p *planOne) shown(reader int) (wallet.Money, bool) {
	return p.cache[reader] - 1, p.cache[reader] > 0
}

func (p *planOne) primaryLost()                              { p.sums = [keysOfPlanOne]wallet.Money{} }
func (p *planOne) readBackup(bool)                           {}
func (p *planOne) synchronize(context.Context)               {}
func (p *planOne) repair(context.Context, wallet.Money) bool { return false }
func (p *planOne) agreed() bool                              { return true }
func (p *planOne) servers() []*server                        { return []*server{p.redis} }
