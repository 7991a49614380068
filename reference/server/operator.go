package server

import (
	"context"
	"fmt"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// maxDifferences bounds the differences in a reply.
const maxDifferences = 100

// operatorAPI serves OperatorService. Roles and the audit log are checked before.
type operatorAPI struct{ *Server }

var _ connectpb.OperatorServiceHandler = operatorAPI{}

// inspector returns the inspector of the wallet that the call concerns.
func (s operatorAPI) inspector(ctx context.Context) Inspector {
	if callOf(ctx).shadow {
		return s.ports.ShadowAdmin
	}
	return s.ports.Inspector
}

// Status implements the API.
func (s operatorAPI) Status(ctx context.Context, _ *pb.StatusRequest) (*pb.StatusReply, error) {
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
			ReservedFen: int64(b.Reserved), LeasedFen: int64(b.Leased), StrandedFen: int64(b.Orphaned)})
	}
	return reply, nil
}

// AuditBudget implements the API.
func (s operatorAPI) AuditBudget(ctx context.Context, m *pb.AuditBudgetRequest) (*pb.AuditBudgetReply, error) {
	stage, err := stageOf(m.Stage)
	if err != nil {
		return nil, err
	}
	back, err := s.inspector(ctx).AuditBudget(ctx, stage)
	return &pb.AuditBudgetReply{ReturnedFen: int64(back)}, err
}

// Reconcile implements the API.
func (s operatorAPI) Reconcile(ctx context.Context, _ *pb.ReconcileRequest) (*pb.ReconcileReply, error) {
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
func (s operatorAPI) AuditLog(ctx context.Context, m *pb.AuditLogRequest) (*pb.AuditLogReply, error) {
	limit, err := pageLimitOf(m.Limit)
	if err != nil {
		return nil, err
	}
	if m.Before < 0 {
		return nil, fmt.Errorf("%w: before action %d", wallet.ErrInvalid, m.Before)
	}
	actions, err := s.ports.Audit.Actions(ctx, m.Before, limit)
	return &pb.AuditLogReply{Actions: converted(actions, func(a wallet.Action) *pb.AuditedAction {
		return &pb.AuditedAction{Id: a.ID, AtUs: int64(a.At), Operator: a.Operator, Role: a.Role, Method: a.Method, Detail: a.Detail, Outcome: a.Outcome}
	})}, err
}

// CleanUpLoadTest implements the API.
func (s operatorAPI) CleanUpLoadTest(ctx context.Context, m *pb.CleanUpLoadTestRequest) (*pb.CleanUpLoadTestReply, error) {
	if !callOf(ctx).shadow {
		return nil, errShadowOnly
	}
	keys, err := s.ports.ShadowAdmin.CleanUp(ctx, m.Force)
	return &pb.CleanUpLoadTestReply{Keys: keys}, err
}
