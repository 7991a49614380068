package client

import (
	"context"
	"encoding/hex"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// CheckBulk is the dry run of a bulk re-issue: what a list would grant, and all its faults. Role operator or auditor.
func (o *OperatorClient) CheckBulk(ctx context.Context, csv []byte) (wallet.BulkPlan, error) {
	plan := func(m *pb.CheckBulkReply) (wallet.BulkPlan, error) { return bulkPlan(m.Plan) }
	return signed(ctx, &o.caller, decoded(o.api.CheckBulk, plan), &pb.CheckBulkRequest{Csv: csv})
}

// CreateBulk records a list as a job, once; isNew is false if the list was already recorded. wallet.ErrInvalid: it has
// faults, which CheckBulk returns. Role operator.
func (o *OperatorClient) CreateBulk(ctx context.Context, csv []byte) (job wallet.BulkJob, isNew bool, err error) {
	created := func(m *pb.CreateBulkReply) (wallet.BulkJob, error) {
		isNew = m.IsNew
		return bulkJob(m.Job)
	}
	job, err = signed(ctx, &o.caller, decoded(o.api.CreateBulk, created), &pb.CreateBulkRequest{Csv: csv})
	return job, isNew, err
}

// StartBulk starts or resumes a job. wallet.ErrOverBudget, wallet.ErrSoldOut: not enough is left for the remaining
// rows. Idempotent. Role operator.
func (o *OperatorClient) StartBulk(ctx context.Context, id int64) (wallet.BulkJob, error) {
	started := func(m *pb.StartBulkReply) (wallet.BulkJob, error) { return bulkJob(m.Job) }
	return signed(ctx, &o.caller, decoded(o.api.StartBulk, started), &pb.StartBulkRequest{Id: id})
}

// StopBulk stops a job; what was granted stays granted. Idempotent. Role operator.
func (o *OperatorClient) StopBulk(ctx context.Context, id int64) (wallet.BulkJob, error) {
	stopped := func(m *pb.StopBulkReply) (wallet.BulkJob, error) { return bulkJob(m.Job) }
	return signed(ctx, &o.caller, decoded(o.api.StopBulk, stopped), &pb.StopBulkRequest{Id: id})
}

// BulkJob returns a job and its progress. Any role.
func (o *OperatorClient) BulkJob(ctx context.Context, id int64) (wallet.BulkJob, error) {
	if id <= 0 { // on the wire, zero means all jobs
		return wallet.BulkJob{}, fmt.Errorf("%w: client: bulk job %d", wallet.ErrNotFound, id)
	}
	jobs, err := o.bulkJobs(ctx, &pb.BulkJobsRequest{Id: id})
	if err == nil && len(jobs) != 1 {
		err = malformedReply("%d jobs for job %d", len(jobs), id)
	}
	if err != nil {
		return wallet.BulkJob{}, err
	}
	return jobs[0], nil
}

// BulkJobs returns jobs with a number below before (0: from the newest), newest first; limit 0: the service's default.
// Any role.
func (o *OperatorClient) BulkJobs(ctx context.Context, before int64, limit int) ([]wallet.BulkJob, error) {
	return o.bulkJobs(ctx, &pb.BulkJobsRequest{Before: before, Limit: clamp(limit)})
}

func (o *OperatorClient) bulkJobs(ctx context.Context, r *pb.BulkJobsRequest) ([]wallet.BulkJob, error) {
	jobs := func(m *pb.BulkJobsReply) ([]wallet.BulkJob, error) { return each(m.Jobs, bulkJob) }
	return signed(ctx, &o.caller, decoded(o.api.BulkJobs, jobs), r)
}

// MaxBulkPage bounds the rows that one call of BulkRows returns.
const MaxBulkPage = 1000

// BulkRows returns at most limit rows of a job, starting at row from, with their outcomes. Role operator or auditor.
func (o *OperatorClient) BulkRows(ctx context.Context, id int64, from, limit int) (out []wallet.BulkRow, err error) {
	m, err := signed(ctx, &o.caller, o.api.BulkRows, &pb.BulkRowsRequest{Id: id, From: int32(from), Limit: int32(max(-1, min(limit, MaxBulkPage+1)))})
	for _, r := range m.GetRows() {
		out = append(out, wallet.BulkRow{Line: int(r.Line), Caller: wallet.Caller{App: enumOf[wallet.App](r.App), User: wallet.UserID(r.User)}, Scene: wallet.SceneID(r.Scene),
			Award: enumOf[wallet.AwardType](r.Award), Amount: wallet.Money(r.AmountFen), Reason: r.Reason, Outcome: r.Outcome})
	}
	return out, err
}

func digest(text string) (d wallet.BulkDigest, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(d) {
		return d, malformedReply("digest %.80q", text)
	}
	return wallet.BulkDigest(b), nil
}

// bulkJob decodes a job. Its activity is not on the wire: it is the activity that is served.
func bulkJob(m *pb.BulkJob) (wallet.BulkJob, error) {
	d, err := digest(m.GetDigest())
	if err != nil {
		return wallet.BulkJob{}, err
	}
	if _, known := pb.BulkState_name[int32(m.State)]; !known || m.Id <= 0 || m.State == pb.BulkState_BULK_STATE_UNSPECIFIED {
		return wallet.BulkJob{}, malformedReply("job %d in state %d", m.Id, m.State)
	}
	return wallet.BulkJob{ID: m.Id, Digest: d, By: m.By, Created: wallet.Instant(m.CreatedUs), Rows: int(m.Rows), State: wallet.BulkState(m.State),
		Done: int(m.Done), Granted: int(m.Granted)}, nil
}

func bulkPlan(m *pb.BulkPlan) (wallet.BulkPlan, error) {
	d, err := digest(m.GetDigest())
	if err != nil {
		return wallet.BulkPlan{}, err
	}
	p := wallet.BulkPlan{Digest: d, Stage: enumOf[wallet.Stage](m.Stage), Rows: int(m.Rows), Fits: m.Fits, ExistingJob: m.Same}
	for _, n := range m.Needs {
		p.Needs = append(p.Needs, wallet.BulkNeed{Scene: wallet.SceneID(n.Scene), Award: enumOf[wallet.AwardType](n.Award), Reward: wallet.RewardID(n.Reward),
			Rows: int(n.Rows), Amount: wallet.Money(n.AmountFen), Left: n.Left, Fits: n.Fits})
	}
	for _, f := range m.Faults {
		p.Faults = append(p.Faults, wallet.BulkLineError{Line: int(f.Line), Text: f.Text})
	}
	return p, nil
}
