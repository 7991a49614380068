package client

import (
	"cmp"
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// FlowRequest requests one page of the flow list.
type FlowRequest struct {
	wallet.Caller
	At     wallet.Instant // shows the stage of this instant; 0 = now
	After  string         // Next of the previous page; "" = from the top
	Limit  int            // 1..wallet.MaxPage; 0 = the service's default
	Tokens [][]byte       // the client's copies, sent when the list lacks a token that the client holds (T8)
}

// FlowPage is one page of the flow list.
type FlowPage struct {
	Lines       []wallet.Line
	Next        string              // position for After; "" = the end
	Withdrawals []wallet.Withdrawal // newest first; with the first page only. Owner, Stage and Wallets stay zero
	Packets     []wallet.Packet     // sent or received, newest first; with the first page only
	Missing     []string            // sources that could not be read; empty = complete
	Refused     []wallet.TokenRefusal
}

// Flow reads one page of the user's flow list (P1). Next is opaque: it is passed back unchanged, so this works with any
// service that implements the API. It needs a Session.
func (c *Client) Flow(ctx context.Context, r FlowRequest) (FlowPage, error) {
	request := &pb.FlowRequest{Who: user(r.Caller), AtUs: int64(r.At), After: r.After, Limit: clamp(r.Limit), Tokens: r.Tokens}
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.Flow, flowReply), request)
}

func flowReply(m *pb.FlowReply) (FlowPage, error) {
	p := FlowPage{Next: m.Next, Missing: m.Missing}
	var err1, err2, err3, err4 error
	p.Lines, err1 = each(m.Lines, line)
	p.Withdrawals, err2 = each(m.Withdrawals, withdrawal)
	p.Refused, err3 = each(m.Refused, tokenRefusal)
	p.Packets, err4 = each(m.Packets, packet)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return FlowPage{}, err
	}
	return p, nil
}

// clamp converts a limit so that an invalid one stays invalid on the wire.
func clamp(limit int) int32 { return int32(max(-1, min(limit, wallet.MaxPage+1))) }
