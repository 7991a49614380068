package client

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// unreadable is for an answer that makes no sense: what it answers may have been done.
func unreadable(format string, a ...any) error {
	return fmt.Errorf("%w: client: the answer cannot be read: %s", wallet.ErrUnknown, fmt.Sprintf(format, a...))
}

// small returns an enum's number, or 0, which none of ours is, for one that cannot be ours.
func small[T ~uint8, N ~int32](n N) T {
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
		return wallet.GrantReply{}, unreadable("%v", err)
	}
	reply := wallet.GrantReply{Order: no, Amount: wallet.Money(m.AmountFen), State: small[wallet.GrantState](m.State)}
	if len(m.Token) > 0 {
		reply.Token = m.Token
	}
	return reply, nil
}

func pageReply(m *pb.WalletPageReply) (wallet.Page, error) {
	p := wallet.Page{Stage: small[wallet.Stage](m.Stage), Balance: wallet.Money(m.BalanceFen), Income: wallet.Money(m.IncomeFen), Missing: m.Missing}
	for _, l := range m.Lines {
		line := wallet.Line{Amount: wallet.Money(l.AmountFen), Opened: wallet.Instant(l.OpenedUs), Status: small[wallet.TokenStatus](l.Status), Text: l.Text}
		if l.Order != "" {
			no, err := wallet.ParseOrderNo(l.Order)
			if err != nil {
				return wallet.Page{}, unreadable("%v", err)
			}
			line.Order = no
		}
		p.Grants = append(p.Grants, line)
	}
	var err error
	if p.Next, err = parseCursor(m.Next); err != nil {
		return wallet.Page{}, err
	}
	for _, w := range m.Withdrawals {
		no, err := parseWithdrawalNo(w.Number)
		if err != nil {
			return wallet.Page{}, err
		}
		p.Withdrawals = append(p.Withdrawals, wallet.Withdrawal{No: no, Stage: p.Stage, Amount: wallet.Money(w.AmountFen),
			Created: wallet.Instant(w.CreatedUs), State: small[wallet.WithdrawalState](w.State)})
	}
	for _, r := range m.Refused {
		if r.Error == nil {
			return wallet.Page{}, unreadable("token %d refused for no reason", r.Index)
		}
		p.Refused = append(p.Refused, wallet.TokenFault{Index: int(r.Index), Err: refusal(r.Error)})
	}
	return p, nil
}

// parseWithdrawalNo reads what wallet.WithdrawalNo's String writes.
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
		return wallet.WithdrawalNo{}, unreadable("withdrawal number %q", text)
	}
	return no, nil
}
