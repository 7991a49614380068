package stock

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

const (
	// maxParts bounds the keys of one template: Issued reads all of them.
	maxParts = 256
	// moveAtOnce is the number of coupons that a part requests from another: large enough that requests are rare, and
	// at most a few seconds of a part's grants.
	moveAtOnce = 1024
	// emptyTakes is the number of takes of a part, after all other parts were empty, before they are asked again. Up to
	// that many orders may be refused before a coupon returned to another part, or a move whose reply was lost, is
	// found.
	emptyTakes = 64
	// refillRounds bounds how often other orders may take the coupons that were moved in for one order.
	refillRounds = 4
)

// SplitKey divides each template among several keys, by wallet, so that no key is hot. Each key remembers its orders,
// so a repeat counts once. A key without coupons gets some from the others. The sum stays exact: coupons are taken out
// of one key before another may grant them, and both keys store the total ever moved, so the next call recovers a lost
// reply. With one part it is the source's counter with a memory of orders.
//
// It depends on a store that may lose its last writes. Then it can grant more coupons than there are; only leased stock
// cannot.
type SplitKey struct {
	keys  wallet.StockParts
	parts int

	mu    sync.Mutex
	empty map[wallet.StockKey]int // remaining takes of a part before the others are asked again
}

var _ wallet.Stocks = (*SplitKey)(nil)

// NewSplitKey returns stocks counted by keys, with parts keys per template. The number must be the same in all
// instances and must not change while stocks are granted. ErrInvalid: it is outside 1..maxParts.
func NewSplitKey(keys wallet.StockParts, parts int) (*SplitKey, error) {
	if parts < 1 || parts > maxParts {
		return nil, fmt.Errorf("%w: stock split in %d parts, not 1 to %d", wallet.ErrInvalid, parts, maxParts)
	}
	return &SplitKey{keys: keys, parts: parts, empty: map[wallet.StockKey]int{}}, nil
}

// home returns the key that remembers the order.
func (s *SplitKey) home(no wallet.OrderNo, t wallet.RewardID) wallet.StockKey {
	return s.part(wallet.Template{Reward: t, Stage: no.Stage}, int(no.ActID%wallet.ActID(s.parts)))
}

func (s *SplitKey) part(t wallet.Template, n int) wallet.StockKey {
	return wallet.StockKey{Template: t, Part: n}
}

// initialShare returns the number of coupons that a part has before any are moved.
func (s *SplitKey) initialShare(total int64, part int) int64 {
	n := int64(s.parts)
	return (total + n - 1 - int64(part)) / n
}

// Take implements wallet.Stocks.
func (s *SplitKey) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	home := s.home(no, t)
	for range refillRounds {
		last := s.parts == 1 || s.othersEmpty(home)
		answer, err := s.keys.Take(ctx, home, no, s.initialShare(total, home.Part), last)
		if err != nil || answer != wallet.StockEmpty {
			return takeResult(answer, err)
		}
		if err := s.refill(ctx, home, total); err != nil {
			return err // an error of the move: the order itself has nothing yet
		}
	}
	return fmt.Errorf("%w: stock: part %d of %s is emptied as fast as it is refilled", wallet.ErrOverloaded, home.Part, t)
}

// takeResult converts the answer of a key into the result of Take. Any answer but StockGranted is a refusal.
func takeResult(a wallet.StockAnswer, err error) error {
	if err == nil && a != wallet.StockGranted {
		return wallet.ErrSoldOut
	}
	return err
}

// othersEmpty reports whether all other parts were empty a short time ago.
func (s *SplitKey) othersEmpty(k wallet.StockKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.empty[k] == 0 {
		return false
	}
	s.empty[k]--
	return true
}

// refill asks the other parts in turn until one has coupons to move, and records if none had.
func (s *SplitKey) refill(ctx context.Context, home wallet.StockKey, total int64) error {
	for i := 1; i < s.parts; i++ {
		from := s.part(home.Template, (home.Part+i)%s.parts)
		moved, err := s.keys.MoveOut(ctx, from, home.Part, s.initialShare(total, from.Part), moveAtOnce)
		if err != nil {
			return moveError(err)
		}
		if moved == 0 {
			continue
		}
		added, err := s.keys.MoveIn(ctx, home, from.Part, moved)
		if err != nil {
			return moveError(err)
		}
		if added > 0 {
			return nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty[home] = emptyTakes
	return nil
}

// moveError converts the error of a failed move: the order itself has nothing yet, and a repeat finds the coupons that
// were moved.
func moveError(err error) error {
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return fmt.Errorf("%w: stock: a move of coupons had no answer", wallet.ErrUnavailable)
	}
	return err
}

// Decline implements wallet.Stocks.
func (s *SplitKey) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	if err := checkTake(no, t, 0); err != nil {
		return false, err
	}
	const grantNothing = -1
	answer, err := s.keys.Take(ctx, s.home(no, t), no, grantNothing, true)
	return err == nil && answer == wallet.StockGranted, err
}

// GiveBack implements wallet.Stocks.
func (s *SplitKey) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	return s.keys.GiveBack(ctx, s.home(no, t), no)
}

// Issued implements wallet.Stocks. The parts are read one after another.
func (s *SplitKey) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	total := int64(0)
	for n := range s.parts {
		issued, err := s.keys.Issued(ctx, s.part(t, n))
		if err != nil {
			return 0, err
		}
		total += issued
	}
	return total, nil
}
