package client

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

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
	stage := enumOf[wallet.Stage](m.Stage)
	p := wallet.Page{Stage: stage, Balance: wallet.Money(m.BalanceFen), Income: wallet.Money(m.IncomeFen), Missing: m.Missing}
	var err1, err2, err3, err4, err5, err6 error
	p.Grants, err1 = lines(m.Lines)
	p.Next, err2 = parseCursor(m.Next)
	p.Withdrawals, err3 = withdrawals(m.Withdrawals, stage)
	p.Refused, err4 = faults(m.Refused)
	p.Packets, err5 = packets(m.Packets)
	p.Items, err6 = items(m.Items)
	if err := cmp.Or(err1, err2, err3, err4, err5, err6); err != nil {
		return wallet.Page{}, err
	}
	return p, nil
}

func lines(ms []*pb.Line) ([]wallet.Line, error) {
	var out []wallet.Line
	for _, m := range ms {
		l := wallet.Line{Amount: wallet.Money(m.AmountFen), Opened: wallet.Instant(m.OpenedUs), Status: enumOf[wallet.TokenStatus](m.Status), Text: m.Text}
		if m.Order != "" {
			no, err := wallet.ParseOrderNo(m.Order)
			if err != nil {
				return nil, malformedReply("%v", err)
			}
			l.Order = no
		}
		out = append(out, l)
	}
	return out, nil
}

func withdrawals(ms []*pb.Withdrawal, stage wallet.Stage) ([]wallet.Withdrawal, error) {
	var out []wallet.Withdrawal
	for _, m := range ms {
		no, err := parseWithdrawalNo(m.Number)
		if err != nil {
			return nil, err
		}
		out = append(out, wallet.Withdrawal{No: no, Stage: stage, Amount: wallet.Money(m.AmountFen), Created: wallet.Instant(m.CreatedUs),
			State: enumOf[wallet.WithdrawalState](m.State)})
	}
	return out, nil
}

func faults(ms []*pb.RefusedToken) ([]wallet.TokenRefusal, error) {
	var out []wallet.TokenRefusal
	for _, m := range ms {
		if m.Error == nil {
			return nil, malformedReply("token %d refused without a reason", m.Index)
		}
		out = append(out, wallet.TokenRefusal{Index: int(m.Index), Err: refusal(m.Error)})
	}
	return out, nil
}

// parseWithdrawalNo parses what WithdrawalNo.String writes.
func parseWithdrawalNo(text string) (wallet.WithdrawalNo, error) {
	var no wallet.WithdrawalNo
	part := strings.Split(text, "_")
	if len(part) == 4 {
		f, err1 := strconv.ParseUint(part[1], 10, 8)
		u, err2 := strconv.ParseInt(part[2], 10, 64)
		r, err3 := strconv.ParseInt(part[3], 10, 64)
		if err1 == nil && err2 == nil && err3 == nil {
			no = wallet.WithdrawalNo{Account: wallet.Account{Family: wallet.Family(f), User: wallet.UserID(u)}, Request: r}
		}
	}
	if no.String() != text {
		return wallet.WithdrawalNo{}, malformedReply("withdrawal number %q", text)
	}
	return no, nil
}
