package downstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"hongbao/reference/wallet"
)

// payment is the downstream of payment coupons. It speaks forms both ways. It has user ids of its own, which are asked
// for first, and once a coupon is sent it is known by its own id alone.
type payment struct {
	*line
	users *openIDs
}

var paymentStates = states{
	"SENDED": wallet.ItemSettled, "USED": wallet.ItemUsed, "EXPIRED": wallet.ItemExpired, "REVOKED": wallet.ItemRefunded,
}

// paymentTime is how the downstream writes times: as a clock in China shows them.
const paymentTime = "20060102150405"

// openIDs remembers the downstream's names for people. They never change.
type openIDs struct {
	mu    sync.Mutex
	names map[wallet.Account]string
}

const (
	// maxOpenIDs bounds the names that are remembered: some 100 bytes each. A full memory is emptied.
	maxOpenIDs = 1 << 16
	// maxOpenID bounds one name in bytes.
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
	return p.ask(ctx, i, url.Values{
		"method": {"coupon.send"}, "out_no": {i.No.String()}, "openid": {user}, "stock_id": {string(i.Reward)},
	})
}

// openID returns the downstream's name for a person. What goes wrong here has handed nothing out.
func (p payment) openID(ctx context.Context, a wallet.Account) (string, error) {
	if name := p.users.get(a); name != "" {
		return name, nil
	}
	family := "douyin"
	if a.Family == wallet.ToutiaoFamily {
		family = "toutiao"
	}
	uid := strconv.FormatInt(int64(a.User), 10)
	reply, err := p.post(ctx, url.Values{"method": {"openid.get"}, "family": {family}, "uid": {uid}})
	if err != nil {
		return "", p.nothingDone(err)
	}
	in, err := p.form(reply)
	if err != nil {
		return "", p.nothingDone(err)
	}
	name := in.Get("openid")
	if in.Get("result") != "OK" || in.Get("uid") != uid || name == "" || len(name) > maxOpenID {
		return "", p.nothingDone(p.unreadable("no user id"))
	}
	p.users.put(a, name)
	return name, nil
}

func (p payment) look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.ask(ctx, i, url.Values{"method": {"coupon.query"}, "out_no": {i.No.String()}})
}

func (p payment) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.named(ctx, i, "coupon.use")
}

func (p payment) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := p.named(ctx, i, "coupon.revoke")
	if errors.Is(err, wallet.ErrNotFound) {
		return issueThenRefund(ctx, p, i, func(r wallet.Receipt) (wallet.Receipt, error) {
			i.Ref = r.Ref
			return p.named(ctx, i, "coupon.revoke")
		})
	}
	return r, err
}

// named asks for something by the coupon's own id, which is looked up where it is not on record.
func (p payment) named(ctx context.Context, i wallet.Item, method string) (wallet.Receipt, error) {
	if i.Ref == "" {
		r, err := p.look(ctx, i)
		if err != nil || r.State != wallet.ItemSettled {
			return r, p.nothingDone(err)
		}
		i.Ref = r.Ref
	}
	return p.ask(ctx, i, url.Values{"method": {method}, "coupon_id": {i.Ref}})
}

func (p payment) ask(ctx context.Context, i wallet.Item, v url.Values) (wallet.Receipt, error) {
	reply, err := p.post(ctx, v)
	if err != nil {
		return wallet.Receipt{}, err
	}
	return p.read(i, reply)
}

func (p payment) post(ctx context.Context, v url.Values) (Reply, error) {
	return p.send(ctx, Request{
		Method: http.MethodPost, Path: "/gateway", Body: []byte(v.Encode()),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
}

// form reads a reply's fields. Each stands once, and the field end tells that none is missing.
func (p payment) form(r Reply) (url.Values, error) {
	if r.Status != http.StatusOK {
		return nil, p.status(r)
	}
	in, err := url.ParseQuery(string(r.Body))
	if err != nil || in.Get("end") != "." {
		return nil, p.unreadable("no form")
	}
	for _, v := range in {
		if len(v) != 1 {
			return nil, p.unreadable("a field that stands more than once")
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
		return p.believe(i, claim{in.Get("out_no"), in.Get("status"), in.Get("coupon_id"), moment(paymentTime, in.Get("valid_to"))}, paymentStates)
	case "RULE_LIMIT":
		if in.Get("out_no") == i.No.String() {
			return wallet.Receipt{}, p.declined()
		}
	case "NOT_FOUND":
		return wallet.Receipt{}, p.notFound(i)
	case "OUT_NO_USED":
		return wallet.Receipt{}, p.conflict(i)
	case "MALFORMED":
		return wallet.Receipt{}, p.status(Reply{Status: http.StatusBadRequest})
	}
	return wallet.Receipt{}, p.unreadable("a result that the protocol does not have")
}
