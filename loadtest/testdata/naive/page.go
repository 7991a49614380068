package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// walletPage implements the API.
func (w *naive) walletPage(who wallet.Caller, m *pb.WalletPageRequest) (*pb.WalletPageReply, error) {
	return w.page(who, m.After, m.Limit)
}

// flow implements the API.
func (w *naive) flow(who wallet.Caller, m *pb.FlowRequest) (*pb.FlowReply, error) {
	p, err := w.page(who, m.After, m.Limit)
	return &pb.FlowReply{Lines: p.GetLines(), Next: p.GetNext(), Withdrawals: p.GetWithdrawals()}, err
}

// page lists wins, newest first, after a cursor: "opened:order" of the previous page's last line.
func (w *naive) page(who wallet.Caller, after string, limit int32) (*pb.WalletPageReply, error) {
	if limit == 0 {
		limit = 20
	}
	if limit < 0 || limit > wallet.MaxPage {
		return nil, wallet.ErrInvalid
	}
	opened, order, _ := strings.Cut(after, ":")
	at, err := strconv.ParseInt(opened, 10, 64)
	if after != "" && err != nil {
		return nil, wallet.ErrInvalid
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(who)
	older := func(a, b *pb.Line) int {
		return cmp.Or(cmp.Compare(b.OpenedUs, a.OpenedUs), strings.Compare(b.Order, a.Order))
	}
	lines := slices.SortedFunc(slices.Values(p.lines), older)
	reply := &pb.WalletPageReply{Stage: pb.Stage_STAGE_OFFICIAL, BalanceFen: p.balance(), IncomeFen: p.won()}
	if w.fault == "wrong-page" && len(lines) > 0 {
		reply.BalanceFen -= lines[0].AmountFen
	}
	if after == "" {
		for _, x := range slices.Backward(p.withdrawals) {
			reply.Withdrawals = append(reply.Withdrawals, x)
		}
	} else {
		place := &pb.Line{OpenedUs: at, Order: order}
		i := slices.IndexFunc(lines, func(l *pb.Line) bool {
			return older(l, place) > 0 || w.fault == "twice-listed" && older(l, place) == 0
		})
		if i < 0 {
			i = len(lines)
		}
		lines = lines[i:]
	}
	if len(lines) > int(limit) {
		lines = lines[:limit]
		last := lines[limit-1]
		reply.Next = fmt.Sprintf("%d:%s", last.OpenedUs, last.Order)
	}
	reply.Lines = lines
	return reply, nil
}

// withdraw pays out, once for each number. A refusal is recorded too.
func (w *naive) withdraw(who wallet.Caller, m *pb.WithdrawRequest) (*pb.WithdrawReply, error) {
	if m.Request <= 0 || m.AmountFen <= 0 {
		return nil, wallet.ErrInvalid
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(who)
	no := wallet.WithdrawalNo{Account: wallet.AccountOf(who.App, who.User), Request: m.Request}
	x := w.paid[no]
	if x == nil {
		x = &pb.Withdrawal{Number: no.String(), AmountFen: m.AmountFen, CreatedUs: int64(now()), State: pb.WithdrawalState_WITHDRAWAL_STATE_PAID, Request: m.Request}
		if p.balance() < m.AmountFen {
			x.State = pb.WithdrawalState_WITHDRAWAL_STATE_REFUSED
		}
		w.racy("overdraw")
		w.paid[no] = x
		p.withdrawals = append(p.withdrawals, x)
	}
	switch {
	case x.AmountFen != m.AmountFen:
		return nil, wallet.ErrConflict
	case x.State == pb.WithdrawalState_WITHDRAWAL_STATE_REFUSED:
		return nil, wallet.ErrInsufficient
	}
	return &pb.WithdrawReply{Number: x.Number, AmountFen: x.AmountFen, State: x.State}, nil
}
