package fake

import "hongbao/reference/wallet"

// hold is a reservation that is not confirmed yet.
type hold struct {
	id    string
	ask   ask
	until wallet.Instant
}
