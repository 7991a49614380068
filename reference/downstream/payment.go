package downstream

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"hongbao/reference/wallet"
)

// payment is the downstream of payment coupons. Requests and replies are forms. It has its own user ids, which are
// queried first, and identifies an issued coupon only by its own id.
type payment struct {
	*protocolBase
	users *openIDs
}

var paymentStates = states{
	"SENDED": wallet.ItemSettled, "USED": wallet.ItemUsed, "EXPIRED": wallet.ItemExpired, "REVOKED": wallet.ItemRefunded,
}

// paymentTime is the downstream's time format, in China's time zone.
const paymentTime = "20060102150405"

// openIDs caches the downstream's user ids. They never change.
type openIDs struct {
	mu    sync.Mutex
	names map[wallet.Account]string
}

const (
	// maxOpenIDs bounds the cache: some 100 bytes per entry. A full cache is emptied.
	maxOpenIDs = 1 << 16
	// maxOpenID bounds one id in bytes.
	maxOpenID = 64
)

func (o *openIDs) get(a wallet.Account) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.names[a]
}

func (o *openIDs) put(a wallet.Account, name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil || len(o.names) >= maxOpenIDs {
		o.names = map[wallet.Account]string{}
	}
	o.names[a] = name
}

func (p payment) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	user, err := p.openID(ctx, i.Account)
	if err != nil {
		return wallet.Receipt{}, err
	}
	return p.do(ctx, i, url.Values{
		"method": {"coupon.send"}, "out_no": {i.No.String()}, "openid": {user}, "stock_id": {string(i.Reward)},
	})
}

// openID returns the downstream's id for a user. An error here means that nothing was issued.
func (p payment) openID(ctx context.Context, a wallet.Account) (string, error) {
	if name := p.users.get(a); name != "" {
		return name, nil
	}
	uid := decimal(a)
	reply, err := p.send(ctx, p.request(url.Values{"method": {"openid.get"}, "family": {inFamily(a, "douyin", "toutiao")}, "uid": {uid}}))
	if err != nil {
		return "", p.notStarted(err)
	}
	in, err := p.form(reply)
	if err != nil {
		return "", p.notStarted(err)
	}
	name := in.Get("openid")
	if in.Get("result") != "OK" || in.Get("uid") != uid || name == "" || len(name) > maxOpenID {
		return "", p.notStarted(p.malformed("no user id"))
	}
	p.users.put(a, name)
	return name, nil
}

func (p payment) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.do(ctx, i, url.Values{"method": {"coupon.query"}, "out_no": {i.No.String()}})
}

func (p payment) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.byRef(ctx, p, i, p.change(ctx, "coupon.use"))
}

func (p payment) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return refundOrClose(ctx, p, i, func(i wallet.Item) (wallet.Receipt, error) {
		return p.byRef(ctx, p, i, p.change(ctx, "coupon.revoke"))
	})
}

// change returns the function that calls a method with a coupon's own id.
func (p payment) change(ctx context.Context, method string) func(wallet.Item) (wallet.Receipt, error) {
	return func(i wallet.Item) (wallet.Receipt, error) {
		return p.do(ctx, i, url.Values{"method": {method}, "coupon_id": {i.Ref}})
	}
}

func (p payment) do(ctx context.Context, i wallet.Item, v url.Values) (wallet.Receipt, error) {
	return p.ask(ctx, i, p.request(v), p.read)
}

func (payment) request(v url.Values) Request {
	return Request{
		Method: http.MethodPost, Path: "/gateway", Body: []byte(v.Encode()),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}
}

// form decodes a reply. Each field occurs once, and the field "end" shows that the reply is complete.
func (p payment) form(r Reply) (url.Values, error) {
	if r.Status != http.StatusOK {
		return nil, p.unexpectedStatus(r)
	}
	in, err := url.ParseQuery(string(r.Body))
	if err != nil || in.Get("end") != "." {
		return nil, p.malformed("not a form")
	}
	for _, v := range in {
		if len(v) != 1 {
			return nil, p.malformed("a repeated field")
		}
	}
	return in, nil
}

func (p payment) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	in, err := p.form(r)
	if err != nil {
		return wallet.Receipt{}, err
	}
	switch in.Get("result") {
	case "OK":
		return p.verify(i, claim{in.Get("out_no"), in.Get("status"), in.Get("coupon_id"), parseTime(paymentTime, in.Get("valid_to"))}, paymentStates)
	case "RULE_LIMIT":
		if in.Get("out_no") == i.No.String() {
			return wallet.Receipt{}, p.declined()
		}
	case "NOT_FOUND":
		return wallet.Receipt{}, p.notFound(i)
	case "OUT_NO_USED":
		return wallet.Receipt{}, p.conflict(i)
	case "MALFORMED":
		return wallet.Receipt{}, p.unexpectedStatus(Reply{Status: http.StatusBadRequest})
	}
	return wallet.Receipt{}, p.malformed("an unknown result")
}
