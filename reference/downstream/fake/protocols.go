package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// protocols returns each system's protocol.
func protocols() map[wallet.AwardType]protocol {
	return map[wallet.AwardType]protocol{
		wallet.VideoSubsidy: video{}, wallet.AdCoupon: ad{}, wallet.EcommerceCoupon: ecommerce{}, wallet.PaymentCoupon: payment{},
		wallet.ConsumerFinanceCoupon: finance{}, wallet.InsuranceCoupon: insurance{}, wallet.CreditCardCoupon: card{},
		wallet.HeyteaCoupon: heytea{}, wallet.MovieCoupon: movie{}, wallet.DouPlusCoupon: douPlus{}, wallet.CulturalCoupon: cultural{},
		wallet.AvatarPendant: pendant{},
	}
}

// prefixes are the prefixes of the systems' coupon ids.
var prefixes = map[wallet.AwardType]string{
	wallet.VideoSubsidy: "vs", wallet.AdCoupon: "ad", wallet.EcommerceCoupon: "ec", wallet.PaymentCoupon: "pay", wallet.ConsumerFinanceCoupon: "cf",
	wallet.InsuranceCoupon: "in", wallet.CreditCardCoupon: "cc", wallet.HeyteaCoupon: "tea", wallet.MovieCoupon: "mv", wallet.DouPlusCoupon: "dp",
	wallet.CulturalCoupon: "cu", wallet.AvatarPendant: "pd",
}

// jsonReply answers with v as JSON.
func jsonReply(status int, v any) Reply {
	body, err := json.Marshal(v)
	if err != nil {
		return Reply{Status: http.StatusInternalServerError}
	}
	return Reply{Status: status, Header: map[string]string{"Content-Type": "application/json"}, Body: body}
}

// account parses an account: a decimal user number and one of two family names.
func account(family, user, douyin, toutiao string) (wallet.Account, bool) {
	n, err := strconv.ParseInt(user, 10, 64)
	f := wallet.Family(slices.Index([]string{douyin, toutiao}, family) + 1)
	return wallet.Account{Family: f, User: wallet.UserID(n)}, err == nil && f > 0
}

// sign returns the HMAC-SHA256 of text in hexadecimal digits.
func (b *backend) sign(text string) string {
	h := hmac.New(sha256.New, b.secret)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// sorted joins fields as k=v pairs with &, in order of their names, without the signature field.
func sorted(fields map[string]string) string {
	var pairs []string
	for k, v := range fields {
		if k != "sign" {
			pairs = append(pairs, fmt.Sprintf("%s=%s", k, v))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}
