// Package downstream talks to the systems that issue twelve of the thirteen reward types (B4), each with its own
// protocol. The thirteenth, cash, is in the ledger. Each file implements one protocol. All of them implement
// wallet.Downstream.
//
// An adapter sends requests through an Exchange, so that the same code runs over HTTP and in virtual time. It stores no
// items and repeats no request whose outcome is unknown: its caller does that, under the same order number. A reply is
// accepted only if it names the order of the request, a known state, and everything that belongs to that state;
// otherwise the outcome is unknown. The package must not open connections, wait, or log.
package downstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Request is a request to a downstream. Header has canonical names; Path includes the query. A request is never
// modified after it is created, so it may be delivered late.
type Request struct {
	Method string
	Path   string
	Header map[string]string
	Body   []byte
}

// Reply is a downstream's reply.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Exchange sends a request to one downstream and returns the reply. It chooses its own timeout. Errors with
// wallet.CodeUnavailable or wallet.CodeOverloaded mean that the request certainly did not arrive; after any other error
// it may have arrived.
type Exchange func(ctx context.Context, r Request) (Reply, error)

// MaxBody bounds a reply's body in bytes: ten times the largest reply of any protocol, a full batch.
const MaxBody = 1 << 17

// Options configure an adapter. All fields are required.
type Options struct {
	Exchange Exchange
	Clock    wallet.Clock
	Secret   []byte // shared with the downstream, for signatures; at least MinSecret bytes
}

// MinSecret is the shortest allowed secret in bytes: 128 bits.
const MinSecret = 16

// New returns the adapter for an award type. ErrInvalid: the type has no downstream (cash), or an option is missing.
func New(award wallet.AwardType, o Options) (wallet.Downstream, error) {
	if o.Exchange == nil || o.Clock == nil || len(o.Secret) < MinSecret {
		return nil, fmt.Errorf("%w: the downstream of %s needs an exchange, a clock and a secret of %d bytes", wallet.ErrInvalid, award, MinSecret)
	}
	l := &protocolBase{award: award, exchange: o.Exchange, clock: o.Clock, secret: o.Secret}
	p, ok := protocolOf(l)
	if !ok {
		return nil, fmt.Errorf("%w: there is no downstream for %s", wallet.ErrInvalid, award)
	}
	return &adapter{protocolBase: l, protocol: p, traits: traitsOf(award)}, nil
}

// Awards returns the award types that have a downstream, in order.
func Awards() []wallet.AwardType {
	var all []wallet.AwardType
	for a := wallet.VideoSubsidy; a <= wallet.AvatarPendant; a++ {
		all = append(all, a)
	}
	return all
}

// traitsOf returns the limits of an award type's protocol.
func traitsOf(award wallet.AwardType) wallet.Traits {
	switch award {
	case wallet.EcommerceCoupon:
		return wallet.Traits{Batch: ecommerceBatch}
	case wallet.MovieCoupon:
		return wallet.Traits{Batch: 1, PerSecond: moviePerSecond}
	case wallet.AvatarPendant:
		return wallet.Traits{Batch: 1, Window: pendantWindow}
	}
	return wallet.Traits{Batch: 1}
}

const (
	ecommerceBatch = 50               // lines that the e-commerce system accepts in one batch
	moviePerSecond = 50               // calls a second that the movie system accepts
	pendantWindow  = 10 * time.Minute // how long the pendant system recognises a repeat
)

// protocol is one downstream's protocol for one item. Errors are those of wallet.Downstream.
type protocol interface {
	issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	query(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	use(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
}

// batcher is a protocol that issues many items in one request. It returns one result for each, in their order.
type batcher interface {
	issueAll(ctx context.Context, items []wallet.Item) []wallet.ItemResult
}

// adapter implements wallet.Downstream over a protocol.
type adapter struct {
	*protocolBase
	protocol protocol
	traits   wallet.Traits
}

var _ wallet.Downstream = (*adapter)(nil)

// Traits implements wallet.Downstream.
func (a *adapter) Traits() wallet.Traits { return a.traits }

// Issue implements wallet.Downstream. Every item has its own result. The call's own error is ErrInvalid, for items of
// another award type or too many of them.
func (a *adapter) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemResult, error) {
	if len(items) > a.traits.Batch {
		return nil, fmt.Errorf("%w: %d items for %s, at most %d", wallet.ErrInvalid, len(items), a.award, a.traits.Batch)
	}
	for _, i := range items {
		if err := a.validate(i); err != nil {
			return nil, err
		}
	}
	var answers []wallet.ItemResult
	if b, ok := a.protocol.(batcher); ok && len(items) > 0 {
		answers = b.issueAll(ctx, items)
	} else {
		answers = make([]wallet.ItemResult, len(items))
		for n, i := range items {
			answers[n].Receipt, answers[n].Err = a.protocol.issue(ctx, i)
		}
	}
	for n, answer := range answers {
		answers[n].Receipt, answers[n].Err = a.allowErrors(answer.Receipt, answer.Err, wallet.ErrDeclined)
	}
	return answers, nil
}

// Query implements wallet.Downstream. ErrDeclined: the item was accepted and then declined.
func (a *adapter) Query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.about(ctx, i, a.protocol.query)
}

// Use implements wallet.Downstream. ErrNotFound: the downstream does not know the item.
func (a *adapter) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.about(ctx, i, a.protocol.use)
}

// Refund implements wallet.Downstream. An item that the downstream does not know is closed there, so that a delayed
// issue request issues nothing.
func (a *adapter) Refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.about(ctx, i, a.protocol.refund)
}

// about makes one request about an item that was issued before.
func (a *adapter) about(ctx context.Context, i wallet.Item, do func(context.Context, wallet.Item) (wallet.Receipt, error)) (wallet.Receipt, error) {
	if err := a.validate(i); err != nil {
		return wallet.Receipt{}, err
	}
	r, err := do(ctx, i)
	return a.allowErrors(r, err, wallet.ErrDeclined, wallet.ErrNotFound)
}

// allowErrors passes errors on that the caller handles, and turns all others into an unknown outcome. With an error the
// receipt is empty.
func (a *adapter) allowErrors(r wallet.Receipt, err error, also ...error) (wallet.Receipt, error) {
	if err == nil {
		switch r.State {
		case wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemUsed, wallet.ItemExpired, wallet.ItemRefunded:
			return r, nil
		}
		return wallet.Receipt{}, a.malformed("no state")
	}
	for _, e := range append(also, wallet.ErrUnknown, wallet.ErrUnavailable, wallet.ErrOverloaded, wallet.ErrLimited) {
		if errors.Is(err, e) {
			return wallet.Receipt{}, err
		}
	}
	return wallet.Receipt{}, a.malformed("unexpected here: %v", err)
}

func (a *adapter) validate(i wallet.Item) error {
	if i.Award != a.award {
		return fmt.Errorf("%w: item %s is of %s, not of %s", wallet.ErrInvalid, i.No, i.Award, a.award)
	}
	return i.No.Validate()
}

// byRef makes a request with the item's reference, which is queried first if it is not recorded.
func (l *protocolBase) byRef(ctx context.Context, p protocol, i wallet.Item, do func(wallet.Item) (wallet.Receipt, error)) (wallet.Receipt, error) {
	if i.Ref == "" {
		r, err := p.query(ctx, i)
		if err != nil || r.State != wallet.ItemSettled {
			return r, l.notStarted(err)
		}
		i.Ref = r.Ref
	}
	return do(i)
}

// refundOrClose refunds an item where the protocol can refund only what was issued. An unknown item is closed: it is
// issued and then refunded, so that a delayed issue request finds the number already used.
func refundOrClose(ctx context.Context, p protocol, i wallet.Item, refund func(wallet.Item) (wallet.Receipt, error)) (wallet.Receipt, error) {
	r, err := refund(i)
	if !errors.Is(err, wallet.ErrNotFound) {
		return r, err
	}
	r, err = p.issue(ctx, i)
	switch {
	case errors.Is(err, wallet.ErrDeclined):
		return wallet.Receipt{State: wallet.ItemRefunded, Expires: wallet.Never}, nil
	case err != nil:
		return wallet.Receipt{}, err
	case r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing:
		i.Ref = r.Ref
		return refund(i)
	}
	return r, nil
}
