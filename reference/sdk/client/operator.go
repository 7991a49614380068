package client

import (
	"context"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// slowTimeout bounds one try of the calls that read or delete all stores. It is longer than the service's own bound.
const slowTimeout = 11 * time.Minute

// OperatorClient makes operators' calls. With Config.LoadTest they concern the shadow wallet, which holds no live data.
// Config.Key is an operator's key. Its role decides which methods it may call: any role Status, an auditor Reconcile
// and AuditBudget, an operator CleanUp. Safe for concurrent use.
type OperatorClient struct {
	caller
	api hongbaopbconnect.OperatorServiceClient
}

// NewOperatorClient returns a client, which connects on first use. wallet.ErrInvalid: the configuration is wrong.
func NewOperatorClient(c Config) (*OperatorClient, error) {
	send, options, err := c.prepare()
	if err != nil {
		return nil, err
	}
	return &OperatorClient{caller{c}, hongbaopbconnect.NewOperatorServiceClient(send, c.BaseURL, options...)}, nil
}

// Status is the state of a wallet.
type Status struct {
	Strategy   wallet.Strategy
	Activity   wallet.ActivityID // the parent activity that is served
	Now        wallet.Instant    // by the service's clock
	Instances  []string
	Backlog    int64         // postings that are not in the ledger yet
	BacklogAge time.Duration // of the oldest; negative: unknown
	OpenOrders int64
	Budgets    []Budget
}

// Budget is the state of one stage's budget.
type Budget struct {
	Stage  wallet.Stage
	Budget wallet.Money
	wallet.Quota
}

// Status returns the state of the wallet.
func (o *OperatorClient) Status(ctx context.Context) (Status, error) {
	m, err := signed(ctx, &o.caller, o.api.Status, &pb.StatusRequest{})
	if err != nil {
		return Status{}, err
	}
	s := Status{Strategy: wallet.Strategy(m.Strategy), Activity: wallet.ActivityID(m.Activity), Now: wallet.Instant(m.NowUs),
		Instances: m.Instances, Backlog: m.BacklogDepth, BacklogAge: time.Duration(m.BacklogAgeUs) * time.Microsecond, OpenOrders: m.OpenOrders}
	for _, b := range m.Budgets {
		s.Budgets = append(s.Budgets, Budget{Stage: enumOf[wallet.Stage](b.Stage), Budget: wallet.Money(b.BudgetFen),
			Quota: wallet.Quota{Reserved: wallet.Money(b.ReservedFen), Leased: wallet.Money(b.LeasedFen), Orphaned: wallet.Money(b.StrandedFen)}})
	}
	return s, nil
}

// Reconciliation is the result of comparing all records.
type Reconciliation struct {
	Orders      int64        // orders compared
	Entries     int64        // ledger entries of grants
	Sum         wallet.Money // over all accounts: 0 in a correct ledger when no transfer is in progress
	Differences int64
	Lines       []string // the first differences, for people
}

// Reconcile compares orders, ledger and budget in full. Slow. Records that change during the comparison differ:
// call it when no posting is held.
func (o *OperatorClient) Reconcile(ctx context.Context) (Reconciliation, error) {
	m, err := signed(ctx, o.patient(), o.api.Reconcile, &pb.ReconcileRequest{})
	return Reconciliation{Orders: m.GetOrders(), Entries: m.GetEntries(), Sum: wallet.Money(m.GetLedgerSumFen()),
		Differences: m.GetDifferences(), Lines: m.GetLines()}, err
}

// AuditBudget counts what lost instances have granted of a stage, returns the rest of their leases to the budget, and
// returns that amount. Idempotent, and slow.
func (o *OperatorClient) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	m, err := signed(ctx, o.patient(), o.api.AuditBudget, &pb.AuditBudgetRequest{Stage: pb.Stage(s)})
	return wallet.Money(m.GetReturnedFen()), err
}

// CleanUp deletes everything that the load test stored, and returns the number of Redis keys among it. It needs
// Config.LoadTest: live data is refused. With force it waits for requests in progress and deletes held postings;
// without, it fails with wallet.CodeOverloaded while there are any. Idempotent, and slow.
func (o *OperatorClient) CleanUp(ctx context.Context, force bool) (keys int64, err error) {
	m, err := signed(ctx, o.patient(), o.api.CleanUpLoadTest, &pb.CleanUpLoadTestRequest{Force: force})
	return m.GetKeys(), err
}

// patient returns the caller with a timeout for the slow calls.
func (o *OperatorClient) patient() *caller {
	patient := o.caller
	patient.config.Timeout = max(patient.config.Timeout, slowTimeout)
	return &patient
}
