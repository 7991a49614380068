package downstream

import (
	"context"
	"net/http"
	"strconv"

	"hongbao/reference/wallet"
)

// card is the downstream of credit-card coupons. Its messages are flat objects of strings, signed over the sorted
// fields in both directions. Counts are decimal strings.
type card struct{ *protocolBase }

var cardStates = states{
	"VALID": wallet.ItemSettled, "USED": wallet.ItemUsed, "OVERDUE": wallet.ItemExpired, "CANCELED": wallet.ItemRefunded,
}

// cardOne is the quantity of one coupon.
const cardOne = "1.00"

func (k card) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.do(ctx, i, map[string]string{
		"method": "grant", "card_user": inFamily(i.Account, "D-", "T-") + decimal(i.Account), "template": string(i.Reward), "quantity": cardOne,
	})
}

func (k card) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.do(ctx, i, map[string]string{"method": "query"})
}

func (k card) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.do(ctx, i, map[string]string{"method": "redeem"})
}

// refund also closes an order that the downstream does not know.
func (k card) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return k.do(ctx, i, map[string]string{"method": "cancel"})
}

func (k card) do(ctx context.Context, i wallet.Item, fields map[string]string) (wallet.Receipt, error) {
	fields["order"] = i.No.String()
	fields["timestamp"] = strconv.FormatInt(k.clock.Now().Time().Unix(), 10)
	fields["sign"] = sign(k.secret, sorted(fields))
	return k.ask(ctx, i, postJSON("/api", fields), k.read)
}

func (k card) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	in := map[string]string{}
	switch {
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, k.unexpectedStatus(r)
	case !decode(r.Body, &in):
		return wallet.Receipt{}, k.malformed("not a JSON object of strings")
	case !signed(k.secret, sorted(in), in["sign"]):
		return wallet.Receipt{}, k.malformed("its signature is wrong")
	}
	switch in["code"] {
	case "BAD_SIGN", "STALE", "MALFORMED": // the request was not processed
		return wallet.Receipt{}, k.unexpectedStatus(Reply{Status: http.StatusBadRequest})
	}
	if in["order"] != i.No.String() {
		return wallet.Receipt{}, k.malformed("it names another order than %s", i.No)
	}
	if in["code"] != "SUCCESS" {
		return refused(k.protocolBase, i, in["code"], refusals[string]{missing: "NOT_EXIST", declined: "DECLINED", conflict: "ORDER_USED", malformed: "MALFORMED"})
	}
	if in["quantity"] != cardOne {
		return wallet.Receipt{}, k.malformed("the quantity is not one")
	}
	end, _ := strconv.ParseInt(in["expire_s"], 10, 64) // 0 if it is missing
	return k.verify(i, claim{in["order"], in["status"], in["voucher"], unix(end)}, cardStates)
}
