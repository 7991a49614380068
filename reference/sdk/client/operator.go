package client

import (
	"context"
	"time"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// slowTimeout bounds one try of the calls that read all books, or throw them away: above the service's own bound.
const slowTimeout = 11 * time.Minute

// Operator calls what operators call. With Config.LoadTest it is about the wallet of marked load, which is empty of live
// data. Config.Key is an operator's; its role decides which methods are answered: anybody Status, an auditor Reconcile
// and AuditBudget, an operator CleanUp. Safe for concurrent use.
type Operator struct {
	caller
	desk hongbaopbconnect.OperatorServiceClient
}

// NewOperator returns a client, which connects when it is first used. wallet.ErrInvalid: the configuration is wrong.
func NewOperator(c Config) (*Operator, error) {
	send, options, err := c.prepare()
	if err != nil {
		return nil, err
	}
	return &Operator{caller{c}, hongbaopbconnect.NewOperatorServiceClient(send, c.BaseURL, options...)}, nil
}

// Status is how a wallet stands.
type Status struct {
	Strategy   wallet.Strategy
	Activity   wallet.ActivityID // the parent that is served
	Now        wallet.Instant    // by the service's clock
	Instances  []string
	Backlog    int64         // postings that the ledger has not taken yet
	BacklogAge time.Duration // of the oldest; below zero: not known
	OpenOrders int64
	Budgets    []Budget
}

// Budget is how one stage's budget stands.
type Budget struct {
	Stage  wallet.Stage
	Budget wallet.Money
	wallet.Quota
}

// Status returns how the wallet stands.
func (o *Operator) Status(ctx context.Context) (Status, error) {
	var m *pb.StatusReply
	err := o.signed(ctx, func(ctx context.Context) (err error) {
		m, err = o.desk.Status(ctx, &pb.StatusRequest{})
		return err
	})
	if err != nil {
		return Status{}, err
	}
	s := Status{Strategy: wallet.Strategy(m.Strategy), Activity: wallet.ActivityID(m.Activity), Now: wallet.Instant(m.NowUs),
		Instances: m.Instances, Backlog: m.BacklogDepth, BacklogAge: time.Duration(m.BacklogAgeUs) * time.Microsecond, OpenOrders: m.OpenOrders}
	for _, b := range m.Budgets {
		s.Budgets = append(s.Budgets, Budget{Stage: small[wallet.Stage](b.Stage), Budget: wallet.Money(b.BudgetFen),
			Quota: wallet.Quota{Reserved: wallet.Money(b.ReservedFen), Leased: wallet.Money(b.LeasedFen), Stranded: wallet.Money(b.StrandedFen)}})
	}
	return s, nil
}

// Reconciliation is what comparing all books found.
type Reconciliation struct {
	Orders      int64        // compared
	Entries     int64        // of grants, in the ledger
	Sum         wallet.Money // over all accounts: 0 in a sound ledger at rest
	Differences int64
	Lines       []string // the first differences, for people
}

// Reconcile compares orders, ledger and budget in full. Slow. Books that move meanwhile differ: ask when nothing is held.
func (o *Operator) Reconcile(ctx context.Context) (Reconciliation, error) {
	var m *pb.ReconcileReply
	err := o.slow(ctx, func(ctx context.Context) (err error) {
		m, err = o.desk.Reconcile(ctx, &pb.ReconcileRequest{})
		return err
	})
	return Reconciliation{Orders: m.GetOrders(), Entries: m.GetEntries(), Sum: wallet.Money(m.GetLedgerSumFen()),
		Differences: m.GetDifferences(), Lines: m.GetLines()}, err
}

// AuditBudget counts what lost instances have granted of a stage, gives the rest of their leases back, and returns how
// much that was. Idempotent, and slow.
func (o *Operator) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	var m *pb.AuditBudgetReply
	err := o.slow(ctx, func(ctx context.Context) (err error) {
		m, err = o.desk.AuditBudget(ctx, &pb.AuditBudgetRequest{Stage: pb.Stage(s)})
		return err
	})
	return wallet.Money(m.GetReturnedFen()), err
}

// CleanUp throws away all that marked load has left, and returns how many keys that were in Redis. It needs
// Config.LoadTest: live data is refused. Forced, it lets requests under way end first and throws away what is held; else
// it is wallet.CodeOverloaded while there are any. Idempotent, and slow.
func (o *Operator) CleanUp(ctx context.Context, force bool) (keys int64, err error) {
	var m *pb.CleanUpLoadTestReply
	err = o.slow(ctx, func(ctx context.Context) (err error) {
		m, err = o.desk.CleanUpLoadTest(ctx, &pb.CleanUpLoadTestRequest{Force: force})
		return err
	})
	return m.GetKeys(), err
}

// slow is signed with the timeout of calls that take long.
func (o *Operator) slow(ctx context.Context, call func(context.Context) error) error {
	patient := o.caller
	patient.config.Timeout = max(patient.config.Timeout, slowTimeout)
	return patient.signed(ctx, call)
}
