package conform

import (
	"context"
	"fmt"
	"maps"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// most is the largest amount that a case grants, in fen, and crowd how many ask at the same time where that is the point.
const (
	most  = 99
	crowd = 8
)

// sessionLife is how long the sessions of the cases last.
const sessionLife = time.Hour

// person is a user of one app.
type person struct {
	w   *wire
	who wallet.Caller
}

// owed is what a person's page is to show.
type owed struct {
	balance wallet.Money
	lines   int
}

// somebody returns a user whom nobody has heard of.
func (w *wire) somebody(app wallet.App) person {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people++
	return person{w, wallet.Caller{App: app, User: wallet.UserID(w.people)}}
}

// on returns the same user number in another app.
func (p person) on(app wallet.App) person {
	return person{p.w, wallet.Caller{App: app, User: p.who.User}}
}

// win returns the request to grant somebody an amount, in a rain of its own.
func (p person) win(rain int32, fen int64) *pb.GrantRequest {
	return &pb.GrantRequest{App: pb.App(p.who.App), User: int64(p.who.User), Activity: string(p.w.Activity), Scene: string(p.w.Scene), Rain: rain,
		Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: fen, OpenedUs: int64(p.w.begun.Add(time.Duration(rain) * time.Second))}
}

// ask grants what a request says.
func (w *wire) ask(ctx context.Context, m *pb.GrantRequest) (*pb.GrantReply, error) {
	reply := &pb.GrantReply{}
	body := encode(m)
	return reply, w.call(ctx, func() *request { return w.signed(grantMethod, body, w.Key, time.Now()) }, reply)
}

// The methods.
const (
	grantMethod    = "GrantService/Grant"
	batchMethod    = "GrantService/BatchGrant"
	bindMethod     = "AccountService/BindPhone"
	pageMethod     = "WalletService/WalletPage"
	flowMethod     = "WalletService/Flow"
	withdrawMethod = "WalletService/Withdraw"
	rewardsMethod  = "WalletService/Rewards"
	useMethod      = "WalletService/UseReward"
	sendMethod     = "WalletService/SendPacket"
	openMethod     = "WalletService/OpenPacket"
)

// granted grants an amount and wants an answer that says so.
func (p person) granted(ctx context.Context, rain int32, fen int64) (*pb.GrantReply, error) {
	reply, err := p.w.ask(ctx, p.win(rain, fen))
	if err != nil {
		return nil, fmt.Errorf("a good grant: %w", err)
	}
	no, err := wallet.ParseOrderNo(reply.Order)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the order number %q is not ACTID_SCENE_RAIN_AWARD_STAGE: %v", reply.Order, err)
	case no.Scene != p.w.Scene || no.Rain != rain || no.Award != wallet.Cash:
		return nil, fmt.Errorf("the order number %s is not of scene %s, rain %d, cash", reply.Order, p.w.Scene, rain)
	case reply.AmountFen != fen:
		return nil, fmt.Errorf("%d fen were granted, %d asked for", reply.AmountFen, fen)
	case reply.State != pb.GrantState_GRANT_STATE_ACCEPTED && reply.State != pb.GrantState_GRANT_STATE_POSTED:
		return nil, fmt.Errorf("the grant's state is %s", reply.State)
	}
	return reply, nil
}

// session returns a request in the person's session.
func (p person) session(method string, body []byte) *request {
	r := p.w.new(method, body)
	r.header.Set("Authorization", "Bearer "+p.w.Session(p.who, time.Now().Add(sessionLife)))
	return r
}

// page reads the wallet page.
func (p person) page(ctx context.Context, m *pb.WalletPageRequest) (*pb.WalletPageReply, error) {
	if p.w.Session == nil {
		return nil, unanswered{"no sessions were given, so that no page can be seen"}
	}
	page, body := &pb.WalletPageReply{}, encode(m)
	if err := p.w.call(ctx, func() *request { return p.session(pageMethod, body) }, page); err != nil {
		return nil, fmt.Errorf("the wallet page: %w", err)
	}
	if len(page.Missing) > 0 {
		return nil, unanswered{fmt.Sprintf("the page could not read %v", page.Missing)}
	}
	return page, nil
}

// sees wants the page to show a balance and so many grants: at once, or where no answer has promised that, in time. More
// than that it must not show at any moment.
func (p person) sees(ctx context.Context, fen wallet.Money, lines int, promised bool) error {
	for looks := p.w.looks(); ; {
		page, err := p.page(ctx, &pb.WalletPageRequest{Limit: wallet.MaxPage})
		switch {
		case err != nil:
			return err
		case page.BalanceFen > int64(fen) || len(page.Lines) > lines:
			return fmt.Errorf("the page shows %d fen in %d lines, more than the %d in %d that are the person's", page.BalanceFen, len(page.Lines), fen, lines)
		case page.BalanceFen == int64(fen) && len(page.Lines) == lines:
			p.w.remember(p.who, owed{fen, lines})
			return nil
		case promised:
			return fmt.Errorf("the page shows %d fen in %d lines, not the %d in %d that the answers promised", page.BalanceFen, len(page.Lines), fen, lines)
		case looks.over():
			return fmt.Errorf("after %s the page shows %d fen in %d lines, not %d in %d", p.w.Patience, page.BalanceFen, len(page.Lines), fen, lines)
		}
		if !looks.pause(ctx) {
			return unanswered{"it was interrupted"}
		}
	}
}

// promised says whether an answer means that the money is shown from now on: it is posted, or the client holds a token.
func promised(r *pb.GrantReply) bool {
	return r.State == pb.GrantState_GRANT_STATE_POSTED || len(r.Token) > 0
}

// remember notes what a page showed rightly.
func (w *wire) remember(who wallet.Caller, o owed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[who] = o
}

// settle keeps what a case has seen, for the last one to look again. Of a case that was broken off nobody knows what its
// people are owed.
func (w *wire) settle(passed bool) {
	if passed {
		maps.Copy(w.owed, w.seen)
	}
	clear(w.seen)
}
