package server

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// maxBatch is the largest number of grants in one request.
const maxBatch = 100

// batchWorkers is how many grants of one request run concurrently: enough to fill the stores' pipelines, and too
// few for one caller to displace the others.
const batchWorkers = 8

// grants serves GrantService for upstreams.
type grants struct{ *Server }

var _ connectpb.GrantServiceHandler = grants{}

// Grant implements the API.
func (grants) Grant(ctx context.Context, m *pb.GrantRequest) (*pb.GrantReply, error) {
	return grantOne(ctx, callOf(ctx), m)
}

// BatchGrant implements the API.
func (s grants) BatchGrant(ctx context.Context, m *pb.BatchGrantRequest) (*pb.BatchGrantReply, error) {
	if n := len(m.Grants); n < 1 || n > maxBatch {
		return nil, fmt.Errorf("%w: a batch of %d grants, 1 to %d", wallet.ErrInvalid, n, maxBatch)
	}
	c := callOf(ctx)
	results := make([]*pb.GrantResult, len(m.Grants))
	var next atomic.Int64
	var working sync.WaitGroup
	for range min(batchWorkers, len(m.Grants)) {
		working.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(m.Grants)); i = next.Add(1) - 1 {
				results[i] = s.one(ctx, c, m.Grants[i])
			}
		})
	}
	working.Wait()
	return &pb.BatchGrantReply{Results: results}, nil
}

// one returns the result of one grant. A panic fails this grant only.
func (s grants) one(ctx context.Context, c *call, m *pb.GrantRequest) (result *pb.GrantResult) {
	failed := func(err error) *pb.GrantResult {
		return &pb.GrantResult{Result: &pb.GrantResult_Error{Error: detail(err)}}
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			result = failed(s.recordPanic(c.path, panicked))
		}
	}()
	if err := ctx.Err(); err != nil { // this grant was not started
		return failed(withCode(err, false))
	}
	reply, err := grantOne(ctx, c, m)
	if err = withCode(err, true); err != nil {
		return failed(err)
	}
	return &pb.GrantResult{Result: &pb.GrantResult_Grant{Grant: reply}}
}

// grantOne does one grant.
func grantOne(ctx context.Context, c *call, m *pb.GrantRequest) (*pb.GrantReply, error) {
	request, err := grantOf(c.caller, m)
	if err != nil {
		return nil, err
	}
	reply, err := c.service.Grant(ctx, request)
	if err != nil {
		return nil, err
	}
	return grantReply(reply), nil
}
