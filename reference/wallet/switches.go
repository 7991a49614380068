package wallet

import "context"

// Switch names a degrade switch (D3). Off is how things are when nobody has touched it.
type Switch string

// The switches.
const (
	SwitchDistrustTokens Switch = "distrust-tokens" // stop believing clients' tokens (T7)
	SwitchTotalsBackup   Switch = "totals-backup"   // read the running total from its backup (R4)
)

// Switches are the degrade switches, changeable at run time and the same for all instances.
type Switches interface {
	// On returns the switches that are on.
	On(ctx context.Context) (map[Switch]bool, error)
	// Set turns one on or off. Idempotent.
	Set(ctx context.Context, s Switch, on bool) error
}
