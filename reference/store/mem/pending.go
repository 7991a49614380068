package mem

import (
	"iter"
	"unsafe"

	"hongbao/reference/wallet"
)

// pendingBlock is the number of records per summary: few enough to be scanned in about a microsecond.
const pendingBlock = 1024

// pending indexes the records of a slab that still wait, so that a search for them does not read the millions that are
// done. The caller stores each record's state.
type pending struct {
	blocks []pendingSummary // block i summarises records i*pendingBlock to (i+1)*pendingBlock-1
	first  int              // watermark: all blocks before it are done
	count  int64            // records that wait
}

type pendingSummary struct {
	oldest wallet.Instant // lower bound of the creation times of the block's waiting records
	count  int32
}

// add registers record i, the newest of its slab, as waiting since created.
func (p *pending) add(i uint32, created wallet.Instant) {
	for int(i/pendingBlock) >= len(p.blocks) {
		p.blocks = append(p.blocks, pendingSummary{oldest: wallet.Never})
	}
	b := &p.blocks[i/pendingBlock]
	b.oldest = min(b.oldest, created)
	b.count++
	p.count++
}

// done registers that record i no longer waits.
func (p *pending) done(i uint32) {
	p.blocks[i/pendingBlock].count--
	p.count--
	for p.first < len(p.blocks)-1 && p.blocks[p.first].count == 0 {
		p.first++
	}
}

// before yields ranges of record numbers, first and last, that contain all waiting records created before the given
// time, in slab order. A range may extend beyond the end of the slab.
func (p *pending) before(at wallet.Instant) iter.Seq2[uint32, uint32] {
	return func(yield func(uint32, uint32) bool) {
		for i := p.first; i < len(p.blocks); i++ {
			if b := p.blocks[i]; b.count == 0 || b.oldest >= at {
				continue
			}
			first := uint32(i) * pendingBlock
			if !yield(max(first, 1), first+pendingBlock-1) {
				return
			}
		}
	}
}

// Bytes returns the memory used.
func (p *pending) Bytes() int64 {
	return int64(cap(p.blocks)) * int64(unsafe.Sizeof(pendingSummary{}))
}
