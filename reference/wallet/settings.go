package wallet

import (
	"context"
	"fmt"
	"slices"
)

// MaxWhiteList bounds a white list. It is for testers and staff, not for the public. Every instance keeps it in memory.
const MaxWhiteList = 10_000

// Settings are the values, besides the switches, that can be changed while the service runs: one small document in the
// config centre, the same for all instances.
type Settings struct {
	// Version is the number of changes. 0: never changed; the values that the service was started with are in force.
	Version int64 `json:"version"`

	// Release opens withdrawals to a share of people, and to a white list (B7).
	Release Release `json:"release"`
	// WithdrawPerDay bounds the fen that a person may withdraw in one day, WithdrawTimes the number of withdrawals; 0 =
	// no bound.
	WithdrawPerDay Money `json:"withdraw_per_day_fen"`
	WithdrawTimes  int   `json:"withdraw_times"`
	// ShortPage is the largest number of lines of a page while SwitchShortPages is on; 0: the page's default.
	ShortPage int `json:"short_page"`
}

// Validate returns ErrInvalid, wrapped with the reason: a share outside 0..1, a white list that is too long or has an
// impossible wallet, a bound below zero, or a short page longer than MaxPage.
func (s Settings) Validate() error {
	r := s.Release
	switch {
	case s.Version < 0:
		return fmt.Errorf("%w: settings: version %d is below zero", ErrInvalid, s.Version)
	case r.Den < 1 || r.Num < 0 || r.Num > r.Den:
		return fmt.Errorf("%w: settings: withdrawals are open to %d in %d people", ErrInvalid, r.Num, r.Den)
	case len(r.WhiteList) > MaxWhiteList:
		return fmt.Errorf("%w: settings: a white list of %d wallets, at most %d", ErrInvalid, len(r.WhiteList), MaxWhiteList)
	case slices.ContainsFunc(r.WhiteList, func(id ActID) bool { return id <= 0 }):
		return fmt.Errorf("%w: settings: a wallet of the white list is not above zero", ErrInvalid)
	case s.WithdrawPerDay < 0 || s.WithdrawTimes < 0:
		return fmt.Errorf("%w: settings: a daily limit below zero: %d fen, %d withdrawals", ErrInvalid, s.WithdrawPerDay, s.WithdrawTimes)
	case s.ShortPage < 0 || s.ShortPage > MaxPage:
		return fmt.Errorf("%w: settings: short pages of %d lines, not in 0..%d", ErrInvalid, s.ShortPage, MaxPage)
	}
	return nil
}

// Release is a grey release: a share Num/Den of people, selected by wallet, and a white list.
type Release struct {
	Num       int64   `json:"num"`
	Den       int64   `json:"den"`
	WhiteList []ActID `json:"white_list"`
}

// Allows reports whether the release is open to the person: one of the person's wallets is selected or on the white
// list. So a person who is admitted stays admitted while the share grows and when wallets are joined.
func (r Release) Allows(who Person) bool {
	return slices.ContainsFunc(who.Wallets(), func(id ActID) bool {
		spread := uint64(id) * 0x9E3779B97F4A7C15 >> 33 // a hash: neighbouring ids get unrelated values
		return r.Den > 0 && int64(spread%uint64(r.Den)) < r.Num || slices.Contains(r.WhiteList, id)
	})
}

// ConfigCentre stores switches and settings. It is a weak dependency (D1): an instance that cannot read it continues
// with what it read last.
type ConfigCentre interface {
	// Read returns the switches that are on, and the settings. Settings of version 0 are empty.
	Read(ctx context.Context) (map[Switch]bool, Settings, error)
	// Set turns a switch on or off. Idempotent. ErrUnknown: repeat the call.
	Set(ctx context.Context, s Switch, on bool) error
	// Change replaces the settings and increments their version. s.Version is the version that they are based on.
	// ErrStale: a newer version exists. ErrInvalid: see Settings.Validate. ErrUnknown: it may have been done; read
	// before a repeat.
	Change(ctx context.Context, s Settings) error
}
