package k6

import (
	"context"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// teller is the wallet as one person's app asks it for pages: it tells the witness what was asked. What came back is told
// by seen, because a page that the app does not show, as it lacks a token, nobody has seen. Not safe for concurrent use.
type teller struct {
	wallet.Service
	festival *festival
	place    int64
	asked    oracle.PageID
	pending  bool
}

// Page implements wallet.Service.
func (t *teller) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if t.festival.judges() {
		t.festival.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
			if t.pending {
				o.PageAnswered(t.asked, wallet.Page{}, wallet.ErrUnknown, now)
			}
			t.asked, t.pending = o.PageSent(t.place, r, now), true
		})
	}
	return t.Service.Page(ctx, r)
}

// seen tells what the person was shown in the end, and returns how many violations that brought to light.
func (t *teller) seen(page wallet.Page, err error) int64 {
	if !t.pending {
		return 0
	}
	t.pending = false
	return t.festival.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(t.asked, page, err, now) })
}
