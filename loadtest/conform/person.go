package conform

import (
	"context"
	"fmt"
	"maps"
	"time"

	"google.golang.org/protobuf/proto"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// maxGrant is the largest amount that a case grants, in fen. parallelCalls is the number of concurrent calls where a
// case is about concurrency.
const (
	maxGrant      = 99
	parallelCalls = 8
)

// sessionValidity is how long a session of a case is valid.
const sessionValidity = time.Hour

// person is a user of one app.
type person struct {
	w   *wire
	who wallet.Caller
}

// expectation is what a person's page has to show.
type expectation struct {
	balance wallet.Money
	lines   int
}

// newPerson returns a new user.
func (w *wire) newPerson(app wallet.App) person {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people++
	return person{w, wallet.Caller{App: app, User: wallet.UserID(w.people)}}
}

// on returns the same user number in another app.
func (p person) on(app wallet.App) person {
	return person{p.w, wallet.Caller{App: app, User: p.who.User}}
}

// grantRequest returns a request to grant an amount, in a separate rain.
func (p person) grantRequest(rain int32, fen int64) *pb.GrantRequest {
	return &pb.GrantRequest{App: pb.App(p.who.App), User: int64(p.who.User), Activity: string(p.w.Activity), Scene: string(p.w.Scene), Rain: rain,
		Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: fen, OpenedUs: int64(p.w.winTime.Add(time.Duration(rain) * time.Second))}
}

// grant sends a grant request.
func (w *wire) grant(ctx context.Context, m *pb.GrantRequest) (*pb.GrantReply, error) {
	reply := &pb.GrantReply{}
	return reply, w.callUpstream(ctx, grantMethod, m, reply)
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

// expectGrant grants an amount and checks the reply.
func (p person) expectGrant(ctx context.Context, rain int32, fen int64) (*pb.GrantReply, error) {
	reply, err := p.w.grant(ctx, p.grantRequest(rain, fen))
	if err != nil {
		return nil, fmt.Errorf("a valid grant: %w", err)
	}
	no, err := wallet.ParseOrderNo(reply.Order)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the order number %q is not ACTID_SCENE_RAIN_AWARD_STAGE: %v", reply.Order, err)
	case no.Scene != p.w.Scene || no.Rain != rain || no.Award != wallet.Cash:
		return nil, fmt.Errorf("the order number %s is not of scene %s, rain %d, cash", reply.Order, p.w.Scene, rain)
	case reply.AmountFen != fen:
		return nil, fmt.Errorf("%d fen were granted, %d were requested", reply.AmountFen, fen)
	case reply.State != pb.GrantState_GRANT_STATE_ACCEPTED && reply.State != pb.GrantState_GRANT_STATE_POSTED:
		return nil, fmt.Errorf("the grant's state is %s", reply.State)
	}
	return reply, nil
}

// session returns a request in the person's session.
func (p person) session(method string, body []byte) *request {
	r := p.w.new(method, body)
	r.header.Set("Authorization", "Bearer "+p.w.Session(p.who, time.Now().Add(sessionValidity)))
	return r
}

// call makes a call in the person's session that has to succeed.
func (p person) call(ctx context.Context, method string, in, out proto.Message) error {
	if p.w.Session == nil {
		return notEvaluated{"the target has no sessions"}
	}
	body := encode(in)
	return p.w.call(ctx, func() *request { return p.session(method, body) }, out)
}

// callUpstream makes a signed call that has to succeed.
func (w *wire) callUpstream(ctx context.Context, method string, in, out proto.Message) error {
	body := encode(in)
	return w.call(ctx, func() *request { return w.signed(method, body, w.Key, time.Now()) }, out)
}

// page reads the wallet page.
func (p person) page(ctx context.Context, m *pb.WalletPageRequest) (*pb.WalletPageReply, error) {
	if p.w.Session == nil {
		return nil, notEvaluated{"the target has no sessions, so the page cannot be read"}
	}
	page := &pb.WalletPageReply{}
	if err := p.call(ctx, pageMethod, m, page); err != nil {
		return nil, fmt.Errorf("the wallet page: %w", err)
	}
	if len(page.Missing) > 0 {
		return nil, notEvaluated{fmt.Sprintf("the page could not read %v", page.Missing)}
	}
	return page, nil
}

// expectPage checks that the page shows a balance and a number of grants: at once if promised, or else within the
// target's patience. It must never show more.
func (p person) expectPage(ctx context.Context, fen wallet.Money, lines int, promised bool) error {
	for looks := p.w.newPoll(); ; {
		page, err := p.page(ctx, &pb.WalletPageRequest{Limit: wallet.MaxPage})
		switch {
		case err != nil:
			return err
		case page.BalanceFen > int64(fen) || len(page.Lines) > lines:
			return fmt.Errorf("the page shows %d fen in %d lines, more than the person's %d in %d", page.BalanceFen, len(page.Lines), fen, lines)
		case page.BalanceFen == int64(fen) && len(page.Lines) == lines:
			p.w.record(p.who, expectation{fen, lines})
			return nil
		case promised:
			return fmt.Errorf("the page shows %d fen in %d lines, not the promised %d in %d", page.BalanceFen, len(page.Lines), fen, lines)
		case looks.expired():
			return fmt.Errorf("after %s the page shows %d fen in %d lines, not %d in %d", p.w.Patience, page.BalanceFen, len(page.Lines), fen, lines)
		}
		if !looks.pause(ctx) {
			return notEvaluated{"interrupted"}
		}
	}
}

// promised reports whether a reply means that the money is shown from now on: it is posted, or the client has a token.
func promised(r *pb.GrantReply) bool {
	return r.State == pb.GrantState_GRANT_STATE_POSTED || len(r.Token) > 0
}

// record records what a page showed correctly.
func (w *wire) record(who wallet.Caller, o expectation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[who] = o
}

// settle keeps the expectations of a passed case for the last case. After a failed case its users' money is unknown.
func (w *wire) settle(passed bool) {
	if passed {
		maps.Copy(w.expected, w.seen)
	}
	clear(w.seen)
}
