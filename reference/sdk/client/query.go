package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// The queries of the base SDK (B6) for upstreams that do not link it. They need a Key.

// Balance returns what the person may withdraw in the present stage, posted or not.
func (c *Client) Balance(ctx context.Context, who wallet.Caller) (wallet.Money, error) {
	m, err := signed(ctx, &c.caller, c.query.Balance, &pb.BalanceRequest{Who: user(who)})
	return wallet.Money(m.GetBalanceFen()), err
}

// Income returns all that the person has won in the present stage.
func (c *Client) Income(ctx context.Context, who wallet.Caller) (wallet.Money, error) {
	m, err := signed(ctx, &c.caller, c.query.Income, &pb.IncomeRequest{Who: user(who)})
	return wallet.Money(m.GetIncomeFen()), err
}

// HasWon reports whether the person has won any cash in the present stage.
func (c *Client) HasWon(ctx context.Context, who wallet.Caller) (bool, error) {
	m, err := signed(ctx, &c.caller, c.query.HasWon, &pb.HasWonRequest{Who: user(who)})
	return m.GetWon(), err
}

// ForcePost posts what is due to the person now (T6). Idempotent.
func (c *Client) ForcePost(ctx context.Context, who wallet.Caller, tokens [][]byte) error {
	_, err := signed(ctx, &c.caller, c.query.ForcePost, &pb.ForcePostRequest{Who: user(who), Tokens: tokens})
	return err
}

// RunningTotal returns all that was granted in the stage, as the responding instance last read it.
func (c *Client) RunningTotal(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	m, err := signed(ctx, &c.caller, c.query.RunningTotal, &pb.RunningTotalRequest{Stage: pb.Stage(s)})
	return wallet.Money(m.GetTotalFen()), err
}
