package mem

import (
	"iter"
	"unsafe"

	"hongbao/reference/wallet"
)

// pendingBlock is how many records share one summary: few enough to be read through in about a microsecond.
const pendingBlock = 1024

// pending knows where in a slab the records are that still wait for something, so that looking for them does not
// read the millions that are done. The caller keeps each record's state itself.
type pending struct {
	blocks []pendingSummary // block i sums up records i*pendingBlock to (i+1)*pendingBlock-1
	first  int              // watermark: all blocks before it are done
	count  int64            // records that wait
}

type pendingSummary struct {
	oldest wallet.Instant // no waiting record of the block was created before it
	count  int32
}

// add notes that record i, the newest of its slab, waits since created.
func (p *pending) add(i uint32, created wallet.Instant) {
	for int(i/pendingBlock) >= len(p.blocks) {
		p.blocks = append(p.blocks, pendingSummary{oldest: wallet.Never})
	}
	b := &p.blocks[i/pendingBlock]
	b.oldest = min(b.oldest, created)
	b.count++
	p.count++
}

// done notes that record i waits no more.
func (p *pending) done(i uint32) {
	p.blocks[i/pendingBlock].count--
	p.count--
	for p.first < len(p.blocks)-1 && p.blocks[p.first].count == 0 {
		p.first++
	}
}

// before yields ranges of record numbers, first and last, which hold all waiting records that were created before the
// instant, in the order of the slab. A range may reach beyond the end of the slab.
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

// Bytes returns the memory held.
func (p *pending) Bytes() int64 {
	return int64(cap(p.blocks)) * int64(unsafe.Sizeof(pendingSummary{}))
}
