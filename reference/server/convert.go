package server

import (
	"fmt"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// defaultPageLimit is the number of lines of a page when the client gives no limit.
const defaultPageLimit = 20

// appOf returns the app with that number, or wallet.ErrInvalid.
func appOf(a pb.App) (wallet.App, error) {
	if a < 1 || a > wallet.Apps {
		return 0, fmt.Errorf("%w: app %d", wallet.ErrInvalid, a)
	}
	return wallet.App(a), nil
}

// stageOf returns the stage with that number, or wallet.ErrInvalid.
func stageOf(s pb.Stage) (wallet.Stage, error) {
	if s < 1 || s > wallet.Stages {
		return 0, fmt.Errorf("%w: stage %d", wallet.ErrInvalid, s)
	}
	return wallet.Stage(s), nil
}

// pageLimitOf returns the number of lines of a page, or wallet.ErrInvalid.
func pageLimitOf(limit int32) (int, error) {
	if limit == 0 {
		return defaultPageLimit, nil
	}
	if limit < 0 || limit > wallet.MaxPage {
		return 0, fmt.Errorf("%w: a page of %d lines, at most %d", wallet.ErrInvalid, limit, wallet.MaxPage)
	}
	return int(limit), nil
}

// instantOf returns the instant that decides a user's stage. It returns wallet.ErrInvalid if the instant is further
// ahead than the allowed clock skew: nobody may ask about a stage that has not begun (A1).
func instantOf(us int64, now wallet.Instant) (wallet.Instant, error) {
	at := wallet.Instant(us)
	if at < 0 || at > now.Add(auth.Window) {
		return 0, fmt.Errorf("%w: the instant %d is in the future", wallet.ErrInvalid, us)
	}
	return at, nil
}

// tokensOf returns wallet.ErrInvalid when there are too many tokens. The sealer checks their length.
func tokensOf(tokens [][]byte) ([][]byte, error) {
	if len(tokens) > wallet.MaxClientTokens {
		return nil, fmt.Errorf("%w: %d tokens, at most %d", wallet.ErrInvalid, len(tokens), wallet.MaxClientTokens)
	}
	return tokens, nil
}

// grantOf returns the grant request of a caller, or wallet.ErrInvalid, or auth.ErrScope.
func grantOf(c *auth.Caller, m *pb.GrantRequest) (wallet.GrantRequest, error) {
	app, err := appOf(m.GetApp())
	if err != nil {
		return wallet.GrantRequest{}, err
	}
	award := wallet.AwardType(0)
	if a := m.GetAward(); a >= 1 && a <= pb.AwardType(wallet.AvatarPendant) {
		award = wallet.AwardType(a)
	} else {
		return wallet.GrantRequest{}, fmt.Errorf("%w: award type %d", wallet.ErrInvalid, a)
	}
	activity := wallet.ActivityID(m.GetActivity())
	if err := c.MayGrant(activity, app); err != nil {
		return wallet.GrantRequest{}, err
	}
	if m.GetRain() >= wallet.BulkRain {
		return wallet.GrantRequest{}, fmt.Errorf("%w: rain %d is reserved for bulk re-issues", wallet.ErrInvalid, m.GetRain())
	}
	return wallet.GrantRequest{
		Caller:   wallet.Caller{App: app, User: wallet.UserID(m.GetUser())},
		Activity: activity,
		Scene:    wallet.SceneID(m.GetScene()),
		Rain:     m.GetRain(),
		Award:    award,
		Amount:   wallet.Money(m.GetAmountFen()),
		Opened:   wallet.Instant(m.GetOpenedUs()),
	}, nil
}

func grantReply(r wallet.GrantReply) *pb.GrantReply {
	m := &pb.GrantReply{Order: r.Order.String(), AmountFen: int64(r.Amount), State: pb.GrantState(r.State), Token: r.Token}
	if r.Item != nil {
		m.Item = itemTo(*r.Item)
		m.Item.Ref = "" // only the owner may see a coupon's code
	}
	return m
}

func linesTo(lines []wallet.Line) []*pb.Line {
	out := make([]*pb.Line, len(lines))
	flat := make([]pb.Line, len(lines)) // one allocation for all
	for i, l := range lines {
		m := &flat[i]
		if l.Order != (wallet.OrderNo{}) {
			m.Order = l.Order.String()
		}
		m.AmountFen, m.OpenedUs, m.Status, m.Text = int64(l.Amount), int64(l.Opened), pb.TokenStatus(l.Status), l.Text
		out[i] = m
	}
	return out
}

// converted converts every element of a list.
func converted[V, M any](vs []V, convert func(V) M) []M {
	out := make([]M, len(vs))
	for i, v := range vs {
		out[i] = convert(v)
	}
	return out
}

func withdrawalTo(w wallet.Withdrawal) *pb.Withdrawal {
	return &pb.Withdrawal{Number: w.No.String(), AmountFen: int64(w.Amount), CreatedUs: int64(w.Created), State: pb.WithdrawalState(w.State),
		Request: w.No.Request}
}

func refusedTo(f wallet.TokenRefusal) *pb.RefusedToken {
	return &pb.RefusedToken{Index: int32(f.Index), Error: detail(f.Err)}
}
