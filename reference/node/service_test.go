package node_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// result formats the result of a command: its error as code and reason, or its answer.
func result(err error, answer string) string {
	if err != nil {
		return fmt.Sprintf("%s: %s", wallet.CodeOf(err), wallet.ReasonOf(err))
	}
	return answer
}

// clients returns the tokens of a request.
func (s *storyRunner) clients(a *args) (sealed [][]byte) {
	for _, name := range a.list("tokens") {
		require.Contains(s.t, s.sealed, name, a.command)
		sealed = append(sealed, s.sealed[name])
	}
	return sealed
}

// nameToken names a client's token; equal bytes get the same name.
func (s *storyRunner) nameToken(sealed []byte) string {
	s.count++
	name := fmt.Sprintf("t%d", s.count)
	s.sealed[name] = sealed
	return name
}

func (s *storyRunner) grant(a *args) string {
	award, ok := wallet.ParseAwardType(a.text("award", "cash"))
	require.True(s.t, ok, a.command)
	r, err := s.node.Grant(s.ctx, wallet.GrantRequest{
		Caller: a.caller(), Activity: wallet.ActivityID(a.text("parent", "spring")), Scene: wallet.SceneID(a.text("scene", "rain")),
		Rain: int32(a.int("rain", 1)), Award: award, Amount: a.money("amount", 100), Opened: s.clock.now.Add(-a.span("ago")),
	})
	line := fmt.Sprintf("%s %d fen %s", r.Order, r.Amount, [...]string{"", "accepted", "posted", "token only"}[r.State])
	if r.Token != nil {
		line += ", token " + s.nameToken(r.Token)
	}
	return result(err, line)
}

func (s *storyRunner) tamper(a *args) string {
	b := slices.Clone(s.sealed[a.next()])
	b[len(b)/2] ^= 1
	return "token " + s.nameToken(b)
}

func (s *storyRunner) bind(a *args) string {
	p, err := s.node.Bind(s.ctx, a.caller(), wallet.Phone(a.int("phone", 0)))
	return result(err, fmt.Sprintf("wallet %d, former %v", p.ActID, p.Former))
}

func (s *storyRunner) page(a *args) string {
	r := wallet.PageRequest{Caller: a.caller(), Limit: int(a.int("limit", 10)), Tokens: s.clients(a)}
	if ago := a.span("ago"); ago != 0 {
		r.At = s.clock.now.Add(-ago)
	}
	for word := a.next(); word != ""; word = a.next() {
		switch word {
		case "next":
			r.After = s.after
		case "withdraw":
			r.Withdraw = true
		default:
			require.Fail(s.t, "no such word: "+word, a.command)
		}
	}
	p, err := s.node.Page(s.ctx, r)
	if err != nil {
		return result(err, "")
	}
	s.after = p.Next
	var out strings.Builder
	fmt.Fprintf(&out, "%s: balance %d, income %d\n", p.Stage, p.Balance, p.Income)
	for _, l := range p.Grants {
		fmt.Fprintf(&out, "  %s %+d fen %q %s\n", l.Order, l.Amount, l.Text, statusName(l.Status))
	}
	if p.Next != (wallet.Cursor{}) {
		fmt.Fprintln(&out, "  more")
	}
	for _, w := range p.Withdrawals {
		fmt.Fprintf(&out, "  %s %d fen %s\n", w.No, w.Amount, withdrawalState(w.State))
	}
	if len(p.Missing) > 0 {
		fmt.Fprintf(&out, "  missing %s\n", strings.Join(p.Missing, ", "))
	}
	for _, f := range p.Refused {
		fmt.Fprintf(&out, "  refused token %d of the request: %s\n", f.Index+1, wallet.ReasonOf(f.Err))
	}
	return out.String()
}

func (s *storyRunner) withdraw(a *args) string {
	r := wallet.WithdrawRequest{Caller: a.caller(), Request: a.int("request", 1), Amount: a.money("amount", 100), Tokens: s.clients(a)}
	if ago := a.span("ago"); ago != 0 {
		r.At = s.clock.now.Add(-ago)
	}
	w, err := s.node.Withdraw(s.ctx, r)
	return result(err, fmt.Sprintf("%s %d fen %s", w.No, w.Amount, withdrawalState(w.State)))
}

func (s *storyRunner) post(*args) string {
	total := 0
	for shard := range shards {
		for {
			n, err := s.node.PostBatch(s.ctx, shard)
			if err != nil {
				return fmt.Sprintf("%d posted, then %s", total, result(err, ""))
			}
			if total += n; n == 0 {
				break
			}
		}
	}
	return fmt.Sprintf("%d posted", total)
}

func (s *storyRunner) compensate(*args) string {
	n, next, err := s.node.Compensate(s.ctx, 0)
	if next != 0 {
		return result(err, fmt.Sprintf("%d handled, more remain", n))
	}
	return result(err, fmt.Sprintf("%d handled", n))
}

func (s *storyRunner) settle(*args) string {
	n, err := s.node.SettleWithdrawals(s.ctx)
	return result(err, fmt.Sprintf("%d finished", n))
}

func statusName(s wallet.TokenStatus) string {
	return map[wallet.TokenStatus]string{wallet.TokenIssued: "issued", wallet.TokenProcessing: "processing", wallet.TokenSuccess: "success"}[s]
}

func orderState(s wallet.OrderState) string {
	return [...]string{"open", "settled", "void", "moved"}[s]
}

func withdrawalState(s wallet.WithdrawalState) string {
	return [...]string{"", "asked", "held", "paid", "refused", "declined", "returned", "limited"}[s]
}
