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

// grantTests are about grants and their amounts.
func grantTests() []contractCase {
	return []contractCase{
		{"grant", "a valid grant returns its order number and amount, and is then shown", []string{"O1", "O3", "T5"}, grantOnce},
		{"grant-repeat", "a repeat with the same content gets the same reply, and is paid once", []string{"O3"}, grantTwice},
		{"grant-at-once", "of concurrent repeats one is paid, and all get its reply", []string{"O3"}, grantAtOnce},
		{"grant-conflict", "the same number with another amount is a conflict, and changes nothing", []string{"O3"}, grantConflict},
		{"grant-amount", "zero, negative and huge amounts are refused", []string{"C6", "F2"}, grantAmounts},
		{"grant-cap", "one fen above the cap of a single grant is refused, the cap itself is not", []string{"C6", "F2"}, grantCap},
		{"grant-scene", "an unknown scene or activity is not found", []string{"O1"}, grantScene},
		{"grant-who", "unknown apps, user numbers below 1 and wrong reward types are invalid", []string{"B1", "O1"}, grantWho},
		{"grant-when", "a win of another year is refused", []string{"A2"}, grantWhen},
		{"grant-batch", "each grant of a batch has its own result, in the order of the request", []string{"O1", "O3"}, grantBatch},
	}
}

func grantOnce(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	reply, err := p.expectGrant(ctx, 1, 88)
	if err != nil {
		return err
	}
	return p.expectPage(ctx, 88, 1, promised(reply))
}

func grantTwice(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Toutiao)
	first, err := p.expectGrant(ctx, 1, 71)
	if err != nil {
		return err
	}
	for range 3 {
		again, err := p.expectGrant(ctx, 1, 71)
		if err == nil {
			err = equal("a repeat's order number", first.Order, again.Order)
		}
		if err != nil {
			return err
		}
	}
	return p.expectPage(ctx, 71, 1, promised(first))
}

func grantAtOnce(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Xigua)
	replies, err := concurrently(func(int) (*pb.GrantReply, error) { return p.expectGrant(ctx, 1, 59) })
	if err != nil {
		return err
	}
	for _, r := range replies {
		if err := equal("a repeat's order number", replies[0].Order, r.Order); err != nil {
			return err
		}
	}
	return p.expectPage(ctx, 59, 1, promised(replies[0]))
}

func grantConflict(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	first, err := p.expectGrant(ctx, 1, 40)
	if err != nil {
		return err
	}
	for _, fen := range []int64{41, 39} {
		if _, err := w.grant(ctx, p.grantRequest(1, fen)); expectError(err, wallet.ErrConflict) != nil {
			return fmt.Errorf("40 fen, then %d: %w", fen, expectError(err, wallet.ErrConflict))
		}
	}
	return p.expectPage(ctx, 40, 1, promised(first))
}

func grantAmounts(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	for i, c := range []struct {
		fen  int64
		want []error
	}{
		{0, []error{wallet.ErrInvalid}}, {-1, []error{wallet.ErrInvalid}}, {math.MinInt64, []error{wallet.ErrInvalid}},
		{math.MaxInt64, []error{wallet.ErrOverCap, wallet.ErrOverBudget, wallet.ErrOverflow, wallet.ErrInvalid}},
	} {
		_, err := w.grant(ctx, p.grantRequest(int32(i), c.fen))
		if err := expectError(err, c.want...); err != nil {
			return fmt.Errorf("%d fen: %w", c.fen, err)
		}
	}
	return p.expectPage(ctx, 0, 0, true)
}

func grantCap(ctx context.Context, w *wire) error {
	if w.Cap == 0 {
		return notEvaluated{"the target does not give the cap of a single grant"}
	}
	p := w.newPerson(wallet.Douyin)
	_, err := w.grant(ctx, p.grantRequest(1, int64(w.Cap)+1))
	if err := expectError(err, wallet.ErrOverCap); err != nil {
		return err
	}
	reply, err := p.expectGrant(ctx, 2, int64(w.Cap))
	if err != nil {
		return fmt.Errorf("the cap itself: %w", err)
	}
	return p.expectPage(ctx, w.Cap, 1, promised(reply))
}

func grantScene(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	m := p.grantRequest(1, 10)
	m.Scene = "no-such-scene"
	_, err := w.grant(ctx, m)
	if err := expectError(err, wallet.ErrUnknownScene); err != nil {
		return fmt.Errorf("scene %q: %w", m.Scene, err)
	}
	m = p.grantRequest(1, 10)
	m.Activity = "no-such-activity"
	_, err = w.grant(ctx, m)
	if err := expectError(err, wallet.ErrNoActivity, wallet.ErrUnknownScene, wallet.ErrNotFound); err != nil {
		return fmt.Errorf("activity %q: %w", m.Activity, err)
	}
	return p.expectPage(ctx, 0, 0, true)
}

func grantWho(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	for _, c := range []struct {
		what   string
		change func(*pb.GrantRequest)
	}{
		{"no app", func(m *pb.GrantRequest) { m.App = 0 }},
		{"a ninth app", func(m *pb.GrantRequest) { m.App = 9 }},
		{"user 0", func(m *pb.GrantRequest) { m.User = 0 }},
		{"user -1", func(m *pb.GrantRequest) { m.User = -1 }},
		{"a negative rain", func(m *pb.GrantRequest) { m.Rain = -1 }},
		{"no reward type", func(m *pb.GrantRequest) { m.Award = 0 }},
		{"a coupon as cash", func(m *pb.GrantRequest) { m.Award = pb.AwardType_AWARD_TYPE_HEYTEA_COUPON }},
		{"a 14th reward type", func(m *pb.GrantRequest) { m.Award = 14 }},
	} {
		m := p.grantRequest(1, 10)
		c.change(m)
		_, err := w.grant(ctx, m)
		if err := expectError(err, wallet.ErrInvalid, wallet.ErrUnknownScene); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return p.expectPage(ctx, 0, 0, true)
}

func grantWhen(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	for _, years := range []int{-30, 30} {
		m := p.grantRequest(1, 10)
		m.OpenedUs = int64(wallet.InstantOf(time.Now().AddDate(years, 0, 0)))
		_, err := w.grant(ctx, m)
		if err := expectError(err, wallet.ErrInvalid, wallet.ErrNoActivity, wallet.ErrUnknownScene); err != nil {
			return fmt.Errorf("%d years away: %w", years, err)
		}
	}
	return p.expectPage(ctx, 0, 0, true)
}

func grantBatch(ctx context.Context, w *wire) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.FanqieAudio)
	send := func(m *pb.BatchGrantRequest) (*pb.BatchGrantReply, error) {
		reply := &pb.BatchGrantReply{}
		return reply, w.callUpstream(ctx, batchMethod, m, reply)
	}
	reply, err := send(&pb.BatchGrantRequest{Grants: []*pb.GrantRequest{a.grantRequest(1, 11), b.grantRequest(1, -5), b.grantRequest(2, 22)}})
	if err != nil {
		return err
	}
	if len(reply.Results) != 3 {
		return fmt.Errorf("%d results for 3 grants", len(reply.Results))
	}
	first, bad, last := reply.Results[0].GetGrant(), reply.Results[1].GetError(), reply.Results[2].GetGrant()
	if first.GetAmountFen() != 11 || last.GetAmountFen() != 22 || bad.GetReason() != wallet.ErrInvalid.Reason {
		return fmt.Errorf("the results do not belong to the grants: %v", reply.Results)
	}
	for _, n := range []int{0, 101} {
		m := &pb.BatchGrantRequest{}
		for i := range n {
			m.Grants = append(m.Grants, a.grantRequest(int32(10+i), 1))
		}
		_, err := send(m)
		if err := expectError(err, wallet.ErrInvalid); err != nil {
			return fmt.Errorf("a batch of %d: %w", n, err)
		}
	}
	return cmp.Or(a.expectPage(ctx, 11, 1, promised(first)), b.expectPage(ctx, 22, 1, promised(last)))
}
