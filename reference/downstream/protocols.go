package downstream

import "hongbao/reference/wallet"

// protocolOf returns the protocol of a downstream.
func protocolOf(l *protocolBase) (protocol, bool) {
	p, ok := map[wallet.AwardType]protocol{
		wallet.VideoSubsidy: video{l}, wallet.AdCoupon: ad{l}, wallet.EcommerceCoupon: ecommerce{l}, wallet.PaymentCoupon: payment{l, &openIDs{}},
		wallet.ConsumerFinanceCoupon: finance{l}, wallet.InsuranceCoupon: insurance{l}, wallet.CreditCardCoupon: card{l},
		wallet.HeyteaCoupon: heytea{l}, wallet.MovieCoupon: movie{l}, wallet.DouPlusCoupon: douPlus{l}, wallet.CulturalCoupon: cultural{l},
		wallet.AvatarPendant: pendant{l},
	}[l.award]
	return p, ok
}
