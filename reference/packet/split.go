package packet

import (
	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
)

// split divides an amount in fen into n shares by lucky draw. Each recipient in turn gets between 1 fen and twice the
// average of the rest, uniformly distributed; the last gets the rest. So no share is empty, the sum is exact, and all
// positions have the same expected share. The draws depend only on the packet number: a repeated packet is split in the
// same way. n is at least 1 and at most the amount.
//
// A client chooses the number and so can choose among splits of the money that it sends. This only affects the recipients' luck.
func split(no wallet.PacketNo, amount wallet.Money, n int) []wallet.Money {
	shares := make([]wallet.Money, n)
	draw := uint64(no.Account.Family)<<56 ^ splitmix.Mix(uint64(no.Account.User)) ^ splitmix.Mix(splitmix.Mix(uint64(no.Request)))
	for i := range shares {
		left := wallet.Money(n - i)
		if left == 1 {
			shares[i] = amount
			break
		}
		most := min(2*(amount/left), amount-(left-1)) // each later share needs a fen
		draw += splitmix.Golden
		shares[i] = 1 + wallet.Money(splitmix.Mix(draw)%uint64(most))
		amount -= shares[i]
	}
	return shares
}
