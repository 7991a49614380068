package conform

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// grantTests are about grants and what they are worth.
func grantTests() []test {
	return []test{
		{"grant", "a good grant is answered with its order number and amount, and then shown", []string{"O1", "O3", "T5"}, grantOnce},
		{"grant-repeat", "a repeat with the same content has the same answer, and is paid once", []string{"O3"}, grantTwice},
		{"grant-at-once", "of repeats that come at the same time one is paid, and all have its answer", []string{"O3"}, grantAtOnce},
		{"grant-conflict", "the same number for another amount is a conflict, and changes nothing", []string{"O3"}, grantConflict},
		{"grant-amount", "amounts of zero, below zero and beyond any cap are refused", []string{"C6", "F2"}, grantAmounts},
		{"grant-cap", "a fen above the cap of a single grant is refused, the cap itself is not", []string{"C6", "F2"}, grantCap},
		{"grant-scene", "what the configuration does not know is not found: scene, activity", []string{"O1"}, grantScene},
		{"grant-who", "apps that there are not, users from zero down and other reward types are invalid", []string{"B1", "O1"}, grantWho},
		{"grant-when", "what was won in another year is not granted now", []string{"A2"}, grantWhen},
		{"grant-batch", "in a batch each grant has its own result, in its place", []string{"O1", "O3"}, grantBatch},
	}
}

func grantOnce(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	reply, err := p.granted(ctx, 1, 88)
	if err != nil {
		return err
	}
	return p.sees(ctx, 88, 1, promised(reply))
}

func grantTwice(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Toutiao)
	first, err := p.granted(ctx, 1, 71)
	if err != nil {
		return err
	}
	for range 3 {
		again, err := p.granted(ctx, 1, 71)
		if err == nil {
			err = equal("a repeat's order number", first.Order, again.Order)
		}
		if err != nil {
			return err
		}
	}
	return p.sees(ctx, 71, 1, promised(first))
}

func grantAtOnce(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Xigua)
	replies, err := atOnce(func(int) (*pb.GrantReply, error) { return p.granted(ctx, 1, 59) })
	if err != nil {
		return err
	}
	for _, r := range replies {
		if err := equal("a repeat's order number", replies[0].Order, r.Order); err != nil {
			return err
		}
	}
	return p.sees(ctx, 59, 1, promised(replies[0]))
}

func grantConflict(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	first, err := p.granted(ctx, 1, 40)
	if err != nil {
		return err
	}
	for _, fen := range []int64{41, 39} {
		if _, err := w.ask(ctx, p.win(1, fen)); wants(err, wallet.ErrConflict) != nil {
			return fmt.Errorf("40 fen, then %d: %w", fen, wants(err, wallet.ErrConflict))
		}
	}
	return p.sees(ctx, 40, 1, promised(first))
}

func grantAmounts(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	for i, c := range []struct {
		fen  int64
		want []error
	}{
		{0, []error{wallet.ErrInvalid}}, {-1, []error{wallet.ErrInvalid}}, {math.MinInt64, []error{wallet.ErrInvalid}},
		{math.MaxInt64, []error{wallet.ErrOverCap, wallet.ErrOverBudget, wallet.ErrOverflow, wallet.ErrInvalid}},
	} {
		_, err := w.ask(ctx, p.win(int32(i), c.fen))
		if err := wants(err, c.want...); err != nil {
			return fmt.Errorf("%d fen: %w", c.fen, err)
		}
	}
	return p.sees(ctx, 0, 0, true)
}

func grantCap(ctx context.Context, w *wire) error {
	if w.Cap == 0 {
		return unanswered{"the cap of a single grant was not told"}
	}
	p := w.somebody(wallet.Douyin)
	_, err := w.ask(ctx, p.win(1, int64(w.Cap)+1))
	if err := wants(err, wallet.ErrOverCap); err != nil {
		return err
	}
	reply, err := p.granted(ctx, 2, int64(w.Cap))
	if err != nil {
		return fmt.Errorf("the cap itself: %w", err)
	}
	return p.sees(ctx, w.Cap, 1, promised(reply))
}

func grantScene(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	m := p.win(1, 10)
	m.Scene = "no-such-scene"
	_, err := w.ask(ctx, m)
	if err := wants(err, wallet.ErrUnknownScene); err != nil {
		return fmt.Errorf("scene %q: %w", m.Scene, err)
	}
	m = p.win(1, 10)
	m.Activity = "no-such-activity"
	_, err = w.ask(ctx, m)
	if err := wants(err, wallet.ErrNoActivity, wallet.ErrUnknownScene, wallet.ErrNotFound); err != nil {
		return fmt.Errorf("activity %q: %w", m.Activity, err)
	}
	return p.sees(ctx, 0, 0, true)
}

func grantWho(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	for _, c := range []struct {
		what   string
		change func(*pb.GrantRequest)
	}{
		{"no app", func(m *pb.GrantRequest) { m.App = 0 }},
		{"a ninth app", func(m *pb.GrantRequest) { m.App = 9 }},
		{"user 0", func(m *pb.GrantRequest) { m.User = 0 }},
		{"user -1", func(m *pb.GrantRequest) { m.User = -1 }},
		{"a rain below zero", func(m *pb.GrantRequest) { m.Rain = -1 }},
		{"no reward type", func(m *pb.GrantRequest) { m.Award = 0 }},
		{"a coupon as cash", func(m *pb.GrantRequest) { m.Award = pb.AwardType_AWARD_TYPE_HEYTEA_COUPON }},
		{"a 14th reward type", func(m *pb.GrantRequest) { m.Award = 14 }},
	} {
		m := p.win(1, 10)
		c.change(m)
		_, err := w.ask(ctx, m)
		if err := wants(err, wallet.ErrInvalid, wallet.ErrUnknownScene); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return p.sees(ctx, 0, 0, true)
}

func grantWhen(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	for _, years := range []int{-30, 30} {
		m := p.win(1, 10)
		m.OpenedUs = int64(wallet.InstantOf(time.Now().AddDate(years, 0, 0)))
		_, err := w.ask(ctx, m)
		if err := wants(err, wallet.ErrInvalid, wallet.ErrNoActivity, wallet.ErrUnknownScene); err != nil {
			return fmt.Errorf("%d years off: %w", years, err)
		}
	}
	return p.sees(ctx, 0, 0, true)
}

func grantBatch(ctx context.Context, w *wire) error {
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.FanqieAudio)
	send := func(m *pb.BatchGrantRequest) (*pb.BatchGrantReply, error) {
		reply, body := &pb.BatchGrantReply{}, encode(m)
		return reply, w.call(ctx, func() *request { return w.signed(batchMethod, body, w.Key, time.Now()) }, reply)
	}
	reply, err := send(&pb.BatchGrantRequest{Grants: []*pb.GrantRequest{a.win(1, 11), b.win(1, -5), b.win(2, 22)}})
	if err != nil {
		return err
	}
	if len(reply.Results) != 3 {
		return fmt.Errorf("%d results for 3 grants", len(reply.Results))
	}
	first, bad, last := reply.Results[0].GetGrant(), reply.Results[1].GetError(), reply.Results[2].GetGrant()
	if first.GetAmountFen() != 11 || last.GetAmountFen() != 22 || bad.GetReason() != wallet.ErrInvalid.Reason {
		return fmt.Errorf("results are not each grant's own: %v", reply.Results)
	}
	for _, n := range []int{0, 101} {
		m := &pb.BatchGrantRequest{}
		for i := range n {
			m.Grants = append(m.Grants, a.win(int32(10+i), 1))
		}
		_, err := send(m)
		if err := wants(err, wallet.ErrInvalid); err != nil {
			return fmt.Errorf("a batch of %d: %w", n, err)
		}
	}
	return cmp.Or(a.sees(ctx, 11, 1, promised(first)), b.sees(ctx, 22, 1, promised(last)))
}
