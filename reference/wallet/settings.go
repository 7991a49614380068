package wallet

import (
	"context"
	"fmt"
	"slices"
)

// MaxWhiteList bounds a white list: testers and staff, not the public. Every instance holds it in memory.
const MaxWhiteList = 10_000

// Settings is what can be changed while the service runs, besides the switches: one small document in the config centre,
// the same for all instances.
type Settings struct {
	// Version counts the changes. 0: nobody has ever changed them, and what the service was started with holds.
	Version int64 `json:"version"`

	// Release opens withdrawing to a share of people, and to some in any case (B7).
	Release Release `json:"release"`
	// WithdrawPerDay bounds what a person may withdraw in one day in fen, WithdrawTimes how often; 0 = no bound.
	WithdrawPerDay Money `json:"withdraw_per_day_fen"`
	WithdrawTimes  int   `json:"withdraw_times"`
	// ShortPage is how many lines a page has at most while pages are cut short; 0: as the page says.
	ShortPage int `json:"short_page"`
}

// Validate returns ErrInvalid and what is wrong: a share outside 0..1, too long a white list or a wallet in it that cannot
// be, a bound below zero, or a short page that is longer than any.
func (s Settings) Validate() error {
	r := s.Release
	switch {
	case s.Version < 0:
		return fmt.Errorf("%w: settings of version %d", ErrInvalid, s.Version)
	case r.Den < 1 || r.Num < 0 || r.Num > r.Den:
		return fmt.Errorf("%w: settings: withdrawing is open to %d in %d", ErrInvalid, r.Num, r.Den)
	case len(r.WhiteList) > MaxWhiteList:
		return fmt.Errorf("%w: settings: a white list of %d wallets, above %d", ErrInvalid, len(r.WhiteList), MaxWhiteList)
	case slices.ContainsFunc(r.WhiteList, func(id ActID) bool { return id <= 0 }):
		return fmt.Errorf("%w: settings: a wallet of the white list is not above zero", ErrInvalid)
	case s.WithdrawPerDay < 0 || s.WithdrawTimes < 0:
		return fmt.Errorf("%w: settings: %d fen and %d times a day", ErrInvalid, s.WithdrawPerDay, s.WithdrawTimes)
	case s.ShortPage < 0 || s.ShortPage > MaxPage:
		return fmt.Errorf("%w: settings: short pages of %d lines, not in 0..%d", ErrInvalid, s.ShortPage, MaxPage)
	}
	return nil
}

// Release is a grey release: a share of people, drawn by their wallet, and a white list.
type Release struct {
	Num       int64   `json:"num"`
	Den       int64   `json:"den"`
	WhiteList []ActID `json:"white_list"`
}

// Allows says whether the release is open to the person: any of the person's wallets lets them in. So whoever is in stays
// in while the share grows and while wallets are joined.
func (r Release) Allows(who Person) bool {
	return slices.ContainsFunc(who.Wallets(), func(id ActID) bool {
		spread := uint64(id) * 0x9E3779B97F4A7C15 >> 33 // neighbouring numbers fall far apart
		return r.Den > 0 && int64(spread%uint64(r.Den)) < r.Num || slices.Contains(r.WhiteList, id)
	})
}

// ConfigCentre holds switches and settings. It is a weak dependency (D1): who cannot read it goes on with what was read
// last.
type ConfigCentre interface {
	// Read returns the switches that are on, and the settings; those of version 0 are empty.
	Read(ctx context.Context) (map[Switch]bool, Settings, error)
	// Set turns a switch on or off. Idempotent. ErrUnknown: repeat it.
	Set(ctx context.Context, s Switch, on bool) error
	// Change replaces the settings and counts their version up; s.Version is the one that they were made from. ErrStale:
	// there is a newer one. ErrInvalid: what Validate says. ErrUnknown: it may be done; read before a repeat.
	Change(ctx context.Context, s Settings) error
}
