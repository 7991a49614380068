package server

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// queries serves QueryService for upstreams.
type queries struct{ *Server }

var _ connectpb.QueryServiceHandler = queries{}

// userOf returns the user that a request names, or wallet.ErrInvalid, or auth.ErrScope.
func userOf(ctx context.Context, who *pb.User) (wallet.Caller, error) {
	app, err := appOf(who.GetApp())
	if err != nil {
		return wallet.Caller{}, err
	}
	if who.GetUser() <= 0 {
		return wallet.Caller{}, fmt.Errorf("%w: user %d", wallet.ErrInvalid, who.GetUser())
	}
	return wallet.Caller{App: app, User: wallet.UserID(who.GetUser())}, callOf(ctx).caller.MayName(app)
}

// Balance implements the API.
func (s queries) Balance(ctx context.Context, m *pb.BalanceRequest) (*pb.BalanceReply, error) {
	who, err := userOf(ctx, m.Who)
	if err != nil {
		return nil, err
	}
	sum, err := s.ports.Query.Balance(ctx, who)
	return &pb.BalanceReply{BalanceFen: int64(sum)}, err
}

// Income implements the API.
func (s queries) Income(ctx context.Context, m *pb.IncomeRequest) (*pb.IncomeReply, error) {
	who, err := userOf(ctx, m.Who)
	if err != nil {
		return nil, err
	}
	sum, err := s.ports.Query.Income(ctx, who)
	return &pb.IncomeReply{IncomeFen: int64(sum)}, err
}

// HasWon implements the API.
func (s queries) HasWon(ctx context.Context, m *pb.HasWonRequest) (*pb.HasWonReply, error) {
	who, err := userOf(ctx, m.Who)
	if err != nil {
		return nil, err
	}
	won, err := s.ports.Query.HasWon(ctx, who)
	return &pb.HasWonReply{Won: won}, err
}

// ForcePost implements the API.
func (s queries) ForcePost(ctx context.Context, m *pb.ForcePostRequest) (*pb.ForcePostReply, error) {
	who, err := userOf(ctx, m.Who)
	if err != nil {
		return nil, err
	}
	tokens, err := tokensOf(m.Tokens)
	if err != nil {
		return nil, err
	}
	return &pb.ForcePostReply{}, s.ports.Query.ForcePost(ctx, who, tokens)
}

// RunningTotal implements the API.
func (s queries) RunningTotal(_ context.Context, m *pb.RunningTotalRequest) (*pb.RunningTotalReply, error) {
	stage, err := stageOf(m.Stage)
	if err != nil {
		return nil, err
	}
	total, known := s.ports.Query.RunningTotal(stage)
	if !known {
		return nil, fmt.Errorf("%w: no running total was read yet", wallet.ErrUnavailable)
	}
	return &pb.RunningTotalReply{TotalFen: int64(total)}, nil
}
