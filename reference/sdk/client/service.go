package client

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Grant implements wallet.Service. It needs a Key.
func (c *Client) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	var reply wallet.GrantReply
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.grants.Grant(ctx, grantMessage(r))
		if err == nil {
			reply, err = grantReply(m)
		}
		return err
	})
	return reply, err
}

// MaxGrants bounds the grants of one batch.
const MaxGrants = 100

// GrantResult is the result of one grant of a batch.
type GrantResult struct {
	Reply wallet.GrantReply
	Err   error
}

// BatchGrant grants up to MaxGrants rewards in one call and returns one result for each, in their order. It repeats the
// whole batch while it has no response; single results that are overloaded or unknown are left to the caller. It needs
// a Key.
func (c *Client) BatchGrant(ctx context.Context, rs []wallet.GrantRequest) ([]GrantResult, error) {
	request := &pb.BatchGrantRequest{Grants: make([]*pb.GrantRequest, len(rs))}
	for i, r := range rs {
		request.Grants[i] = grantMessage(r)
	}
	var results []GrantResult
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.grants.BatchGrant(ctx, request)
		if err != nil {
			return err
		}
		if len(m.Results) != len(rs) {
			return malformedReply("%d results for %d grants", len(m.Results), len(rs))
		}
		results = make([]GrantResult, len(rs))
		for i, r := range m.Results {
			switch {
			case r.GetGrant() != nil:
				results[i].Reply, results[i].Err = grantReply(r.GetGrant())
			case r.GetError() != nil:
				results[i].Err = refusal(r.GetError())
			default:
				results[i].Err = malformedReply("result %d is empty", i)
			}
		}
		return nil
	})
	return results, err
}

// Page implements wallet.Service. It needs a Session. The wire has the number, amount, time and state of withdrawals;
// their Owner and Wallets stay zero.
func (c *Client) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if r.Limit < 1 || r.Limit > wallet.MaxPage { // on the wire, zero means the service's default
		return wallet.Page{}, fmt.Errorf("%w: client: a page of %d entries", wallet.ErrInvalid, r.Limit)
	}
	var page wallet.Page
	err := c.asUser(ctx, r.Caller, func(ctx context.Context) error {
		m, err := c.wallet.WalletPage(ctx, &pb.WalletPageRequest{Who: user(r.Caller), AtUs: int64(r.At), After: formatCursor(r.After),
			Limit: int32(r.Limit), Tokens: r.Tokens, Withdraw: r.Withdraw})
		if err == nil {
			page, err = pageReply(m)
		}
		return err
	})
	return page, err
}

// Withdraw implements wallet.Service. It needs a Session.
func (c *Client) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	var reply wallet.WithdrawReply
	err := c.asUser(ctx, r.Caller, func(ctx context.Context) error {
		m, err := c.wallet.Withdraw(ctx, &pb.WithdrawRequest{Who: user(r.Caller), Request: r.Request, AmountFen: int64(r.Amount),
			AtUs: int64(r.At), Tokens: r.Tokens})
		if err != nil {
			return err
		}
		no, err := parseWithdrawalNo(m.Number)
		reply = wallet.WithdrawReply{No: no, Amount: wallet.Money(m.AmountFen), State: enumOf[wallet.WithdrawalState](m.State)}
		return err
	})
	return reply, err
}

// Bind implements wallet.Service. It needs a Key with the bind scope. The caller must have verified that the user holds
// the phone: the account joins the phone's wallet.
func (c *Client) Bind(ctx context.Context, who wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	var person wallet.Person
	err := c.signed(ctx, func(ctx context.Context) error {
		m, err := c.accounts.BindPhone(ctx, &pb.BindPhoneRequest{Who: user(who), Phone: int64(p)})
		if err != nil {
			return err
		}
		person = wallet.Person{ActID: wallet.ActID(m.ActId)}
		for _, id := range m.Former {
			person.Former = append(person.Former, wallet.ActID(id))
		}
		return nil
	})
	return person, err
}
