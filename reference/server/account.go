package server

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// accounts serves the account system. Whose phone is whose is its word, given under the scope for that: a user's own
// word would open any wallet whose number the user can guess.
type accounts struct{ *Server }

var _ connectpb.AccountServiceHandler = accounts{}

// BindPhone implements the API.
func (accounts) BindPhone(ctx context.Context, m *pb.BindPhoneRequest) (*pb.BindPhoneReply, error) {
	who, err := about(ctx, m.Who)
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
