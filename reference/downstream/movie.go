package downstream

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// movie is the downstream of movie coupons. Every request is a GET, a reply is one line of fields separated by bars,
// and the rate of calls is limited.
type movie struct{ *protocolBase }

var movieStates = states{
	"0": wallet.ItemSettled, "1": wallet.ItemUsed, "2": wallet.ItemExpired, "3": wallet.ItemRefunded,
}

var movieRefusals = refusals[string]{missing: "none", declined: "reject", conflict: "other", malformed: "malformed"}

func (m movie) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return m.do(ctx, i, url.Values{
		"act": {"send"}, "sys": {inFamily(i.Account, "douyin", "toutiao")}, "uid": {decimal(i.Account)}, "film": {string(i.Reward)},
	})
}

func (m movie) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return m.do(ctx, i, url.Values{"act": {"see"}})
}

func (m movie) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return m.do(ctx, i, url.Values{"act": {"use"}})
}

// refund also closes an order that the downstream does not know.
func (m movie) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return m.do(ctx, i, url.Values{"act": {"back"}})
}

func (m movie) do(ctx context.Context, i wallet.Item, v url.Values) (wallet.Receipt, error) {
	v.Set("no", i.No.String())
	return m.ask(ctx, i, Request{Method: http.MethodGet, Path: "/api?" + v.Encode()}, m.read)
}

// read decodes "OK|order|ref|state|end|END" or "NO|order|reason|END". The last field shows that the line is complete.
func (m movie) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	if r.Status != http.StatusOK {
		return wallet.Receipt{}, m.unexpectedStatus(r)
	}
	text, complete := strings.CutSuffix(string(r.Body), "|END\n")
	part := strings.Split(text, "|")
	switch {
	case !complete || len(part) < 3:
		return wallet.Receipt{}, m.malformed("not a line of fields")
	case part[1] != i.No.String() && !(len(part) == 3 && part[0] == "NO" && part[2] == movieRefusals.malformed):
		return wallet.Receipt{}, m.malformed("it names another order than %s", i.No)
	case len(part) == 5 && part[0] == "OK":
		end, err := strconv.ParseInt(part[4], 10, 64)
		if err != nil {
			return wallet.Receipt{}, m.malformed("no expiry")
		}
		return m.verify(i, claim{part[1], part[3], part[2], unix(end)}, movieStates)
	case len(part) != 3 || part[0] != "NO":
		return wallet.Receipt{}, m.malformed("not a line of fields")
	}
	return refused(m.protocolBase, i, part[2], movieRefusals)
}
