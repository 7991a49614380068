package packet

import (
	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
)

// Split divides an amount into n shares by lucky draw: one after another takes between 1 fen and twice the average of
// what is left, each amount as likely as any other, and the last takes the rest. So no share is empty, the sum is exact,
// and whoever comes first or last may expect the same. The draws follow from the number alone: a packet that is sent again
// is split alike. n is at least 1 and at most the amount.
//
// A client chooses the number and can so choose among splits of its own money. That harms nobody but its guests' luck.
func Split(no wallet.PacketNo, amount wallet.Money, n int) []wallet.Money {
	shares := make([]wallet.Money, n)
	draw := uint64(no.Account.Family)<<56 ^ splitmix.Mix(uint64(no.Account.User)) ^ splitmix.Mix(splitmix.Mix(uint64(no.Request)))
	for i := range shares {
		left := wallet.Money(n - i)
		if left == 1 {
			shares[i] = amount
			break
		}
		most := min(2*(amount/left), amount-(left-1)) // what comes after needs a fen each
		draw += splitmix.Golden
		shares[i] = 1 + wallet.Money(splitmix.Mix(draw)%uint64(most))
		amount -= shares[i]
	}
	return shares
}
