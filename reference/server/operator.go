package server

import (
	"context"
	"fmt"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// maxDifferences bounds the differences that an answer shows.
const maxDifferences = 100

// desk serves operators. Roles and the audit log are the edge's.
type desk struct{ *Server }

var _ connectpb.OperatorServiceHandler = desk{}

// inspector returns the wallet that a call is about.
func (s desk) inspector(ctx context.Context) Inspector {
	if callOf(ctx).marked {
		return s.ports.Marked
	}
	return s.ports.Operator
}

// live refuses what has the mark of a load test and no meaning under it.
func live(ctx context.Context) error {
	if callOf(ctx).marked {
		return errLiveOnly
	}
	return nil
}

// Status implements the API.
func (s desk) Status(ctx context.Context, _ *pb.StatusRequest) (*pb.StatusReply, error) {
	now, err := s.inspector(ctx).Status(ctx)
	if err != nil {
		return nil, err
	}
	reply := &pb.StatusReply{Instances: now.Instances, BacklogDepth: now.Backlog, BacklogAgeUs: -1, OpenOrders: now.OpenOrders,
		Strategy: string(now.Strategy), Activity: string(now.Activity), NowUs: int64(s.ports.Clock.Now())}
	if now.BacklogAge >= 0 {
		reply.BacklogAgeUs = int64(now.BacklogAge / time.Microsecond)
	}
	for _, b := range now.Budgets {
		reply.Budgets = append(reply.Budgets, &pb.BudgetState{Stage: pb.Stage(b.Stage), BudgetFen: int64(b.Budget),
			ReservedFen: int64(b.Reserved), LeasedFen: int64(b.Leased), StrandedFen: int64(b.Stranded)})
	}
	return reply, nil
}

// AuditBudget implements the API.
func (s desk) AuditBudget(ctx context.Context, m *pb.AuditBudgetRequest) (*pb.AuditBudgetReply, error) {
	stage, err := stageOf(m.Stage)
	if err != nil {
		return nil, err
	}
	back, err := s.inspector(ctx).AuditBudget(ctx, stage)
	return &pb.AuditBudgetReply{ReturnedFen: int64(back)}, err
}

// Reconcile implements the API.
func (s desk) Reconcile(ctx context.Context, _ *pb.ReconcileRequest) (*pb.ReconcileReply, error) {
	r, err := s.inspector(ctx).Reconcile(ctx)
	if err != nil {
		return nil, err
	}
	reply := &pb.ReconcileReply{Orders: r.Orders, Entries: r.Entries, LedgerSumFen: int64(r.Sum), Differences: r.Count}
	for _, d := range r.Differences[:min(len(r.Differences), maxDifferences)] {
		reply.Lines = append(reply.Lines, d.String())
	}
	return reply, nil
}

// AuditLog implements the API.
func (s desk) AuditLog(ctx context.Context, m *pb.AuditLogRequest) (*pb.AuditLogReply, error) {
	if err := live(ctx); err != nil {
		return nil, err
	}
	limit, err := linesOf(m.Limit)
	if err != nil {
		return nil, err
	}
	if m.Before < 0 {
		return nil, fmt.Errorf("%w: before action %d", wallet.ErrInvalid, m.Before)
	}
	actions, err := s.ports.Audit.Actions(ctx, m.Before, limit)
	if err != nil {
		return nil, err
	}
	reply := &pb.AuditLogReply{}
	for _, a := range actions {
		reply.Actions = append(reply.Actions, &pb.AuditedAction{Id: a.ID, AtUs: int64(a.At), Operator: a.Operator,
			Role: a.Role, Method: a.Method, Detail: a.Detail, Outcome: a.Outcome})
	}
	return reply, nil
}

// CleanUpLoadTest implements the API.
func (s desk) CleanUpLoadTest(ctx context.Context, m *pb.CleanUpLoadTestRequest) (*pb.CleanUpLoadTestReply, error) {
	if !callOf(ctx).marked {
		return nil, errMarkedOnly
	}
	keys, err := s.ports.Marked.CleanUp(ctx, m.Force)
	return &pb.CleanUpLoadTestReply{Keys: keys}, err
}
