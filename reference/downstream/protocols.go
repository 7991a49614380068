package downstream

import "hongbao/reference/wallet"

// protocolOf returns how the downstream at the other end of the line is spoken to.
func protocolOf(l *line) (protocol, bool) {
	switch l.award {
	case wallet.VideoSubsidy:
		return video{l}, true
	case wallet.AdCoupon:
		return ad{l}, true
	case wallet.EcommerceCoupon:
		return ecommerce{l}, true
	}
	return nil, false
}
