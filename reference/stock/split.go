package stock

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

const (
	// MaxParts bounds the keys of one template: reading the count asks each of them.
	MaxParts = 256
	// borrowAtOnce is how many coupons a part asks another for: rarely enough to cost nothing, and no more than a few
	// seconds of a part's grants.
	borrowAtOnce = 1024
	// dryTakes is how many takes of a part go by, once no other had anything to lend, before they are asked again: so many
	// may be refused before a coupon that was given back to another part, or a loan whose answer was lost, is found.
	dryTakes = 64
	// borrowRounds bounds how often others take what was borrowed before the order it was for gets any.
	borrowRounds = 4
)

// Split divides each template among several keys, by wallet, so that no key is hot. Each key remembers its orders, so a
// repeat counts nothing. A key that has run out borrows from the others; the sum stays exact, because what is lent is
// taken out of one key before another may grant it, and both tell all that was ever lent, so that a lost answer is made
// good by the next. With one part it is the source's counter with a memory of orders.
//
// It rests on a store that may lose its last writes: then it can grant more than there is, and only a book can not.
type Split struct {
	keys  wallet.StockParts
	parts int

	mu  sync.Mutex
	dry map[wallet.StockKey]int // takes of a part until the others are asked again
}

var _ wallet.Stocks = (*Split)(nil)

// NewSplit returns the stocks counted there under so many keys a template. The number must be the same in all
// instances and must not change while stocks are granted. ErrInvalid: it is not between 1 and MaxParts.
func NewSplit(keys wallet.StockParts, parts int) (*Split, error) {
	if parts < 1 || parts > MaxParts {
		return nil, fmt.Errorf("%w: stock split in %d parts, not 1 to %d", wallet.ErrInvalid, parts, MaxParts)
	}
	return &Split{keys: keys, parts: parts, dry: map[wallet.StockKey]int{}}, nil
}

// home returns the key that remembers an order.
func (s *Split) home(no wallet.OrderNo, t wallet.RewardID) wallet.StockKey {
	return s.part(wallet.Template{Reward: t, Stage: no.Stage}, int(no.ActID%wallet.ActID(s.parts)))
}

func (s *Split) part(t wallet.Template, n int) wallet.StockKey {
	return wallet.StockKey{Template: t, Part: n}
}

// share returns what a part has of the total before anything is lent.
func (s *Split) share(total int64, part int) int64 {
	n := int64(s.parts)
	return (total + n - 1 - int64(part)) / n
}

// Take implements wallet.Stocks.
func (s *Split) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	home := s.home(no, t)
	for range borrowRounds {
		last := s.parts == 1 || s.isDry(home)
		answer, err := s.keys.Take(ctx, home, no, s.share(total, home.Part), last)
		if err != nil || answer != wallet.StockEmpty {
			return taken(answer, err)
		}
		if err := s.borrow(ctx, home, total); err != nil {
			return err // of the loan: the order itself has nothing yet
		}
	}
	return fmt.Errorf("%w: stock: part %d of %s is emptied as fast as it borrows", wallet.ErrOverloaded, home.Part, t)
}

// taken turns the answer of a key into that of a Take. An answer without a coupon is a refusal.
func taken(a wallet.StockAnswer, err error) error {
	if err == nil && a != wallet.StockGranted {
		return wallet.ErrSoldOut
	}
	return err
}

// isDry reports whether no other part had anything to lend this one a short while ago.
func (s *Split) isDry(k wallet.StockKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dry[k] == 0 {
		return false
	}
	s.dry[k]--
	return true
}

// borrow asks the other parts in turn until one lends, and remembers when none did.
func (s *Split) borrow(ctx context.Context, home wallet.StockKey, total int64) error {
	for i := 1; i < s.parts; i++ {
		from := s.part(home.Template, (home.Part+i)%s.parts)
		lent, err := s.keys.Lend(ctx, from, home.Part, s.share(total, from.Part), borrowAtOnce)
		if err != nil {
			return unsettled(err)
		}
		if lent == 0 {
			continue
		}
		fresh, err := s.keys.Borrow(ctx, home, from.Part, lent)
		if err != nil {
			return unsettled(err)
		}
		if fresh > 0 {
			return nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dry[home] = dryTakes
	return nil
}

// unsettled says of a loan that failed that the order has nothing yet: whatever was lent, a repeat finds it.
func unsettled(err error) error {
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return fmt.Errorf("%w: stock: a loan had no answer", wallet.ErrUnavailable)
	}
	return err
}

// Decline implements wallet.Stocks.
func (s *Split) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	if err := checkTake(no, t, 0); err != nil {
		return false, err
	}
	const nothing = -1
	answer, err := s.keys.Take(ctx, s.home(no, t), no, nothing, true)
	return err == nil && answer == wallet.StockGranted, err
}

// GiveBack implements wallet.Stocks.
func (s *Split) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	return s.keys.GiveBack(ctx, s.home(no, t), no)
}

// Issued implements wallet.Stocks. The parts are read one after another.
func (s *Split) Issued(ctx context.Context, t wallet.Template) (int64, error) {
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
