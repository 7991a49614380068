package wallet

import "context"

// Settings is what can be changed while the service runs, besides the switches: one small document in the config centre,
// the same for all instances.
type Settings struct {
	Version int64

	// Release opens withdrawing to a share of people, and to some in any case (B7).
	Release Release
	// WithdrawPerDay bounds what a person may withdraw in one day in fen, WithdrawTimes how often; 0 = no bound.
	WithdrawPerDay Money
	WithdrawTimes  int
	// ShortPage is how many lines a page has at most while pages are cut short.
	ShortPage int
}

// Release is a grey release: a share of people, drawn by their wallet, and a white list.
type Release struct {
	Num, Den  int64
	WhiteList []ActID
}

// ConfigCentre holds switches and settings. It is a weak dependency (D1): who cannot read it goes on with what was read
// last.
type ConfigCentre interface {
	// Read returns the switches that are on, and the settings.
	Read(ctx context.Context) (map[Switch]bool, Settings, error)
	// Set turns a switch on or off. Idempotent.
	Set(ctx context.Context, s Switch, on bool) error
	// Change replaces the settings; s.Version is the one that they were made from. ErrStale: there is a newer one.
	Change(ctx context.Context, s Settings) error
}
