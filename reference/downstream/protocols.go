package downstream

import "hongbao/reference/wallet"

// protocolOf returns the protocol of a downstream.
func protocolOf(l *protocolBase) (protocol, bool) {
	switch l.award {
	case wallet.VideoSubsidy:
		return video{l}, true
	case wallet.AdCoupon:
		return ad{l}, true
	case wallet.EcommerceCoupon:
		return ecommerce{l}, true
	case wallet.PaymentCoupon:
		return payment{l, &openIDs{}}, true
	case wallet.ConsumerFinanceCoupon:
		return finance{l}, true
	case wallet.InsuranceCoupon:
		return insurance{l}, true
	case wallet.CreditCardCoupon:
		return card{l}, true
	case wallet.HeyteaCoupon:
		return heytea{l}, true
	case wallet.MovieCoupon:
		return movie{l}, true
	case wallet.DouPlusCoupon:
		return douPlus{l}, true
	case wallet.CulturalCoupon:
		return cultural{l}, true
	case wallet.AvatarPendant:
		return pendant{l}, true
	}
	return nil, false
}
