package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// controlled limits the withdrawals of the model: 300 fen and two times a day, with a bank that may decline.
func controlled(m *model) {
	m.cfg.Control = &Control{Limit: wallet.DayLimit{Fen: 300, Times: 2}, Declines: true}
	m.declines = map[wallet.WithdrawalNo]bool{}
}

// decline makes the bank decline the next withdrawal.
func (m *model) decline(p Person, app wallet.App) {
	c := m.caller(p, app)
	m.declines[wallet.WithdrawalNo{Account: wallet.AccountOf(c.App, c.User), Request: m.requests + 1}] = true
}

// declined is a person who won 500 fen and asked to withdraw 200, which the bank declined.
func declined(m *model) {
	controlled(m)
	one(m)
	m.decline(0, wallet.Douyin)
	m.withdraw(0, wallet.Douyin, 200)
}

// failWithdrawal sends a withdrawal that is answered with an error and has no effect.
func (m *model) failWithdrawal(p Person, amount wallet.Money, err error) {
	id, _ := m.ask(p, wallet.Douyin, amount)
	m.WithdrawAnswered(id, wallet.WithdrawReply{}, err, m.tick())
}

// refunds returns the indexes of the entries of refunds.
func (b *modelStores) refunds() (at []int) {
	for i, e := range b.entries {
		if e.Transfer.Step == wallet.TransferRefund {
			at = append(at, i)
		}
	}
	return at
}

// correctControl is a story in which the wallet controls withdrawals without a mistake.
type correctControl struct {
	why  string
	play func(*model)
}

func TestWithdrawControlIsNotBlamed(t *testing.T) {
	for _, c := range slices.Concat(correctDeclines(), correctDayLimits()) {
		t.Run(c.why, func(t *testing.T) {
			m := newModel("token")
			c.play(m)
			m.final(t, nil)
			m.clean(t)
		})
	}
}

// correctDeclines returns withdrawals that the bank declines.
func correctDeclines() []correctControl {
	return []correctControl{
		{"a declined withdrawal is returned", func(m *model) {
			declined(m)
			m.readPage(0, wallet.Douyin, 9, nil)
			m.withdraw(0, wallet.Douyin, 300)
			m.readPage(0, wallet.Douyin, 9, nil)
		}},
		{"a page that was requested before the refusal may show the money as gone", func(m *model) {
			controlled(m)
			one(m)
			m.decline(0, wallet.Douyin)
			id, r := m.ask(0, wallet.Douyin, 200)
			q := wallet.PageRequest{Caller: r.Caller, At: m.tick(), Limit: 9}
			read := m.PageSent(0, q, m.now)
			page := m.page(q)
			page.Balance -= 200
			_, err := m.payOut(r)
			page.Withdrawals = []wallet.Withdrawal{m.payouts[0].Withdrawal}
			page.Withdrawals[0].State = wallet.WithdrawalHeld
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, err, m.tick())
			m.PageAnswered(read, page, nil, m.tick())
		}},
		{"answered as held, and declined later", func(m *model) {
			controlled(m)
			one(m)
			m.decline(0, wallet.Douyin)
			id, r := m.ask(0, wallet.Douyin, 200)
			_, _ = m.payOut(r)
			no := m.payouts[0].No
			m.WithdrawAnswered(id, wallet.WithdrawReply{No: no, Amount: 200, State: wallet.WithdrawalHeld}, nil, m.tick())
			m.readPage(0, wallet.Douyin, 9, nil)
			m.WithdrawAnswered(id, wallet.WithdrawReply{No: no, Amount: 200, State: wallet.WithdrawalDeclined}, nil, m.tick())
			m.WithdrawAnswered(id, wallet.WithdrawReply{No: no, Amount: 200, State: wallet.WithdrawalReturned}, nil, m.tick())
			m.readPage(0, wallet.Douyin, 9, nil)
		}},
	}
}

// correctDayLimits returns withdrawals at the daily limit.
func correctDayLimits() []correctControl {
	return []correctControl{
		{"one fen above the limit, and a third time", func(m *model) {
			controlled(m)
			one(m)
			m.failWithdrawal(0, 301, wallet.ErrDailyLimit)
			m.withdraw(0, wallet.Douyin, 1)
			m.withdraw(0, wallet.Douyin, 1)
			m.failWithdrawal(0, 1, wallet.ErrDailyLimit)
		}},
		{"a withdrawal in progress may count, although its client does not know", func(m *model) {
			controlled(m)
			one(m)
			id, _ := m.ask(0, wallet.Douyin, 200)
			m.failWithdrawal(0, 200, wallet.ErrDailyLimit)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrUnknown, m.tick())
		}},
		{"joined wallets share one limit, other wallets have separate limits", func(m *model) {
			controlled(m)
			m.joinFromStart(1)
			m.grant(1, wallet.Douyin, 1, 500)
			m.withdraw(1, wallet.Douyin, 300)
			id, _ := m.ask(1, wallet.Toutiao, 1)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrDailyLimit, m.tick())
			one(m)
			m.grant(0, wallet.Toutiao, 1, 500)
			m.withdraw(0, wallet.Douyin, 300)
			m.withdraw(0, wallet.Toutiao, 300)
		}},
		{"a new day has a new limit", func(m *model) {
			controlled(m)
			m.advance(2 * time.Hour) // the last stage, long before midnight
			m.grant(0, wallet.Douyin, 1, 700)
			m.withdraw(0, wallet.Douyin, 300)
			at := m.now
			m.advance(24 * time.Hour)
			id, r := m.ask(0, wallet.Douyin, 300)
			r.At = at // this stage; the time of the request decides the day
			m.withdrawals.At(uint32(id)).stage = m.stage(at)
			reply, err := m.payOut(r)
			m.WithdrawAnswered(id, reply, err, m.tick())
		}},
	}
}

func TestWrongControlIsCaught(t *testing.T) {
	catch(t, slices.Concat(wrongRefunds(), wrongDeclines(), wrongDeclinePages(), wrongDayLimits(), wrongLimitRefusals()))
}

// wrongRefunds returns mistakes in the refund of a withdrawal.
func wrongRefunds() []wrong {
	return []wrong{
		// The money was returned twice.
		{"refunded twice", "token", declined, func(b *modelStores) {
			for _, i := range b.refunds() {
				b.entries = append(b.entries, b.entries[i])
			}
			b.balance()
		}, "withdraw-whole", "400 fen returned"},
		// The money was never returned.
		{"never refunded", "token", declined, func(b *modelStores) {
			b.entries = slices.DeleteFunc(b.entries, func(e wallet.Entry) bool { return e.Transfer.Step == wallet.TransferRefund })
			b.balance()
		}, "withdraw-whole", "was declined"},
		// Only a part was returned.
		{"refunded in part", "token", declined, func(b *modelStores) {
			for _, i := range b.refunds() {
				b.entries[i].Amount /= 2
			}
			b.balance()
		}, "withdraw-whole", "100 fen returned"},
		// It was returned to somebody else.
		{"refunded to another", "token", func(m *model) { declined(m); m.grant(1, wallet.Douyin, 1, 100) }, func(b *modelStores) {
			for _, i := range b.refunds() {
				if b.entries[i].Amount > 0 {
					b.entries[i].Account.Owner = 2
				}
			}
			b.balance()
		}, "withdraw-whole", "belongs to person 1"},
		// It was returned, but also paid.
		{"refunded and paid", "token", declined, func(b *modelStores) {
			b.payments = append(b.payments, payment{b.withdrawals[0].No, 200})
		}, "withdraw-whole", "the bank paid 200 fen in 1 payments"},
		// It was returned, and left the hold account a second time.
		{"refunded and settled", "token", declined, func(b *modelStores) {
			for _, i := range b.refunds() {
				e := b.entries[i]
				e.Transfer.Step = wallet.TransferSettle
				if e.Account.Kind == wallet.PersonalAccount {
					e.Account.Kind = wallet.PaidAccount
				}
				b.entries = append(b.entries, e)
			}
			b.balance()
		}, "withdraw-whole", "200 fen settled"},
		// It is on record as paid.
		{"recorded as paid", "token", declined, func(b *modelStores) { b.withdrawals[0].State = wallet.WithdrawalPaid }, "withdraw-whole", "the record has state 3"},
		// It was paid, but also returned.
		{"paid and refunded", "token", func(m *model) { controlled(m); paid(m) }, func(b *modelStores) {
			leg := func(kind wallet.AccountKind, amount wallet.Money) {
				for _, e := range b.entries {
					if e.Transfer.Step == wallet.TransferHold {
						e.Transfer.Step, e.Account.Kind, e.Amount = wallet.TransferRefund, kind, amount
						b.entries = append(b.entries, e)
						return
					}
				}
			}
			leg(wallet.HoldAccount, -200)
			leg(wallet.PersonalAccount, 200)
			b.balance()
		}, "withdraw-whole", "200 fen returned"},
	}
}

// wrongDeclines returns wrong answers about a decision of the bank.
func wrongDeclines() []wrong {
	return []wrong{
		// The client received the answer that the bank declined, but it did not.
		{"declined by nobody", "token", func(m *model) { declined(m); clear(m.declines) }, nil, "withdraw-whole", "was declined"},
		// The same, with a bank that never declines.
		{"declined by a bank that pays", "token", func(m *model) {
			declined(m)
			m.cfg.Control.Declines = false
			m.failWithdrawal(0, 1, wallet.ErrDeclined)
		}, nil, "withdraw-whole", "never declines"},
		// Acknowledged as paid, then declined.
		{"paid, then declined", "token", func(m *model) {
			controlled(m)
			one(m)
			id, r := m.ask(0, wallet.Douyin, 200)
			reply, _ := m.payOut(r)
			m.WithdrawAnswered(id, reply, nil, m.tick())
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrDeclined, m.tick())
		}, nil, "withdraw-whole", "acknowledged as paid, but reported as declined"},
	}
}

// wrongDeclinePages returns wrong pages after a withdrawal was declined.
func wrongDeclinePages() []wrong {
	return []wrong{
		// After the refusal, the balance on the page lacks the money.
		{"balance without it", "token", func(m *model) {
			declined(m)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Balance -= 200 })
		}, nil, "user-view", "the balance is 300 fen"},
		// The page does not list the withdrawal.
		{"not listed", "token", func(m *model) {
			declined(m)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Withdrawals = nil })
		}, nil, "user-view", "lacks withdrawal"},
		// The page lists it as paid.
		{"listed as paid", "token", func(m *model) {
			declined(m)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Withdrawals[0].State = wallet.WithdrawalPaid })
		}, nil, "user-view", "in state 3"},
		// Under async the balance includes it too early.
		{"back too early", "async", func(m *model) {
			controlled(m)
			one(m)
			m.postAll()
			id, r := m.ask(0, wallet.Douyin, 200)
			reply, err := m.payOut(r)
			m.WithdrawAnswered(id, reply, err, m.tick())
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Balance += 200 })
		}, nil, "user-view", ""},
		// Under async the balance still lacks it after the return.
		{"still gone", "async", func(m *model) {
			controlled(m)
			one(m)
			m.postAll()
			m.decline(0, wallet.Douyin)
			m.withdraw(0, wallet.Douyin, 200)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Balance -= 200 })
		}, nil, "user-view", "from what was withdrawn"},
	}
}

// wrongDayLimits returns withdrawals above the daily limit.
func wrongDayLimits() []wrong {
	return []wrong{
		// More than the limit on one day.
		{"above the limit", "token", func(m *model) {
			controlled(m)
			one(m)
			m.withdraw(0, wallet.Douyin, 200)
			m.withdraw(0, wallet.Douyin, 101)
		}, nil, "withdraw-whole", "above the limit"},
		// More often than the limit.
		{"too often", "token", func(m *model) {
			controlled(m)
			one(m)
			for range 3 {
				m.withdraw(0, wallet.Douyin, 1)
			}
		}, nil, "withdraw-whole", "withdrew 3 fen in 3 withdrawals"},
		// More than the limit from two joined wallets.
		{"above the limit of joined wallets", "token", func(m *model) {
			controlled(m)
			one(m)
			m.grant(0, wallet.Toutiao, 2, 400)
			m.withdraw(0, wallet.Toutiao, 300)
			m.bind(0)
			m.withdraw(0, wallet.Douyin, 200)
		}, nil, "withdraw-whole", "withdrew 500 fen"},
		// Before the wallets are joined, each has a separate limit.
		{"above the limit of one wallet, bound later", "token", func(m *model) {
			controlled(m)
			one(m)
			m.grant(0, wallet.Toutiao, 2, 400)
			m.withdraw(0, wallet.Douyin, 300)
			m.withdraw(0, wallet.Douyin, 100)
			m.bind(0)
		}, nil, "withdraw-whole", "withdrew 400 fen"},
	}
}

// wrongLimitRefusals returns wrong refusals, and a record with the wrong day.
func wrongLimitRefusals() []wrong {
	return []wrong{
		// Refused although the sum is far below the limit.
		{"limited below the limit", "token", func(m *model) {
			controlled(m)
			one(m)
			m.withdraw(0, wallet.Douyin, 200)
			m.failWithdrawal(0, 100, wallet.ErrDailyLimit)
		}, nil, "withdraw-whole", "refused at"},
		// Refused because a declined withdrawal was counted.
		{"limited by what was declined", "token", func(m *model) { declined(m); m.failWithdrawal(0, 200, wallet.ErrDailyLimit) }, nil, "withdraw-whole", "refused at"},
		// Refused because a refused withdrawal was counted.
		{"limited by what was refused", "token", func(m *model) {
			controlled(m)
			one(m)
			m.failWithdrawal(0, 301, wallet.ErrDailyLimit)
			m.failWithdrawal(0, 300, wallet.ErrDailyLimit)
		}, nil, "withdraw-whole", "refused at"},
		// Refused where there is no limit.
		{"limited without a limit", "token", func(m *model) {
			controlled(m)
			m.cfg.Control.Limit = wallet.DayLimit{}
			one(m)
			m.failWithdrawal(0, 500, wallet.ErrDailyLimit)
		}, nil, "withdraw-whole", "refused at"},
		// Refused for the limit, but the money moved.
		{"limited and paid", "token", func(m *model) {
			controlled(m)
			one(m)
			id, r := m.ask(0, wallet.Douyin, 400)
			_, _ = m.payOut(r)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrDailyLimit, m.tick())
		}, nil, "withdraw-whole", "was refused"},
		// The record has another day, so it counts there.
		{"of another day", "token", func(m *model) { controlled(m); paid(m) }, func(b *modelStores) {
			b.withdrawals[0].Created -= 24 * hour
		}, "withdraw-whole", "is recorded as created at"},
		// Declined, and then a wrong refusal for lack of money: it had been returned.
		{"insufficient after the money is back", "token", func(m *model) { declined(m); m.failWithdrawal(0, 300, wallet.ErrInsufficient) }, nil, "withdraw-whole", "as insufficient"},
	}
}

// The day begins at midnight in China, which is UTC+8 all year.
func TestDayOf(t *testing.T) {
	china := time.FixedZone("China", 8*60*60)
	for _, c := range []struct {
		why  string
		at   time.Time
		want int64
	}{
		{"the first day of all", time.Date(1970, 1, 1, 0, 0, 0, 0, china), 0},
		{"a microsecond before it", time.Date(1970, 1, 1, 0, 0, 0, -1000, china), -1},
		{"a microsecond before midnight", time.Date(2022, 1, 31, 23, 59, 59, 999_999_000, china), 19_023},
		{"midnight", time.Date(2022, 2, 1, 0, 0, 0, 0, china), 19_024},
		{"still that day: London's midnight does not count", time.Date(2022, 2, 1, 8, 0, 0, 0, china), 19_024},
	} {
		require.Equal(t, c.want, dayOf(wallet.InstantOf(c.at)), c.why)
	}
}
