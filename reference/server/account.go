package server

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// accounts serves AccountService for the account system. Only the account system may bind a phone, under its own scope:
// if users could, anyone could join any wallet whose phone number they can guess.
type accounts struct{ *Server }

var _ connectpb.AccountServiceHandler = accounts{}

// BindPhone implements the API.
func (accounts) BindPhone(ctx context.Context, m *pb.BindPhoneRequest) (*pb.BindPhoneReply, error) {
	who, err := userOf(ctx, m.Who)
	if err != nil {
		return nil, err
	}
	p, err := callOf(ctx).service.Bind(ctx, who, wallet.Phone(m.Phone))
	if err != nil {
		return nil, err
	}
	former := make([]int64, len(p.Former))
	for i, id := range p.Former {
		former[i] = int64(id)
	}
	return &pb.BindPhoneReply{ActId: int64(p.ActID), Former: former}, nil
}
