package client

import (
	"cmp"
	"fmt"
	"math"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// malformedReply returns the error for a reply that cannot be decoded. The request may have been carried out.
func malformedReply(format string, a ...any) error {
	return fmt.Errorf("%w: client: malformed reply: %s", wallet.ErrUnknown, fmt.Sprintf(format, a...))
}

// enumOf returns an enum's number, or 0, which no enum of the wallet uses, if it is out of range.
func enumOf[T ~uint8, N ~int32](n N) T {
	if n < 0 || n > math.MaxUint8 {
		return 0
	}
	return T(n)
}

func user(c wallet.Caller) *pb.User { return &pb.User{App: pb.App(c.App), User: int64(c.User)} }

func grantMessage(r wallet.GrantRequest) *pb.GrantRequest {
	return &pb.GrantRequest{App: pb.App(r.App), User: int64(r.User), Activity: string(r.Activity), Scene: string(r.Scene), Rain: r.Rain,
		Award: pb.AwardType(r.Award), AmountFen: int64(r.Amount), OpenedUs: int64(r.Opened)}
}

func grantReply(m *pb.GrantReply) (wallet.GrantReply, error) {
	no, err := wallet.ParseOrderNo(m.Order)
	if err != nil {
		return wallet.GrantReply{}, malformedReply("%v", err)
	}
	reply := wallet.GrantReply{Order: no, Amount: wallet.Money(m.AmountFen), State: enumOf[wallet.GrantState](m.State)}
	if len(m.Token) > 0 {
		reply.Token = m.Token
	}
	if m.Item != nil {
		granted, err := item(m.Item)
		if err != nil {
			return wallet.GrantReply{}, err
		}
		reply.Item = &granted
	}
	return reply, nil
}

func pageReply(m *pb.WalletPageReply) (wallet.Page, error) {
	p := wallet.Page{Stage: enumOf[wallet.Stage](m.Stage), Balance: wallet.Money(m.BalanceFen), Income: wallet.Money(m.IncomeFen), Missing: m.Missing}
	var err1, err2, err3, err4, err5, err6 error
	p.Grants, err1 = each(m.Lines, line)
	p.Next, err2 = parseCursor(m.Next)
	p.Withdrawals, err3 = each(m.Withdrawals, withdrawal)
	p.Refused, err4 = each(m.Refused, tokenRefusal)
	p.Packets, err5 = each(m.Packets, packet)
	p.Items, err6 = each(m.Items, item)
	if err := cmp.Or(err1, err2, err3, err4, err5, err6); err != nil {
		return wallet.Page{}, err
	}
	for i := range p.Withdrawals {
		p.Withdrawals[i].Stage = p.Stage
	}
	return p, nil
}

// each decodes every element of a list. An empty list is nil.
func each[M, V any](ms []M, decode func(M) (V, error)) ([]V, error) {
	var out []V
	for _, m := range ms {
		v, err := decode(m)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func line(m *pb.Line) (wallet.Line, error) {
	l := wallet.Line{Amount: wallet.Money(m.AmountFen), Opened: wallet.Instant(m.OpenedUs), Status: enumOf[wallet.TokenStatus](m.Status), Text: m.Text}
	if m.Order != "" {
		no, err := wallet.ParseOrderNo(m.Order)
		if err != nil {
			return wallet.Line{}, malformedReply("%v", err)
		}
		l.Order = no
	}
	return l, nil
}

func withdrawal(m *pb.Withdrawal) (wallet.Withdrawal, error) {
	no, err := parseWithdrawalNo(m.Number)
	return wallet.Withdrawal{No: no, Amount: wallet.Money(m.AmountFen), Created: wallet.Instant(m.CreatedUs), State: enumOf[wallet.WithdrawalState](m.State)}, err
}

func withdrawReply(m *pb.WithdrawReply) (wallet.WithdrawReply, error) {
	no, err := parseWithdrawalNo(m.Number)
	return wallet.WithdrawReply{No: no, Amount: wallet.Money(m.AmountFen), State: enumOf[wallet.WithdrawalState](m.State)}, err
}

func tokenRefusal(m *pb.RefusedToken) (wallet.TokenRefusal, error) {
	if m.Error == nil {
		return wallet.TokenRefusal{}, malformedReply("token %d refused without a reason", m.Index)
	}
	return wallet.TokenRefusal{Index: int(m.Index), Err: refusal(m.Error)}, nil
}

// parseCursor decodes a position in a list.
func parseCursor(text string) (wallet.Cursor, error) {
	c, err := wallet.ParseCursor(text)
	if err != nil {
		return wallet.Cursor{}, malformedReply("cursor %q", text)
	}
	return c, nil
}

func parseWithdrawalNo(text string) (wallet.WithdrawalNo, error) {
	no, err := wallet.ParseWithdrawalNo(text)
	if err != nil {
		return wallet.WithdrawalNo{}, malformedReply("withdrawal number %q", text)
	}
	return no, nil
}
