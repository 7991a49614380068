// Package withdraw pays money out: forced posting of the person's unposted money (T6), then hold, payout and
// settlement. Each step is idempotent. A withdrawal is a small state machine on record; the request, its repeats and
// compensation all drive it forward.
package withdraw

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
)

// settleAfter is the age from which Settle drives an unfinished withdrawal. It is above the longest duration of a
// request.
const settleAfter = time.Minute

// Service makes withdrawals. Its fields are set once.
type Service struct {
	People      wallet.People
	Index       *activity.Index
	Orders      wallet.Orders
	Ledger      wallet.Ledger
	Withdrawals wallet.Withdrawals
	Days        wallet.WithdrawalDays // nil: no daily limit
	Bank        wallet.Bank
	Posting     wallet.Settler
	Tokens      *walletpage.TokenCollector // nil if the strategy has no tokens
	Clock       wallet.Clock
	// Settings returns who may withdraw, and how much in a day (B7). It must not block.
	Settings func() wallet.Settings
	// Switched reports whether a degrade switch is on; nil: all are off.
	Switched func(wallet.Switch) bool
	Alarm    func(kind wallet.AlarmKind, detail string)

	cursor atomic.Int64 // a ScanCursor: where Settle continues. It may be lost without harm
}

// Prepare posts the unposted money of the person who opens the withdraw page (T6), so that the whole balance can be
// withdrawn at once. After an error part of it may be posted. Idempotent.
func (s *Service) Prepare(ctx context.Context, r wallet.PageRequest) error {
	if !r.App.Valid() || r.User <= 0 || len(r.Tokens) > wallet.MaxClientTokens {
		return fmt.Errorf("%w: withdraw page with %d tokens for user %d of app %d", wallet.ErrInvalid, len(r.Tokens), r.User, r.App)
	}
	stage, who, err := s.stageAndPerson(ctx, r.Caller, r.At)
	if err != nil {
		return err
	}
	return s.post(ctx, who, stage, r.Tokens)
}

// stageAndPerson returns the stage of a moment (0 = now) and the owner of the caller's account.
func (s *Service) stageAndPerson(ctx context.Context, c wallet.Caller, at wallet.Instant) (wallet.Stage, wallet.Person, error) {
	if at == 0 {
		at = s.Clock.Now()
	}
	child, err := s.Index.Child(at)
	if err != nil {
		return 0, wallet.Person{}, err
	}
	who, err := s.People.Resolve(ctx, wallet.AccountOf(c.App, c.User))
	return child.Stage, who, err
}

// Withdraw implements wallet.Service's Withdraw. State WithdrawalHeld in the reply means that the bank has not
// confirmed yet: the payout is on record and will be made.
func (s *Service) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if !r.App.Valid() || r.User <= 0 || r.Request <= 0 || r.Amount <= 0 || len(r.Tokens) > wallet.MaxClientTokens {
		return wallet.WithdrawReply{}, fmt.Errorf("%w: withdrawal %d of %d fen with %d tokens by user %d of app %d",
			wallet.ErrInvalid, r.Request, r.Amount, len(r.Tokens), r.User, r.App)
	}
	stage, who, err := s.stageAndPerson(ctx, r.Caller, r.At)
	if err != nil {
		return wallet.WithdrawReply{}, err
	}
	if err := s.checkAllowed(ctx, r, who); err != nil {
		return wallet.WithdrawReply{}, err
	}
	if err := s.post(ctx, who, stage, r.Tokens); err != nil {
		return wallet.WithdrawReply{}, err
	}
	asked := wallet.Withdrawal{
		No: wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}, Owner: who.ActID, Stage: stage,
		Amount: r.Amount, Wallets: who.Wallets(), Created: s.Clock.Now(), State: wallet.WithdrawalAsked,
	}
	var w wallet.Withdrawal
	err = wallet.Repeat(func() (err error) { w, _, err = s.Withdrawals.Create(ctx, asked); return err })
	if err != nil {
		return wallet.WithdrawReply{}, err
	}
	if w.Amount != r.Amount || r.At != 0 && w.Stage != stage {
		return wallet.WithdrawReply{}, fmt.Errorf("%w: withdrawal %s is on record with %d fen of %s", wallet.ErrConflict, w.No, w.Amount, w.Stage)
	}
	w, err = s.drive(ctx, w)
	if err != nil {
		return wallet.WithdrawReply{}, err
	}
	return wallet.WithdrawReply{No: w.No, Amount: w.Amount, State: w.State}, nil
}

// checkAllowed refuses a new withdrawal if an operator has stopped withdrawals, or if they are not open to the person.
// A withdrawal on record continues: its first attempt may have paid, and switches and releases change.
func (s *Service) checkAllowed(ctx context.Context, r wallet.WithdrawRequest, who wallet.Person) error {
	refusal := error(nil)
	switch {
	case s.on(wallet.SwitchStopWithdrawals):
		refusal = fmt.Errorf("%w: withdrawals", wallet.ErrSwitchedOff)
	case !s.Settings().Release.Allows(who):
		refusal = wallet.ErrNotReleased
	default:
		return nil
	}
	err := wallet.Repeat(func() error {
		_, err := s.Withdrawals.Get(ctx, wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request})
		return err
	})
	if errors.Is(err, wallet.ErrNotFound) {
		return refusal
	}
	return err
}

// on reports whether a degrade switch is on.
func (s *Service) on(name wallet.Switch) bool { return s.Switched != nil && s.Switched(name) }

// post is forced posting (T6): the person's unposted money is posted now, ahead of the backlog. If the server's token
// list cannot be read, or only the ledger database is in use (D2), the orders of record determine what is posted.
func (s *Service) post(ctx context.Context, who wallet.Person, stage wallet.Stage, sealed [][]byte) error {
	if s.Tokens == nil || s.on(wallet.SwitchSkipForcedPost) {
		return nil
	}
	if s.on(wallet.SwitchLastResort) {
		return s.postOrders(ctx, who, stage)
	}
	held := s.Tokens.Collect(ctx, who, stage, sealed)
	credits := make([]wallet.Credit, 0, len(held.Tokens))
	for _, t := range held.Tokens {
		credits = append(credits, t.Credit())
	}
	if err := s.Posting.Settle(ctx, credits); err != nil {
		return err
	}
	if held.Missing {
		return s.postOrders(ctx, who, stage)
	}
	return nil
}

// postOrders posts the person's open orders of record.
func (s *Service) postOrders(ctx context.Context, who wallet.Person, stage wallet.Stage) error {
	for _, id := range who.Wallets() {
		var orders []wallet.Order
		if err := wallet.Repeat(func() (err error) { orders, err = s.Orders.Of(ctx, id, stage); return err }); err != nil {
			return err
		}
		open := slices.DeleteFunc(orders, func(o wallet.Order) bool { return o.State != wallet.OrderOpen })
		if err := s.Posting.SettleOrders(ctx, open); err != nil {
			return err
		}
	}
	return nil
}
