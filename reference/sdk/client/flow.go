package client

import (
	"cmp"
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// FlowRequest asks for one page of the flow list.
type FlowRequest struct {
	wallet.Caller
	At     wallet.Instant // which stage to show: the stage of this moment; 0 = now
	After  string         // Next of the page before; "" = from the top
	Limit  int            // 1..wallet.MaxPage; 0 = the service's choice
	Tokens [][]byte       // the client's copies, sent when its view lacks what it holds (T8)
}

// FlowPage is one page of the flow list.
type FlowPage struct {
	Lines       []wallet.Line
	Next        string              // where to go on; "" = the end
	Withdrawals []wallet.Withdrawal // newest first; with the first page only. Owner, Stage and Wallets stay zero
	Packets     []wallet.Packet     // sent or received, newest first; with the first page only
	Missing     []string            // sources that could not be read; empty when whole
	Refused     []wallet.TokenFault
}

// Flow reads one page of the user's flow list (P1). Next is the service's own: it is passed back as it came, so this walks
// the list of any service that speaks the API. It needs a Session.
func (c *Client) Flow(ctx context.Context, r FlowRequest) (FlowPage, error) {
	var page FlowPage
	err := c.asUser(ctx, r.Caller, func(ctx context.Context) error {
		m, err := c.wallet.Flow(ctx, &pb.FlowRequest{Who: user(r.Caller), AtUs: int64(r.At), After: r.After, Limit: clamp(r.Limit), Tokens: r.Tokens})
		if err == nil {
			page, err = flowReply(m)
		}
		return err
	})
	return page, err
}

func flowReply(m *pb.FlowReply) (FlowPage, error) {
	p := FlowPage{Next: m.Next, Missing: m.Missing}
	var err1, err2, err3, err4 error
	p.Lines, err1 = lines(m.Lines)
	p.Withdrawals, err2 = withdrawals(m.Withdrawals, 0)
	p.Refused, err3 = faults(m.Refused)
	p.Packets, err4 = packets(m.Packets)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return FlowPage{}, err
	}
	return p, nil
}

// clamp returns a limit that is as wrong on the wire as it is here.
func clamp(limit int) int32 { return int32(max(-1, min(limit, wallet.MaxPage+1))) }
