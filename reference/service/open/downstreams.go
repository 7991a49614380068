package open

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
	stockBlock   = 100              // coupons that an instance leases at once: some seconds of its grants of one template
	stockParts   = 16               // keys of one template under split-key; the same in all instances, for ever
	deliverEvery = time.Second      // how often the stand-ins' callbacks are brought
	FakeSettles  = 20 * time.Second // how long a stand-in that accepts first takes to decide
)

// downstreams is what stands behind a side's rewards: the systems of the twelve types, real ones over HTTP or stand-ins in
// this process, and the stock of coupons.
type downstreams struct {
	systems map[wallet.AwardType]wallet.Downstream
	stock   *stock.Keeper
	secret  []byte
	line    *dswire.Line                      // to the real ones; nil: there are stand-ins
	fakes   map[wallet.AwardType]*fake.System // nil: there are real ones
}

// openDownstreams opens a side's rewards. The marked load has stand-ins of its own, whatever the live traffic has: nobody's
// real coupons are handed out for it (K2).
func (s *Service) openDownstreams(st *stores, guard *degrade.Guard, shadow bool) (*downstreams, error) {
	index, err := activity.New(s.tree)
	if err != nil {
		return nil, err
	}
	b := &downstreams{secret: []byte(s.config.Downstreams.Secret)}
	if b.stock, err = s.openStock(st, rewards.Templates(index)); err != nil {
		return nil, err
	}
	if s.config.Downstreams.URL != "" && !shadow {
		err = b.dial(s.config.Downstreams, s.config.Deadline)
	} else {
		err = b.fake(s.config.StandIns)
	}
	for award, d := range b.systems {
		b.systems[award] = limiting.LimitDownstreamConcurrency(award, guard.Downstream(award, d), limiting.SystemCalls)
	}
	return b, err
}

// openStock opens the count of coupons under the configured strategy.
func (s *Service) openStock(st *stores, templates []wallet.Template) (*stock.Keeper, error) {
	return stock.NewKeeper(stock.Strategy{Name: wallet.StockStrategy(s.config.Stock), Counter: st.stock, Keys: st.stock, Parts: stockParts,
		Book: st.stockBook, Mirror: st.stock, Holder: s.name, Block: stockBlock}, templates)
}

// dial makes adapters for the real systems.
func (b *downstreams) dial(c DownstreamConfig, deadline time.Duration) (err error) {
	if c.Timeout == 0 {
		c.Timeout = min(dswire.DefaultTimeout, deadline)
	}
	if b.line, err = dswire.NewLine(c.URL, dswire.Options{Timeout: c.Timeout}); err != nil {
		return err
	}
	b.systems = map[wallet.AwardType]wallet.Downstream{}
	for _, award := range downstream.Awards() {
		d, err := downstream.New(award, downstream.Options{Exchange: b.line.Exchange(award), Clock: RealClock{}, Secret: b.secret})
		if err != nil {
			return err
		}
		b.systems[award] = d
	}
	return nil
}

// fake makes stand-ins in this process, which behave as they are told, nil: well, and forget all when it ends.
func (b *downstreams) fake(how *fake.Behaviour) (err error) {
	if how == nil {
		how = &fake.Behaviour{Processing: FakeSettles}
	}
	b.secret = make([]byte, downstream.MinSecret)
	_, _ = rand.Read(b.secret) // never fails
	b.fakes = fake.NewAll(b.secret, *how)
	b.systems, err = dswire.Embedded(b.fakes, RealClock{}, b.secret)
	return err
}

// listener hears what downstreams tell of their own accord.
func (d *walletInstance) listener() *dswire.Listener {
	return &dswire.Listener{Secret: d.downstreams.secret, Clock: RealClock{}, Told: d.node.ConfirmReward}
}

// deliverCallbacks brings the stand-ins' callbacks until ctx ends.
func (d *walletInstance) deliverCallbacks(ctx context.Context) {
	if d.downstreams.fakes == nil {
		return
	}
	post := &dswire.Deliverer{Systems: d.downstreams.fakes, Clock: RealClock{}, Post: d.listener().Hear}
	t := time.NewTicker(deliverEvery)
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
func (d *walletInstance) restoreStock(ctx context.Context) error {
	holders, err := d.downstreams.stock.Holders(ctx)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if _, err := d.downstreams.stock.Retire(ctx, h); err != nil {
			return err
		}
	}
	return d.downstreams.stock.Publish(ctx)
}

// callbacks is the way of callbacks over HTTP.
type callbacks struct{ *walletInstance }

// Callback implements server.Callbacks.
func (c callbacks) Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	return c.listener().Callback(ctx, award, header, body)
}

// close lets go of the connections to the downstreams.
func (b *downstreams) close() {
	if b != nil && b.line != nil {
		b.line.Close()
	}
}
