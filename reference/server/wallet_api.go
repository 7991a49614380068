package server

import (
	"cmp"
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// walletAPI serves WalletService for users. The session alone identifies the user.
type walletAPI struct{ *Server }

var _ connectpb.WalletServiceHandler = walletAPI{}

// sessionCall returns the call, or wallet.ErrNotYours when the request names another user than the session.
func sessionCall(ctx context.Context, who *pb.User) (*call, error) {
	c := callOf(ctx)
	if who != nil && (who.App != pb.App(c.user.App) || who.User != int64(c.user.User)) {
		return nil, fmt.Errorf("%w: the session belongs to another user", wallet.ErrNotYours)
	}
	return c, nil
}

// pageRequest is what the page requests have in common.
type pageRequest interface {
	GetWho() *pb.User
	GetAtUs() int64
	GetAfter() string
	GetLimit() int32
	GetTokens() [][]byte
}

// page reads a page for the session's user.
func (s walletAPI) page(ctx context.Context, m pageRequest, withdraw bool) (wallet.Page, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return wallet.Page{}, err
	}
	at, err1 := instantOf(m.GetAtUs(), s.ports.Clock.Now())
	after, err2 := wallet.ParseCursor(m.GetAfter())
	limit, err3 := pageLimitOf(m.GetLimit())
	tokens, err4 := tokensOf(m.GetTokens())
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return wallet.Page{}, err
	}
	p, err := c.service.Page(ctx, wallet.PageRequest{Caller: c.user, At: at, After: after,
		Limit: limit, Tokens: tokens, Withdraw: withdraw})
	for _, f := range p.Refused {
		s.metrics.tokenRefused(f.Err)
	}
	return p, err
}

// WalletPage implements the API.
func (s walletAPI) WalletPage(ctx context.Context, m *pb.WalletPageRequest) (*pb.WalletPageReply, error) {
	p, err := s.page(ctx, m, m.Withdraw)
	if err != nil {
		return nil, err
	}
	announcements, version := s.noticesFor(callOf(ctx).user.App)
	return &pb.WalletPageReply{Stage: pb.Stage(p.Stage), BalanceFen: int64(p.Balance), IncomeFen: int64(p.Income),
		Lines: linesTo(p.Grants), Next: p.Next.Text(), Withdrawals: converted(p.Withdrawals, withdrawalTo),
		Missing: p.Missing, Refused: converted(p.Refused, refusedTo), Packets: converted(p.Packets, packetTo), Items: converted(p.Items, itemTo),
		Announcements: announcements, PageConfigVersion: version}, nil
}

// Flow implements the API.
func (s walletAPI) Flow(ctx context.Context, m *pb.FlowRequest) (*pb.FlowReply, error) {
	p, err := s.page(ctx, m, false)
	return &pb.FlowReply{Lines: linesTo(p.Grants), Next: p.Next.Text(), Withdrawals: converted(p.Withdrawals, withdrawalTo),
		Missing: p.Missing, Refused: converted(p.Refused, refusedTo), Packets: converted(p.Packets, packetTo)}, err
}

// Withdraw implements the API.
func (s walletAPI) Withdraw(ctx context.Context, m *pb.WithdrawRequest) (*pb.WithdrawReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	at, err1 := instantOf(m.AtUs, s.ports.Clock.Now())
	tokens, err2 := tokensOf(m.Tokens)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	r, err := c.service.Withdraw(ctx, wallet.WithdrawRequest{Caller: c.user, Request: m.Request,
		Amount: wallet.Money(m.AmountFen), At: at, Tokens: tokens})
	return &pb.WithdrawReply{Number: r.No.String(), AmountFen: int64(r.Amount), State: pb.WithdrawalState(r.State)}, err
}
