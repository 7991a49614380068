package server

import (
	"context"
	"encoding/hex"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Bounds of a page of a job's rows, and its default size.
const (
	maxBulkPage     = 1000
	defaultBulkRows = 100
)

// maxFaults bounds the faults in a reply; the plan itself has no more.
const maxFaults = 1000

// CheckBulk implements the API.
func (s operatorAPI) CheckBulk(ctx context.Context, m *pb.CheckBulkRequest) (*pb.CheckBulkReply, error) {
	plan, err := s.ports.Bulk.Check(ctx, m.Csv)
	return &pb.CheckBulkReply{Plan: planTo(plan)}, err
}

// CreateBulk implements the API.
func (s operatorAPI) CreateBulk(ctx context.Context, m *pb.CreateBulkRequest) (*pb.CreateBulkReply, error) {
	job, plan, isNew, err := s.ports.Bulk.Create(ctx, callOf(ctx).operator.ID, m.Csv)
	return &pb.CreateBulkReply{Job: jobTo(job), Plan: planTo(plan), IsNew: isNew}, err
}

// StartBulk implements the API.
func (s operatorAPI) StartBulk(ctx context.Context, m *pb.StartBulkRequest) (*pb.StartBulkReply, error) {
	job, err := s.ports.Bulk.Start(ctx, m.Id)
	return &pb.StartBulkReply{Job: jobTo(job)}, err
}

// StopBulk implements the API.
func (s operatorAPI) StopBulk(ctx context.Context, m *pb.StopBulkRequest) (*pb.StopBulkReply, error) {
	job, err := s.ports.Bulk.Stop(ctx, m.Id)
	return &pb.StopBulkReply{Job: jobTo(job)}, err
}

// BulkJobs implements the API.
func (s operatorAPI) BulkJobs(ctx context.Context, m *pb.BulkJobsRequest) (*pb.BulkJobsReply, error) {
	if m.Id != 0 {
		job, err := s.ports.Bulk.Job(ctx, m.Id)
		return &pb.BulkJobsReply{Jobs: []*pb.BulkJob{jobTo(job)}}, err
	}
	limit, err := pageLimitOf(m.Limit)
	if err != nil {
		return nil, err
	}
	if m.Before < 0 {
		return nil, fmt.Errorf("%w: before job %d", wallet.ErrInvalid, m.Before)
	}
	jobs, err := s.ports.Bulk.Jobs(ctx, m.Before, limit)
	return &pb.BulkJobsReply{Jobs: converted(jobs, jobTo)}, err
}

// BulkRows implements the API.
func (s operatorAPI) BulkRows(ctx context.Context, m *pb.BulkRowsRequest) (*pb.BulkRowsReply, error) {
	limit := int(m.Limit)
	if limit == 0 {
		limit = defaultBulkRows
	}
	if limit < 0 || limit > maxBulkPage || m.From < 0 {
		return nil, fmt.Errorf("%w: %d rows from row %d, at most %d", wallet.ErrInvalid, m.Limit, m.From, maxBulkPage)
	}
	rows, err := s.ports.Bulk.Rows(ctx, m.Id, int(m.From), limit)
	return &pb.BulkRowsReply{Rows: converted(rows, rowTo)}, err
}

func rowTo(r wallet.BulkRow) *pb.BulkRow {
	return &pb.BulkRow{Line: int32(r.Line), App: pb.App(r.App), User: int64(r.User), Scene: string(r.Scene), Award: pb.AwardType(r.Award),
		AmountFen: int64(r.Amount), Reason: r.Reason, Outcome: r.Outcome}
}

func jobTo(j wallet.BulkJob) *pb.BulkJob {
	return &pb.BulkJob{Id: j.ID, Digest: hex.EncodeToString(j.Digest[:]), By: j.By, CreatedUs: int64(j.Created), State: pb.BulkState(j.State),
		Rows: int32(j.Rows), Done: int32(j.Done), Granted: int32(j.Granted), Rain: j.Rain()}
}

func planTo(p wallet.BulkPlan) *pb.BulkPlan {
	m := &pb.BulkPlan{Digest: hex.EncodeToString(p.Digest[:]), Stage: pb.Stage(p.Stage), Rows: int32(p.Rows), Fits: p.Fits, Same: p.ExistingJob}
	for _, n := range p.Needs {
		m.Needs = append(m.Needs, &pb.BulkNeed{Scene: string(n.Scene), Award: pb.AwardType(n.Award), Reward: string(n.Reward), Rows: int32(n.Rows),
			AmountFen: int64(n.Amount), Left: n.Left, Fits: n.Fits})
	}
	for _, f := range p.Faults[:min(len(p.Faults), maxFaults)] {
		m.Faults = append(m.Faults, &pb.BulkFault{Line: int32(f.Line), Text: f.Text})
	}
	return m
}
