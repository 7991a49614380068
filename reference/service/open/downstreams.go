package open

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	dswire "hongbao/reference/downstream/wire"
	"hongbao/reference/wallet"
)

// deliverEvery is the interval of delivering the callbacks of stand-ins.
const deliverEvery = time.Second

// StandInSettles is how long a stand-in that accepts a request first takes to decide.
const StandInSettles = 20 * time.Second

// downstreams are the systems of the twelve reward types other than cash: real ones over HTTP, or stand-ins in this process.
type downstreams struct {
	byAward map[wallet.AwardType]wallet.Downstream
	secret  []byte
	line    *dswire.Transport                 // to the real ones; nil: they are stand-ins
	fakes   map[wallet.AwardType]*fake.System // nil: they are real
}

// openDownstreams opens the reward systems of a wallet. The shadow wallet has stand-ins, even if the live wallet has real
// systems: no real coupon is granted for a load test (K2).
func (s *Service) openDownstreams(shadow bool) (*downstreams, error) {
	b := &downstreams{secret: []byte(s.config.Downstreams.Secret)}
	if s.config.Downstreams.URL != "" && !shadow {
		return b, b.dial(s.config.Downstreams, s.config.Deadline)
	}
	return b, b.fake(s.config.StandIns)
}

// dial connects to the real systems.
func (b *downstreams) dial(c DownstreamConfig, deadline time.Duration) (err error) {
	if c.Timeout == 0 {
		c.Timeout = min(dswire.DefaultTimeout, deadline)
	}
	if b.line, err = dswire.NewTransport(c.URL, dswire.Options{Timeout: c.Timeout}); err != nil {
		return err
	}
	b.byAward = map[wallet.AwardType]wallet.Downstream{}
	for _, award := range downstream.Awards() {
		d, err := downstream.New(award, downstream.Options{Exchange: b.line.Exchange(award), Clock: systemClock{}, Secret: b.secret})
		if err != nil {
			return err
		}
		b.byAward[award] = d
	}
	return nil
}

// fake creates stand-ins in this process. They behave as configured; nil: without faults. They lose everything when the
// process ends.
func (b *downstreams) fake(how *fake.Behaviour) (err error) {
	if how == nil {
		how = &fake.Behaviour{Processing: StandInSettles}
	}
	b.secret = make([]byte, downstream.MinSecret)
	_, _ = rand.Read(b.secret) // never fails
	b.fakes = fake.NewAll(b.secret, *how)
	b.byAward, err = dswire.Embedded(b.fakes, systemClock{}, b.secret)
	return err
}

// listener receives the callbacks of reward systems.
func (d *walletInstance) listener() *dswire.Listener {
	return &dswire.Listener{Secret: d.systems.secret, Clock: systemClock{}, OnCallback: d.Node.ConfirmReward}
}

// deliverCallbacks delivers the callbacks of stand-ins until ctx ends.
func (d *walletInstance) deliverCallbacks(ctx context.Context) {
	if d.systems.fakes == nil {
		return
	}
	post := &dswire.Deliverer{Systems: d.systems.fakes, Clock: systemClock{}, Post: d.listener().Receive}
	repeat(ctx, deliverEvery, func() { post.Step(ctx) })
}

// callbacks receives callbacks over HTTP.
type callbacks struct{ *walletInstance }

// Callback implements server.Callbacks.
func (c callbacks) Callback(ctx context.Context, award wallet.AwardType, header http.Header, body []byte) error {
	return c.listener().Callback(ctx, award, header, body)
}

// close closes the connections to the systems.
func (b *downstreams) close() {
	if b != nil && b.line != nil {
		b.line.Close()
	}
}
