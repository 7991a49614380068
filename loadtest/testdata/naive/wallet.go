package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// recently bounds the age of a win. No window of a festival is longer.
const recently = 24 * time.Hour

// moment is the time between the check and the update in the faults that do not hold the lock in between.
const moment = 20 * time.Millisecond

// naive is the wallet: people with their wins and withdrawals.
type naive struct {
	fault    string
	activity wallet.ActivityID
	scenes   []string
	cap      int64 // fen

	budget int64 // fen

	mu      sync.Mutex
	spent   int64 // fen of the budget
	granted int   // grants so far
	last    wallet.ActID
	people  map[wallet.Account]*account
	phones  map[int64]*account
	paid    map[wallet.WithdrawalNo]*pb.Withdrawal
}

// account is the wallet of one person.
type account struct {
	id          wallet.ActID
	wins        map[string]*pb.Line // by scene and rain
	orders      int                 // wins; two accounts may have won the same rain before they were joined
	lines       []*pb.Line
	withdrawals []*pb.Withdrawal
}

// of returns the wallet of a user. The caller holds the lock.
func (w *naive) of(c wallet.Caller) *account {
	a := wallet.AccountOf(c.App, c.User)
	if w.people[a] == nil {
		w.last++
		w.people[a] = &account{id: w.last, wins: map[string]*pb.Line{}}
	}
	return w.people[a]
}

// won and balance are sums in fen. The caller holds the lock.
func (p *account) won() (sum int64) {
	for _, l := range p.lines {
		sum += l.AmountFen
	}
	return sum
}

func (p *account) balance() int64 {
	left := p.won()
	for _, w := range p.withdrawals {
		if w.State == pb.WithdrawalState_WITHDRAWAL_STATE_PAID {
			left -= w.AmountFen
		}
	}
	return left
}

// grant records a win, once for each number.
func (w *naive) grant(c *auth.Caller, m *pb.GrantRequest) (*pb.GrantReply, error) {
	who := wallet.Caller{App: wallet.App(m.App), User: wallet.UserID(m.User)}
	off := now().Sub(wallet.Instant(m.OpenedUs))
	switch {
	case m.App < 1 || m.App > wallet.Apps || m.User <= 0 || m.Rain < 0 || m.AmountFen <= 0 || m.Award != pb.AwardType_AWARD_TYPE_CASH:
		return nil, wallet.ErrInvalid
	case off > recently || off < -recently:
		return nil, wallet.ErrInvalid
	case wallet.ActivityID(m.Activity) != w.activity || !slices.Contains(w.scenes, m.Scene):
		return nil, wallet.ErrUnknownScene
	case m.AmountFen > w.cap:
		return nil, wallet.ErrOverCap
	}
	if err := c.MayGrant(w.activity, who.App); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p, win := w.of(who), fmt.Sprint(m.Scene, "/", m.Rain)
	if l := p.wins[win]; l != nil && w.fault != "double" {
		if l.AmountFen != m.AmountFen {
			return nil, wallet.ErrConflict
		}
		return w.reply(l), nil
	}
	if w.budget-w.spent < m.AmountFen {
		return nil, wallet.ErrOverBudget
	}
	w.racy("over-issue")
	w.spent += m.AmountFen
	no := wallet.OrderNo{ActID: p.id, Scene: wallet.SceneID(m.Scene), Rain: m.Rain, Award: wallet.Cash, Stage: wallet.Official}
	l := &pb.Line{Order: no.String(), AmountFen: m.AmountFen, OpenedUs: m.OpenedUs, Status: pb.TokenStatus_TOKEN_STATUS_SUCCESS, Text: m.Scene}
	if p.wins[win] == nil {
		p.orders++
	}
	p.wins[win] = l
	if w.granted++; w.fault != "lost" || w.granted%7 != 0 {
		p.lines = append(p.lines, l)
	}
	return w.reply(l), nil
}

// reply returns the reply to a win. It is posted at once: this wallet has no backlog.
func (w *naive) reply(l *pb.Line) *pb.GrantReply {
	r := &pb.GrantReply{Order: l.Order, AmountFen: l.AmountFen, State: pb.GrantState_GRANT_STATE_POSTED}
	if w.fault == "lies" {
		r.AmountFen++
	}
	return r
}

// racy releases the lock for a moment between a check and its update, if the wallet has this fault. The caller holds the lock.
func (w *naive) racy(fault string) {
	if w.fault == fault {
		w.mu.Unlock()
		time.Sleep(moment)
		w.mu.Lock()
	}
}

// batch grants the wins one by one.
func (w *naive) batch(c *auth.Caller, m *pb.BatchGrantRequest) (*pb.BatchGrantReply, error) {
	if n := len(m.Grants); n < 1 || n > 100 {
		return nil, wallet.ErrInvalid
	}
	reply := &pb.BatchGrantReply{}
	for _, g := range m.Grants {
		r, err := w.grant(c, g)
		result := &pb.GrantResult{Result: &pb.GrantResult_Grant{Grant: r}}
		if err != nil {
			result.Result = &pb.GrantResult_Error{Error: &pb.ErrorDetail{Reason: wallet.ReasonOf(err), Code: wallet.CodeOf(err).String(), Message: err.Error()}}
		}
		reply.Results = append(reply.Results, result)
	}
	return reply, nil
}

// bind joins the wallets of one phone.
func (w *naive) bind(c *auth.Caller, m *pb.BindPhoneRequest) (*pb.BindPhoneReply, error) {
	who := wallet.Caller{App: wallet.App(m.Who.GetApp()), User: wallet.UserID(m.Who.GetUser())}
	if !who.App.Valid() || who.User <= 0 || m.Phone <= 0 {
		return nil, wallet.ErrInvalid
	}
	if err := c.MayName(who.App); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.of(who)
	to := w.phones[m.Phone]
	if to == nil {
		to = mine
		w.phones[m.Phone] = to
	}
	reply := &pb.BindPhoneReply{ActId: int64(to.id)}
	if to == mine {
		return reply, nil
	}
	to.lines, to.withdrawals = append(to.lines, mine.lines...), append(to.withdrawals, mine.withdrawals...)
	to.orders += mine.orders
	for win, l := range mine.wins {
		if to.wins[win] == nil {
			to.wins[win] = l
		}
	}
	for a, p := range w.people {
		if p == mine {
			w.people[a] = to
		}
	}
	reply.Former = []int64{int64(mine.id)}
	return reply, nil
}
