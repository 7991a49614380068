package oracle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// wrong is a story in which a wallet makes one mistake.
type wrong struct {
	name     string
	strategy wallet.Strategy
	play     func(*model)
	stores   func(*modelStores)
	check    string // that must fail
	says     string // a part of its message, if several mistakes could make the check fail
}

// catch plays each story to its end and requires that its check failed with the expected message.
func catch(t *testing.T, cases []wrong) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.stores != nil { // The story itself is correct: only the stores are falsified.
				m := newModel(c.strategy)
				c.play(m)
				m.final(t, nil)
				m.clean(t)
			}
			m := newModel(c.strategy)
			c.play(m)
			m.final(t, c.stores)
			got := m.result(t, c.check)
			require.Equal(t, Fail, got.Result, "all: %+v", m.Checks())
			require.NotEmpty(t, got.First)
			require.NotEmpty(t, got.Worst)
			require.Contains(t, got.First+got.Worst, c.says)
			require.NotContains(t, got.First+got.Worst, "%!")
		})
	}
}

// answered grants like the model and falsifies the answer.
func (m *model) answered(p Person, rain int32, amount wallet.Money, spoil func(*wallet.GrantReply)) {
	r := m.win(p, wallet.Douyin, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	reply, _ := m.apply(r)
	spoil(&reply)
	m.GrantAnswered(id, r, reply, nil, m.tick())
}

// refused sends a win that is not granted.
func (m *model) refused(p Person, rain int32, amount wallet.Money, err error) wallet.GrantRequest {
	r := m.win(p, wallet.Douyin, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	m.GrantAnswered(id, r, wallet.GrantReply{}, err, m.tick())
	return r
}

// one is a person who won 500 fen; two is one who won 500 and 300 fen.
func one(m *model) { m.grant(0, wallet.Douyin, 1, 500) }
func two(m *model) { one(m); m.grant(0, wallet.Douyin, 2, 300) }

// paid is a person who won 500 fen and withdrew 200.
func paid(m *model) { one(m); m.withdraw(0, wallet.Douyin, 200) }

func TestWrongAnswersAreCaught(t *testing.T) {
	catch(t, slices.Concat(wrongOrders(), wrongAcknowledgements(), wrongWithdrawalAnswers()))
}

// wrongOrders returns answers with a wrong order.
func wrongOrders() []wrong {
	return []wrong{
		// The reply acknowledges an order of another rain.
		{"other order", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Order.Rain = 2 }) }, nil, "order-once", ""},
		// The reply acknowledges another amount.
		{"other amount", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Amount++ }) }, nil, "order-once", ""},
		// The stage of the retry was used instead of the stage of the win.
		{"other stage", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Order.Stage++ }) }, nil, "order-once", ""},
		// The repeat is acknowledged as an order of another wallet: it is paid twice.
		{"two orders", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			reply, _ := m.apply(r)
			m.GrantAnswered(id, r, reply, nil, m.tick())
			reply.Order.ActID = 99
			m.GrantAnswered(id, r, reply, nil, m.tick())
		}, nil, "order-once", ""},
		// Two people are given one wallet.
		{"shared wallet", "token", func(m *model) { one(m); m.answered(1, 1, 400, func(r *wallet.GrantReply) { r.Order.ActID = 1 }) }, nil, "order-once", ""},
		// Binding gives a person the wallet of another person.
		{"bound to another's", "token", func(m *model) {
			one(m)
			c := m.caller(1, wallet.Douyin)
			m.BindSent(1, c, m.tick())
			m.BindAnswered(1, c, wallet.Person{ActID: 1}, nil, m.tick())
		}, nil, "order-once", ""},
		// A conflict without another amount.
		{"false conflict", "token", func(m *model) { m.refused(0, 1, 500, wallet.ErrConflict) }, nil, "order-once", ""},
		// An acknowledged grant is refused when it is repeated.
		{"refused after all", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			reply, _ := m.apply(r)
			m.GrantAnswered(id, r, reply, nil, m.tick())
			m.GrantAnswered(id, r, reply, wallet.ErrOverBudget, m.tick())
		}, nil, "order-once", ""},
	}
}

// wrongAcknowledgements returns acknowledged grants that had to be refused.
func wrongAcknowledgements() []wrong {
	return []wrong{
		// A grant above the cap is acknowledged.
		{"above the cap", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, singleCap+1)
			id := m.GrantSent(0, r, m.tick())
			no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: 1, Award: wallet.Cash, Stage: wallet.InternalTest}
			m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
		}, nil, "no-over-issuance", ""},
		// The sum of the acknowledged grants exceeds the budget.
		{"above the budget", "token", func(m *model) {
			for rain := range int32(budget/singleCap) + 1 {
				r := m.win(0, wallet.Douyin, rain, singleCap)
				id := m.GrantSent(0, r, m.tick())
				no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: rain, Award: wallet.Cash, Stage: wallet.InternalTest}
				m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
			}
		}, nil, "no-over-issuance", ""},
		// A win at a time outside all stages is acknowledged.
		{"no stage", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			r.Opened = opening - 1
			id := m.GrantSent(0, r, m.tick())
			no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: 1, Award: wallet.Cash}
			m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
		}, nil, "phase-isolation", ""},
		// An invalid wallet number.
		{"wallet zero", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Order.ActID = 0 }) }, nil, "order-once", "not a valid wallet number"},
	}
}

// wrongWithdrawalAnswers returns wrong answers to withdrawals.
func wrongWithdrawalAnswers() []wrong {
	return []wrong{
		// A withdrawal that was finally refused is paid.
		{"paid when refused", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrNotReleased, m.tick())
			reply, _ := m.payOut(r)
			m.WithdrawAnswered(id, reply, nil, m.tick())
		}, nil, "withdraw-whole", "was refused, but acknowledged"},
		// Money that the page showed cannot be withdrawn because it is not posted yet.
		{"shown but not due", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrInsufficient, m.tick())
			_ = r
		}, nil, "withdraw-whole", ""},
		// The withdrawal is acknowledged with another amount.
		{"another withdrawal", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			reply, _ := m.payOut(r)
			reply.Amount--
			m.WithdrawAnswered(id, reply, nil, m.tick())
		}, nil, "withdraw-whole", ""},
		// The client receives a refusal of the withdrawal although it was paid.
		{"refused when paid", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			reply, _ := m.payOut(r)
			m.WithdrawAnswered(id, reply, nil, m.tick())
			m.WithdrawAnswered(id, reply, wallet.ErrInsufficient, m.tick())
		}, nil, "withdraw-whole", ""},
	}
}
