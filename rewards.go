package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/degrade"
	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	dswire "hongbao/reference/downstream/wire"
	limiting "hongbao/reference/limit"
	"hongbao/reference/rewards"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// How rewards that are not cash are served.
const (
	stockBlock     = 100              // coupons that an instance leases at once: some seconds of its grants of one template
	stockParts     = 16               // keys of one template under split-key; the same in all instances, for ever
	bringEvery     = time.Second      // how often the stand-ins' callbacks are brought
	standInSettles = 20 * time.Second // how long a stand-in that accepts first takes to decide
)

// behind is what stands behind a side's rewards: the systems of the twelve types, real ones over HTTP or stand-ins in
// this process, and the stock of coupons.
type behind struct {
	downstreams map[wallet.AwardType]wallet.Downstream
	stock       *stock.Keeper
	secret      []byte
	line        *dswire.Line                      // to the real ones; nil: there are stand-ins
	standIns    map[wallet.AwardType]*fake.System // nil: there are real ones
}

// openBehind opens a side's rewards. The marked load has stand-ins of its own, whatever the live traffic has: nobody's
// real coupons are handed out for it (K2).
func (s *service) openBehind(st *stores, guard *degrade.Guard, shadow bool) (*behind, error) {
	index, err := activity.New(s.tree)
	if err != nil {
		return nil, err
	}
	b := &behind{secret: []byte(s.config.Downstreams.Secret)}
	if b.stock, err = s.openStock(st, rewards.Templates(index)); err != nil {
		return nil, err
	}
	if s.config.Downstreams.URL != "" && !shadow {
		err = b.dial(s.config.Downstreams, s.config.Deadline)
	} else {
		err = b.standIn(s.config.StandIns)
	}
	for award, d := range b.downstreams {
		b.downstreams[award] = limiting.LimitDownstreamConcurrency(award, guard.Downstream(award, d), limiting.SystemCalls)
	}
	return b, err
}

// openStock opens the count of coupons under the configured strategy.
func (s *service) openStock(st *stores, templates []wallet.Template) (*stock.Keeper, error) {
	return stock.NewKeeper(stock.Strategy{Name: wallet.StockStrategy(s.config.Stock), Counter: st.stock, Keys: st.stock, Parts: stockParts,
		Book: st.stockBook, Mirror: st.stock, Holder: s.name, Block: stockBlock}, templates)
}

// dial makes adapters for the real systems.
func (b *behind) dial(c downstreamConfig, deadline time.Duration) (err error) {
	if c.Timeout == 0 {
		c.Timeout = min(dswire.DefaultTimeout, deadline)
	}
	if b.line, err = dswire.NewLine(c.URL, dswire.Options{Timeout: c.Timeout}); err != nil {
		return err
	}
	b.downstreams = map[wallet.AwardType]wallet.Downstream{}
	for _, award := range downstream.Awards() {
		d, err := downstream.New(award, downstream.Options{Exchange: b.line.Exchange(award), Clock: realClock{}, Secret: b.secret})
		if err != nil {
			return err
		}
		b.downstreams[award] = d
	}
	return nil
}

// standIn makes stand-ins in this process, which behave as they are told, nil: well, and forget all when it ends.
func (b *behind) standIn(how *fake.Behaviour) (err error) {
	if how == nil {
		how = &fake.Behaviour{Processing: standInSettles}
	}
	b.secret = make([]byte, downstream.MinSecret)
	_, _ = rand.Read(b.secret) // never fails
	b.standIns = fake.NewAll(b.secret, *how)
	b.downstreams, err = dswire.Embedded(b.standIns, realClock{}, b.secret)
	return err
}

// listener hears what downstreams tell of their own accord.
func (d *side) listener() *dswire.Listener {
	return &dswire.Listener{Secret: d.behind.secret, Clock: realClock{}, Told: d.node.ConfirmReward}
}

// bring brings the stand-ins' callbacks until ctx ends.
func (d *side) bring(ctx context.Context) {
	if d.behind.standIns == nil {
		return
	}
	post := &dswire.Deliverer{Systems: d.behind.standIns, Clock: realClock{}, Post: d.listener().Hear}
	t := time.NewTicker(bringEvery)
	defer t.Stop()
	for {
		post.Step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// restoreStock gives back what earlier lives of this process had leased, and shows how the stock stands.
func (d *side) restoreStock(ctx context.Context) error {
	holders, err := d.behind.stock.Holders(ctx)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if _, err := d.behind.stock.Retire(ctx, h); err != nil {
			return err
		}
	}
	return d.behind.stock.Publish(ctx)
}

// callbacks is the way of callbacks over HTTP.
type callbacks struct{ *side }

// Callback implements server.Callbacks.
func (c callbacks) Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	return c.listener().Callback(ctx, award, header, body)
}

// close lets go of the connections to the downstreams.
func (b *behind) close() {
	if b != nil && b.line != nil {
		b.line.Close()
	}
}
