package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// withdrawalTests are about withdrawals.
func withdrawalTests() []contractCase {
	return []contractCase{
		{"withdraw", "everything shown can be withdrawn at once, posted or not; a repeat is paid once", []string{"T6", "B7"}, withdrawTwice},
		{"withdraw-conflict", "the same request with another amount is a conflict", []string{"T6"}, withdrawConflict},
		{"withdraw-more", "more than the balance is refused, and moves nothing", []string{"T6", "F2"}, withdrawMore},
		{"withdraw-amount", "amounts and request numbers below 1 are invalid", []string{"F2"}, withdrawNothing},
		{"withdraw-at-once", "of concurrent withdrawals of the whole balance one is paid", []string{"F1", "F2"}, ofWinner(withdrawAtOnce)},
	}
}

// withdraw requests a withdrawal, and repeats until it is paid or refused.
func (p person) withdraw(ctx context.Context, number, fen int64) (*pb.WithdrawReply, error) {
	m := &pb.WithdrawRequest{Request: number, AmountFen: fen}
	for n := 0; ; n++ {
		reply := &pb.WithdrawReply{}
		err := p.call(ctx, withdrawMethod, m, reply)
		r := (*refusal)(nil)
		if errors.As(err, &r) && r.Reason == wallet.ErrNotReleased.Reason {
			return nil, notOffered("withdrawing is not released for the test's users")
		}
		if err != nil || reply.State == pb.WithdrawalState_WITHDRAWAL_STATE_PAID {
			return reply, err
		}
		if n == tries || !pause(ctx, retryPause) {
			return nil, notEvaluated{fmt.Sprintf("the withdrawal is still %s", reply.State)}
		}
	}
}

// newWinner returns a person who has won 90 fen, which the page shows.
func newWinner(ctx context.Context, w *wire) (person, error) {
	p := w.newPerson(wallet.Douyin)
	reply, err := p.expectGrant(ctx, 1, 90)
	if err == nil && !promised(reply) {
		err = p.expectPage(ctx, 90, 1, false)
	}
	return p, err
}

// ofWinner runs a case with a new winner.
func ofWinner(run func(ctx context.Context, w *wire, p person) error) func(context.Context, *wire) error {
	return func(ctx context.Context, w *wire) error {
		p, err := newWinner(ctx, w)
		if err != nil {
			return err
		}
		return run(ctx, w, p)
	}
}

// newWinnerPaid returns a winner who has withdrawn fen.
func newWinnerPaid(ctx context.Context, w *wire, fen int64) (person, *pb.WithdrawReply, error) {
	p, err := newWinner(ctx, w)
	if err != nil {
		return p, nil, err
	}
	paid, err := p.withdraw(ctx, 1, fen)
	if err == nil {
		err = equal("the amount that was paid", fen, paid.AmountFen)
	}
	return p, paid, err
}

func withdrawTwice(ctx context.Context, w *wire) error {
	p, paid, err := newWinnerPaid(ctx, w, 90)
	if err != nil {
		return err
	}
	for range 2 {
		again, err := p.withdraw(ctx, 1, 90)
		if err == nil {
			err = cmp.Or(equal("a repeat's number", paid.Number, again.Number), equal("its amount", paid.AmountFen, again.AmountFen))
		}
		if err != nil {
			return err
		}
	}
	page, err := p.page(ctx, &pb.WalletPageRequest{})
	if err != nil {
		return err
	}
	if len(page.Withdrawals) != 1 || page.Withdrawals[0].Request != 1 || page.Withdrawals[0].AmountFen != 90 {
		return fmt.Errorf("the page lists the withdrawals %v", page.Withdrawals)
	}
	return cmp.Or(equal("the income", 90, page.IncomeFen), p.expectPage(ctx, 0, 1, true))
}

func withdrawConflict(ctx context.Context, w *wire) error {
	p, _, err := newWinnerPaid(ctx, w, 40)
	if err != nil {
		return err
	}
	for _, fen := range []int64{41, 39} {
		_, err = p.withdraw(ctx, 1, fen)
		if err := expectError(err, wallet.ErrConflict); err != nil {
			return fmt.Errorf("40 fen, then %d: %w", fen, err)
		}
	}
	return p.expectPage(ctx, 50, 1, true)
}

func withdrawMore(ctx context.Context, w *wire) error {
	p, _, err := newWinnerPaid(ctx, w, 40)
	if err != nil {
		return err
	}
	_, err = p.withdraw(ctx, 2, 51)
	if err := expectError(err, wallet.ErrInsufficient); err != nil {
		return err
	}
	return p.expectPage(ctx, 50, 1, true)
}

func withdrawNothing(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	reply, err := p.expectGrant(ctx, 1, 90)
	if err != nil {
		return err
	}
	for _, c := range [][2]int64{{1, 0}, {2, -90}, {0, 10}, {-1, 10}} {
		_, err := p.withdraw(ctx, c[0], c[1])
		if err := expectError(err, wallet.ErrInvalid); err != nil {
			return fmt.Errorf("request %d for %d fen: %w", c[0], c[1], err)
		}
	}
	return p.expectPage(ctx, 90, 1, promised(reply))
}

func withdrawAtOnce(ctx context.Context, _ *wire, p person) error {
	errs, _ := concurrently(func(i int) (error, error) {
		_, err := p.withdraw(ctx, int64(i+1), 90)
		return err, nil
	})
	paid := 0
	for _, err := range errs {
		if err == nil {
			paid++
		} else if err := expectError(err, wallet.ErrInsufficient); err != nil {
			return err
		}
	}
	return cmp.Or(equal("withdrawals of the whole balance that were paid", 1, paid), p.expectPage(ctx, 0, 1, true))
}
