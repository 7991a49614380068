package main

import (
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// The methods for operators are optional: without them, checks that need the records of the wallet are unknown.

// status implements the API. It holds no postings and leases no budget.
func (w *naive) status(*pb.StatusRequest) (*pb.StatusReply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &pb.StatusReply{Instances: []string{"naive"}, Strategy: string(wallet.StrategySync), Activity: string(w.activity), NowUs: int64(now()),
		Budgets: []*pb.BudgetState{{Stage: pb.Stage_STAGE_OFFICIAL, BudgetFen: w.budget, ReservedFen: w.spent, LeasedFen: w.spent}}}, nil
}

// auditBudget implements the API.
func (*naive) auditBudget(*pb.AuditBudgetRequest) (*pb.AuditBudgetReply, error) {
	return &pb.AuditBudgetReply{}, nil
}

// reconcile implements the API: every win must be a line, and balances plus payouts must equal the spent budget.
func (w *naive) reconcile(*pb.ReconcileRequest) (*pb.ReconcileReply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply := &pb.ReconcileReply{LedgerSumFen: -w.spent}
	seen := map[*account]bool{}
	for _, p := range w.people {
		if seen[p] { // two accounts of one person
			continue
		}
		seen[p] = true
		reply.Orders += int64(p.orders)
		reply.Entries += int64(len(p.lines))
		reply.LedgerSumFen += p.won()
		if d := len(p.lines) - p.orders; d != 0 {
			reply.Differences++
			reply.Lines = append(reply.Lines, fmt.Sprintf("wallet %d: %d entries more than wins", p.id, d))
		}
	}
	reply.Lines = reply.Lines[:min(len(reply.Lines), 100)]
	return reply, nil
}
