package wallet

import (
	"context"
	"time"
)

// dayZone is the offset of the time zone in which the day of a limit begins: China, which has one zone and no summer
// time.
const dayZone = 8 * time.Hour

// Day is a calendar day in China, counted from 1 January 1970.
type Day int32

// Day returns the day of an instant.
func (i Instant) Day() Day {
	const length = Instant(24 * time.Hour / time.Microsecond)
	at := i.Add(dayZone)
	day := at / length
	if at%length < 0 {
		day--
	}
	return Day(day)
}

// DayLimit bounds the withdrawals of one person in one day of one stage; 0 = no bound.
type DayLimit struct {
	Fen   Money
	Times int
}

// WithdrawalDays counts the withdrawals of a day, for the daily limit (B7). A withdrawal counts on the day of its
// creation, whenever it is paid, and for the wallet that it was asked from, together with the person's other wallets.
// Two withdrawals made at the very moment when their wallets are joined may not count each other.
type WithdrawalDays interface {
	// Take counts a withdrawal. Idempotent by number: a repeat returns the first result even if the limit or the day
	// has changed, so a late repeat changes nothing. ErrDailyLimit: together with the other withdrawals of the person's
	// wallets on its day it would exceed the limit; nothing was counted. ErrInsufficient: it was removed by GiveBack,
	// and is not counted again.
	Take(ctx context.Context, w Withdrawal, l DayLimit) error
	// GiveBack removes a withdrawal that failed from the count. Idempotent. Take then always refuses it.
	GiveBack(ctx context.Context, w Withdrawal) error
}
