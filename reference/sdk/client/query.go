package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// The queries of the base SDK (B6) for upstreams that do not link it. They need a Key.

// Balance returns what the person may withdraw in the present stage, posted or not.
func (c *Client) Balance(ctx context.Context, who wallet.Caller) (wallet.Money, error) {
	var sum wallet.Money
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.query.Balance(ctx, &pb.BalanceRequest{Who: user(who)})
		sum = wallet.Money(m.GetBalanceFen())
		return err
	})
	return sum, err
}

// Income returns all that the person has won in the present stage.
func (c *Client) Income(ctx context.Context, who wallet.Caller) (wallet.Money, error) {
	var sum wallet.Money
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.query.Income(ctx, &pb.IncomeRequest{Who: user(who)})
		sum = wallet.Money(m.GetIncomeFen())
		return err
	})
	return sum, err
}

// HasWon reports whether the person has won any cash in the present stage.
func (c *Client) HasWon(ctx context.Context, who wallet.Caller) (bool, error) {
	var won bool
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.query.HasWon(ctx, &pb.HasWonRequest{Who: user(who)})
		won = m.GetWon()
		return err
	})
	return won, err
}

// ForcePost posts what is due to the person now (T6). Idempotent.
func (c *Client) ForcePost(ctx context.Context, who wallet.Caller, tokens [][]byte) error {
	return c.signed(ctx, func(ctx context.Context) error {
		_, err := c.query.ForcePost(ctx, &pb.ForcePostRequest{Who: user(who), Tokens: tokens})
		return err
	})
}

// RunningTotal returns all that was granted in the stage, as the responding instance last read it.
func (c *Client) RunningTotal(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	var sum wallet.Money
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.query.RunningTotal(ctx, &pb.RunningTotalRequest{Stage: pb.Stage(s)})
		sum = wallet.Money(m.GetTotalFen())
		return err
	})
	return sum, err
}
