package mem

import (
	"context"
	"fmt"
	"math"
	"sync"

	"hongbao/reference/wallet"
)

// WithdrawalDays counts the withdrawals of a day.
type WithdrawalDays struct {
	mu     sync.Mutex
	days   map[dayOf]dayCount
	counts map[wallet.WithdrawalNo]dayStatus
}

// dayStatus is the state of a withdrawal number.
type dayStatus uint8

const (
	notCounted dayStatus = iota
	counts
	limited   // Take has refused it
	givenBack // the withdrawal failed
)

var _ wallet.WithdrawalDays = (*WithdrawalDays)(nil)

// dayOf is the key of one wallet's day in one stage.
type dayOf struct {
	owner wallet.ActID
	stage wallet.Stage
	day   wallet.Day
}

type dayCount struct {
	fen   wallet.Money
	times int
}

// NewWithdrawalDays returns an empty store.
func NewWithdrawalDays() *WithdrawalDays {
	return &WithdrawalDays{days: map[dayOf]dayCount{}, counts: map[wallet.WithdrawalNo]dayStatus{}}
}

// Take implements wallet.WithdrawalDays. ErrInvalid: an amount not above zero.
func (s *WithdrawalDays) Take(_ context.Context, w wallet.Withdrawal, l wallet.DayLimit) error {
	if w.Amount <= 0 {
		return fmt.Errorf("%w: withdrawal of %d fen", wallet.ErrInvalid, w.Amount)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.counts[w.No] {
	case counts:
		return nil
	case limited:
		return wallet.ErrDailyLimit
	case givenBack:
		return fmt.Errorf("%w: withdrawal %s has failed", wallet.ErrInsufficient, w.No)
	}
	own := dayOf{w.Owner, w.Stage, w.Created.Day()}
	sum := s.days[own]
	for _, id := range w.Wallets {
		if id != w.Owner {
			other := s.days[dayOf{id, w.Stage, own.day}]
			sum.times += other.times
			sum.fen = min(sum.fen, math.MaxInt64-other.fen) + other.fen // saturates: the maximum is above any limit
		}
	}
	if l.Times > 0 && sum.times >= l.Times || sum.fen > limitOf(l)-w.Amount {
		s.counts[w.No] = limited
		return wallet.ErrDailyLimit
	}
	mine := s.days[own]
	s.days[own] = dayCount{mine.fen + w.Amount, mine.times + 1}
	s.counts[w.No] = counts
	return nil
}

// limitOf returns the largest amount that may be withdrawn.
func limitOf(l wallet.DayLimit) wallet.Money {
	if l.Fen <= 0 {
		return math.MaxInt64
	}
	return l.Fen
}

// GiveBack implements wallet.WithdrawalDays.
func (s *WithdrawalDays) GiveBack(_ context.Context, w wallet.Withdrawal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.counts[w.No] {
	case limited:
		return nil
	case counts:
		own := dayOf{w.Owner, w.Stage, w.Created.Day()}
		mine := s.days[own]
		s.days[own] = dayCount{mine.fen - w.Amount, mine.times - 1}
	}
	s.counts[w.No] = givenBack
	return nil
}
