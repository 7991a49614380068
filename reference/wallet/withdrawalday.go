package wallet

import (
	"context"
	"time"
)

// dayZone is where the day of a limit begins at midnight: China, which has one time zone and no summer time.
const dayZone = 8 * time.Hour

// Day is a day in China, counted from 1 January 1970.
type Day int32

// Day returns the day of an instant.
func (i Instant) Day() Day {
	const long = Instant(24 * time.Hour / time.Microsecond)
	at := i.Add(dayZone)
	day := at / long
	if at%long < 0 {
		day--
	}
	return Day(day)
}

// DayLimit bounds what one person may withdraw in one day of one stage; 0 = no bound.
type DayLimit struct {
	Fen   Money
	Times int
}

// WithdrawalDays counts what is withdrawn in a day, for the limit of the day (B7). A withdrawal counts in the day that it
// was created on, however late it is driven, and for the wallet that it was asked from; the other wallets of its person
// count with it. Two withdrawals that are asked at the very moment when their wallets are joined may not see each other.
type WithdrawalDays interface {
	// Take counts a withdrawal, once for its number, and decides once: a repeat is answered as the first time, whatever the
	// limit or the day has become, so that one without an answer that arrives late changes nothing. ErrDailyLimit: with what
	// the person's wallets have withdrawn on its day it would be above the limit; nothing was counted. ErrInsufficient: it
	// was given back, and is not counted again.
	Take(ctx context.Context, w Withdrawal, l DayLimit) error
	// GiveBack takes a withdrawal that came to nothing out of the count, once. From then on Take lets it in no more.
	GiveBack(ctx context.Context, w Withdrawal) error
}
