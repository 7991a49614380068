// Package withdraw pays money out: forced posting of what is due first (T6), then hold, payout and settle, each step
// safe to repeat. A withdrawal is a small state machine on record; the request, a repeat of it and compensation all
// drive the same one forward.
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

// settleAfter is the age from which a withdrawal that nobody finished is driven by compensation: above the time that
// a request itself may take.
const settleAfter = time.Minute

// Service withdraws.
type Service struct {
	People      wallet.People
	Index       *activity.Index
	Orders      wallet.Orders
	Ledger      wallet.Ledger
	Withdrawals wallet.Withdrawals
	Days        wallet.WithdrawalDays // nil: there is no limit of the day
	Bank        wallet.Bank
	Posting     wallet.Settler
	Purse       *walletpage.Purse // nil where the strategy has no tokens
	Clock       wallet.Clock
	// Settings says who may withdraw, and how much in a day (B7), at once and without a call.
	Settings func() wallet.Settings
	// Switched reports whether a degrade switch is on; nil: none ever is.
	Switched func(wallet.Switch) bool
	Alarm    func(kind wallet.AlarmKind, detail string)

	place atomic.Int64 // an OpenPlace: where Settle goes on. A hint: nothing is lost with it
}

// Prepare posts what is due to the person, who enters the withdraw page (T6), so that its balance can be withdrawn at
// once and whole. An error leaves the rest to be posted; asking again is safe.
func (s *Service) Prepare(ctx context.Context, r wallet.PageRequest) error {
	if !r.App.Valid() || r.User <= 0 || len(r.Tokens) > wallet.MaxClientTokens {
		return fmt.Errorf("%w: withdraw page with %d tokens for user %d of app %d", wallet.ErrInvalid, len(r.Tokens), r.User, r.App)
	}
	stage, who, err := s.whose(ctx, r.Caller, r.At)
	if err != nil {
		return err
	}
	return s.post(ctx, who, stage, r.Tokens)
}

// whose returns the stage of a moment, now if it is 0, and who the caller is.
func (s *Service) whose(ctx context.Context, c wallet.Caller, at wallet.Instant) (wallet.Stage, wallet.Person, error) {
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

// Withdraw implements wallet.Service's Withdraw. An answer in state WithdrawalHeld means that the bank has not
// confirmed yet: the payout is on record and will be made.
func (s *Service) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if !r.App.Valid() || r.User <= 0 || r.Request <= 0 || r.Amount <= 0 || len(r.Tokens) > wallet.MaxClientTokens {
		return wallet.WithdrawReply{}, fmt.Errorf("%w: withdrawal %d of %d fen with %d tokens by user %d of app %d",
			wallet.ErrInvalid, r.Request, r.Amount, len(r.Tokens), r.User, r.App)
	}
	stage, who, err := s.whose(ctx, r.Caller, r.At)
	if err != nil {
		return wallet.WithdrawReply{}, err
	}
	if err := s.may(ctx, r, who); err != nil {
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

// may refuses a withdrawal that nobody may begin: an operator has stopped them, or they are not open to the person. One on
// record goes on: its first try may have paid, and switches and releases change.
func (s *Service) may(ctx context.Context, r wallet.WithdrawRequest, who wallet.Person) error {
	no := error(nil)
	switch {
	case s.on(wallet.SwitchStopWithdrawals):
		no = fmt.Errorf("%w: withdrawing", wallet.ErrSwitchedOff)
	case !s.Settings().Release.Allows(who):
		no = wallet.ErrNotReleased
	default:
		return nil
	}
	err := wallet.Repeat(func() error {
		_, err := s.Withdrawals.Get(ctx, wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request})
		return err
	})
	if errors.Is(err, wallet.ErrNotFound) {
		return no
	}
	return err
}

// on reports whether a degrade switch is on.
func (s *Service) on(name wallet.Switch) bool { return s.Switched != nil && s.Switched(name) }

// post is forced posting (T6): what is due to the person enters the ledger now, past everybody else's backlog. Where
// the server's token list cannot be read, or nothing but the books is left (D2), the orders of record say what is due.
func (s *Service) post(ctx context.Context, who wallet.Person, stage wallet.Stage, sealed [][]byte) error {
	if s.Purse == nil || s.on(wallet.SwitchSkipForcedPost) {
		return nil
	}
	if s.on(wallet.SwitchLastResort) {
		return s.postOrders(ctx, who, stage)
	}
	held := s.Purse.Read(ctx, who, stage, sealed)
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

// postOrders posts what the person's orders of record say is due.
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
