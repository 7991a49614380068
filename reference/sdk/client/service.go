package client

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Grant implements wallet.Service. It needs a Key.
func (c *Client) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return signed(ctx, &c.caller, decoded(c.grants.Grant, grantReply), grantMessage(r))
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
	results := func(m *pb.BatchGrantReply) ([]GrantResult, error) {
		if len(m.Results) != len(rs) {
			return nil, malformedReply("%d results for %d grants", len(m.Results), len(rs))
		}
		out := make([]GrantResult, len(rs))
		for i, r := range m.Results {
			out[i] = grantResult(i, r)
		}
		return out, nil
	}
	return signed(ctx, &c.caller, decoded(c.grants.BatchGrant, results), request)
}

// grantResult decodes the i-th result of a batch. Its error does not fail the batch.
func grantResult(i int, m *pb.GrantResult) (r GrantResult) {
	switch {
	case m.GetGrant() != nil:
		r.Reply, r.Err = grantReply(m.GetGrant())
	case m.GetError() != nil:
		r.Err = refusal(m.GetError())
	default:
		r.Err = malformedReply("result %d is empty", i)
	}
	return r
}

// Page implements wallet.Service. It needs a Session. The wire has the number, amount, time and state of withdrawals;
// their Owner and Wallets stay zero.
func (c *Client) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if r.Limit < 1 || r.Limit > wallet.MaxPage { // on the wire, zero means the service's default
		return wallet.Page{}, fmt.Errorf("%w: client: a page of %d entries", wallet.ErrInvalid, r.Limit)
	}
	request := &pb.WalletPageRequest{Who: user(r.Caller), AtUs: int64(r.At), After: r.After.Text(), Limit: int32(r.Limit), Tokens: r.Tokens,
		Withdraw: r.Withdraw}
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.WalletPage, pageReply), request)
}

// Withdraw implements wallet.Service. It needs a Session.
func (c *Client) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	request := &pb.WithdrawRequest{Who: user(r.Caller), Request: r.Request, AmountFen: int64(r.Amount), AtUs: int64(r.At), Tokens: r.Tokens}
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.Withdraw, withdrawReply), request)
}

// Bind implements wallet.Service. It needs a Key with the bind scope. The caller must have verified that the user holds
// the phone: the account joins the phone's wallet.
func (c *Client) Bind(ctx context.Context, who wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	m, err := signed(ctx, &c.caller, c.accounts.BindPhone, &pb.BindPhoneRequest{Who: user(who), Phone: int64(p)})
	person := wallet.Person{ActID: wallet.ActID(m.GetActId())}
	for _, id := range m.GetFormer() {
		person.Former = append(person.Former, wallet.ActID(id))
	}
	return person, err
}
