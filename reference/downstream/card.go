package downstream

import (
	"context"
	"net/http"
	"strconv"

	"hongbao/reference/wallet"
)

// card is the downstream of credit-card coupons. It speaks in flat fields, each a string, signed over the sorted fields in
// both directions; counts are decimal strings.
type card struct{ *line }

var cardStates = states{
	"VALID": wallet.ItemSettled, "USED": wallet.ItemUsed, "OVERDUE": wallet.ItemExpired, "CANCELED": wallet.ItemRefunded,
}

// cardOne is how the downstream writes one coupon.
const cardOne = "1.00"

func (k card) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	user := "D-"
	if i.Account.Family == wallet.ToutiaoFamily {
		user = "T-"
	}
	return k.ask(ctx, i, map[string]string{
		"method": "grant", "card_user": user + strconv.FormatInt(int64(i.Account.User), 10), "template": string(i.Reward), "quantity": cardOne,
	})
}

func (k card) look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.ask(ctx, i, map[string]string{"method": "query"})
}

func (k card) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.ask(ctx, i, map[string]string{"method": "redeem"})
}

// refund also closes an order that the downstream has never heard of.
func (k card) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.ask(ctx, i, map[string]string{"method": "cancel"})
}

func (k card) ask(ctx context.Context, i wallet.Item, fields map[string]string) (wallet.Receipt, error) {
	fields["order"] = i.No.String()
	fields["timestamp"] = strconv.FormatInt(k.clock.Now().Time().Unix(), 10)
	fields["sign"] = sign(k.secret, sorted(fields))
	reply, err := k.send(ctx, Request{
		Method: http.MethodPost, Path: "/api", Body: encode(fields), Header: map[string]string{"Content-Type": "application/json"},
	})
	if err != nil {
		return wallet.Receipt{}, err
	}
	return k.read(i, reply)
}

func (k card) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	in := map[string]string{}
	switch {
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, k.status(r)
	case !decode(r.Body, &in):
		return wallet.Receipt{}, k.unreadable("no JSON of strings")
	case !signed(k.secret, sorted(in), in["sign"]):
		return wallet.Receipt{}, k.unreadable("its signature is wrong")
	}
	switch in["code"] {
	case "BAD_SIGN", "STALE", "MALFORMED": // it was not looked at
		return wallet.Receipt{}, k.status(Reply{Status: http.StatusBadRequest})
	}
	if in["order"] != i.No.String() {
		return wallet.Receipt{}, k.unreadable("it names another order than %s", i.No)
	}
	switch in["code"] {
	case "SUCCESS":
		if in["quantity"] != cardOne {
			return wallet.Receipt{}, k.unreadable("another quantity than one")
		}
		end, _ := strconv.ParseInt(in["expire_s"], 10, 64) // 0 where there is none
		return k.believe(i, claim{in["order"], in["status"], in["voucher"], unix(end)}, cardStates)
	case "NOT_EXIST":
		return wallet.Receipt{}, k.notFound(i)
	case "DECLINED":
		return wallet.Receipt{}, k.declined()
	case "ORDER_USED":
		return wallet.Receipt{}, k.conflict(i)
	}
	return wallet.Receipt{}, k.unreadable("a code that the protocol does not have")
}
