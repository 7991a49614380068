// Package downstream speaks to the systems behind twelve of the thirteen reward types (B4), each in a protocol of its
// own; the thirteenth, cash, is the ledger. One file holds one protocol. Above them is one model, wallet.Downstream.
//
// An adapter sends through an Exchange, so that the same code runs over HTTP and in virtual time. It keeps no item, and
// repeats nothing whose outcome it does not know: that is its caller's, under the same order number. What it cannot read
// beyond doubt it does not believe: a reply must name the order that was asked about, a state that the protocol knows,
// and all that belongs to that state, or the outcome is unknown. It must not open connections, wait, or log.
package downstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Request is what a downstream is asked. Header's names are in their canonical form; Path has the query in it. Nobody
// changes a request once it is made, so it may arrive late.
type Request struct {
	Method string
	Path   string
	Header map[string]string
	Body   []byte
}

// Reply is what it answers.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Exchange carries a request to one downstream and its reply back, and waits as long as it thinks right. Errors of
// wallet.CodeUnavailable and wallet.CodeOverloaded say that the request surely did not arrive; after any other it may
// have.
type Exchange func(ctx context.Context, r Request) (Reply, error)

// MaxBody bounds a reply's body in bytes: ten times the largest one that a protocol has, a full batch.
const MaxBody = 1 << 17

// Options are what an adapter is made of. All fields are needed.
type Options struct {
	Exchange Exchange
	Clock    wallet.Clock
	Secret   []byte // shared with the downstream, for signatures; at least MinSecret bytes
}

// MinSecret is the fewest bytes of a secret: 128 bits.
const MinSecret = 16

// New returns the adapter for the downstream of an award type. ErrInvalid: there is none for it (cash), or an option is
// missing.
func New(award wallet.AwardType, o Options) (wallet.Downstream, error) {
	if o.Exchange == nil || o.Clock == nil || len(o.Secret) < MinSecret {
		return nil, fmt.Errorf("%w: the downstream of %s needs an exchange, a clock and a secret of %d bytes", wallet.ErrInvalid, award, MinSecret)
	}
	l := &line{award: award, exchange: o.Exchange, clock: o.Clock, secret: o.Secret}
	p, ok := protocolOf(l)
	if !ok {
		return nil, fmt.Errorf("%w: there is no downstream for %s", wallet.ErrInvalid, award)
	}
	return &adapter{line: l, protocol: p, traits: TraitsOf(award)}, nil
}

// Awards returns the award types that have a downstream here, in order.
func Awards() []wallet.AwardType {
	var all []wallet.AwardType
	for a := wallet.VideoSubsidy; a <= wallet.AvatarPendant; a++ {
		all = append(all, a)
	}
	return all
}

// TraitsOf returns what a caller must know of the protocol behind an award type.
func TraitsOf(award wallet.AwardType) wallet.Traits {
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
	ecommerceBatch = 50               // lines that the e-commerce system takes at once
	moviePerSecond = 50               // calls a second that the movie system answers
	pendantWindow  = 10 * time.Minute // how long the pendant system knows a repeat
)

// protocol is how one downstream is spoken to about one item. Errors are those of wallet.Downstream.
type protocol interface {
	issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	look(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	use(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
	refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error)
}

// batcher is a protocol that hands out many at once. It answers for each, in their order.
type batcher interface {
	issueAll(ctx context.Context, items []wallet.Item) []wallet.ItemAnswer
}

// adapter puts the uniform model over a protocol.
type adapter struct {
	*line
	protocol protocol
	traits   wallet.Traits
}

var _ wallet.Downstream = (*adapter)(nil)

// Traits implements wallet.Downstream.
func (a *adapter) Traits() wallet.Traits { return a.traits }

// Issue implements wallet.Downstream. Whatever befell the call is told item by item; the call's own error is
// ErrInvalid, for items that are not this downstream's or too many.
func (a *adapter) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemAnswer, error) {
	if len(items) > a.traits.Batch {
		return nil, fmt.Errorf("%w: %d items for %s, which takes %d", wallet.ErrInvalid, len(items), a.award, a.traits.Batch)
	}
	for _, i := range items {
		if err := a.check(i); err != nil {
			return nil, err
		}
	}
	var answers []wallet.ItemAnswer
	if b, ok := a.protocol.(batcher); ok && len(items) > 0 {
		answers = b.issueAll(ctx, items)
	} else {
		answers = make([]wallet.ItemAnswer, len(items))
		for n, i := range items {
			answers[n].Receipt, answers[n].Err = a.protocol.issue(ctx, i)
		}
	}
	for n, answer := range answers {
		answers[n].Receipt, answers[n].Err = a.known(answer.Receipt, answer.Err, wallet.ErrDeclined)
	}
	return answers, nil
}

// Look implements wallet.Downstream. ErrDeclined: it was accepted and then declined.
func (a *adapter) Look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := a.check(i); err != nil {
		return wallet.Receipt{}, err
	}
	r, err := a.protocol.look(ctx, i)
	return a.known(r, err, wallet.ErrDeclined, wallet.ErrNotFound)
}

// Use implements wallet.Downstream. ErrNotFound: the downstream has never heard of it.
func (a *adapter) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := a.check(i); err != nil {
		return wallet.Receipt{}, err
	}
	r, err := a.protocol.use(ctx, i)
	return a.known(r, err, wallet.ErrDeclined, wallet.ErrNotFound)
}

// Refund implements wallet.Downstream. An item that the downstream has never heard of is closed there, so that an issue
// that is still on its way hands nothing out.
func (a *adapter) Refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := a.check(i); err != nil {
		return wallet.Receipt{}, err
	}
	r, err := a.protocol.refund(ctx, i)
	return a.known(r, err, wallet.ErrDeclined, wallet.ErrNotFound)
}

// known leaves the answers alone that mean something to a caller here, and makes an unknown outcome of any other. No
// receipt comes with an error.
func (a *adapter) known(r wallet.Receipt, err error, also ...error) (wallet.Receipt, error) {
	if err == nil {
		switch r.State {
		case wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemUsed, wallet.ItemExpired, wallet.ItemRefunded:
			return r, nil
		}
		return wallet.Receipt{}, a.unreadable("no state")
	}
	for _, e := range append(also, wallet.ErrUnknown, wallet.ErrUnavailable, wallet.ErrOverloaded, wallet.ErrLimited) {
		if errors.Is(err, e) {
			return wallet.Receipt{}, err
		}
	}
	return wallet.Receipt{}, a.unreadable("it makes no sense here: %v", err)
}

func (a *adapter) check(i wallet.Item) error {
	if i.Award != a.award {
		return fmt.Errorf("%w: item %s is of %s, not of %s", wallet.ErrInvalid, i.No, i.Award, a.award)
	}
	return i.No.Validate()
}

// issueThenRefund closes an item that a downstream has never heard of where the protocol can only take back what was
// handed out: once it was issued, a request that is still on its way finds the number taken.
func issueThenRefund(ctx context.Context, p protocol, i wallet.Item, refund func(wallet.Receipt) (wallet.Receipt, error)) (wallet.Receipt, error) {
	r, err := p.issue(ctx, i)
	switch {
	case errors.Is(err, wallet.ErrDeclined):
		return wallet.Receipt{State: wallet.ItemRefunded, Expires: wallet.Never}, nil
	case err != nil:
		return wallet.Receipt{}, err
	case r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing:
		return refund(r)
	}
	return r, nil
}
