package crowd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// The plan of a mixed window grants the wins of the traffic, uses only rewards other than cash, and opens only sent packets,
// after the sending and by their recipients. It is a pure function of scenario and seed, and within its span.
func TestPlanOfPlays(t *testing.T) {
	s := plays(t)
	ops := all(newPlan(s, 5))
	require.Equal(t, ops, all(newPlan(s, 5)))
	p, tr := newPlan(s, 5), traffic.New(s, 5)
	won, sent, listed, n := map[win]Visit{}, map[win]time.Duration{}, map[win]time.Duration{}, [Open + 1]int{}
	opened := map[win][]Visit{}
	for _, op := range ops {
		v := op.What
		require.LessOrEqual(t, op.At, span(s))
		n[op.Kind]++
		switch op.Kind {
		case Grant:
			a, ok := tr.Next()
			require.True(t, ok)
			require.Equal(t, VisitOf(a), v)
			require.Equal(t, a.Scene, p.prize(v).Scene)
			require.NotContains(t, won, v.win(), "each chance of a person is used once")
			won[v.win()] = v
		case Rewards:
			require.NotEqual(t, wallet.Cash, p.prize(won[v.win()]).Award)
			listed[v.win()] = op.At
		case Use:
			require.Contains(t, listed, v.win())
			require.LessOrEqual(t, listed[v.win()], op.At)
		case Send:
			sent[v.win()] = op.At
		case Open:
			from := win{v.From, v.Window, v.Time}
			require.Contains(t, sent, from)
			require.LessOrEqual(t, sent[from], op.At)
			sender := Visit{Person: v.From, Window: v.Window, Time: v.Time}
			require.Contains(t, p.friends(sender), friend{v.Person, v.App})
			require.NotEqual(t, v.From, v.Person)
			opened[from] = append(opened[from], v)
		}
	}
	require.Len(t, won, int(s.Grants()))
	for kind, name := range Kinds() {
		require.NotZero(t, n[kind], name)
	}
	require.NotEqual(t, drawsOf(5, Visit{Person: 3}), drawsOf(5, Visit{Person: 3, Time: 1}), "the draws of two wins of a person are independent")
	for w, v := range won {
		_, sends := sent[w]
		_, uses := listed[w]
		require.Equal(t, sends, p.Wants(v, Send))
		require.Equal(t, uses, p.Wants(v, Use))
		if sends {
			require.ElementsMatch(t, opened[w], p.Guests(v))
		}
	}
}

// Rewards, stock and packets of a correct wallet pass, with and without its stores, and what happens matches the plan.
func TestSoundRewardCentrePasses(t *testing.T) {
	t.Parallel()
	for _, stores := range []bool{false, true} {
		run, a, ended := rig{scenario: plays(t), stores: stores}.inOrder(t)
		require.Len(t, a.Checks, 14)
		for _, c := range a.Checks {
			require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
		}
		for kind, name := range Kinds() {
			require.NotZero(t, ended[kind][attack.OK], name)
			require.Zero(t, ended[kind][attack.Failed], "%s: %v", name, run.Figures().Answers)
		}
		require.Equal(t, a.People, a.Read)
		require.Zero(t, a.Unsettled)
		require.Equal(t, stores, a.Downstreams)
		require.Equal(t, stores, len(run.Unseen(a)) == 0)
		used, given, greetings := 0, 0, 0
		require.NoError(t, run.shadow.backends.items.Items(t.Context(), func(i wallet.Item) bool {
			switch {
			case i.State == wallet.ItemVoid:
				greetings++
			case i.Award == wallet.HeyteaCoupon:
				given++
			}
			if i.State == wallet.ItemUsed {
				used++
			}
			return true
		}))
		require.Equal(t, ended[Use][attack.OK], used, "each once, however often its client asked")
		require.Equal(t, teas, given, "to the last")
		require.NotZero(t, greetings)
		opened := 0
		require.NoError(t, run.shadow.backends.packets.Packets(t.Context(), func(p wallet.Packet) bool {
			for _, s := range p.Shares {
				if s.State == wallet.ShareOpened {
					opened++
				}
			}
			return true
		}))
		require.Equal(t, ended[Open][attack.OK], opened)
		require.Equal(t, int64(ended[Open][attack.Refused]), run.Figures().NothingToOpen)
	}
}

// Do returns the results of rewards and packets, and reports when there is nothing to request.
func TestDoSaysWhatBecameOfRewardsAndPackets(t *testing.T) {
	t.Parallel()
	run := rig{scenario: plays(t)}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	tea := Visit{Person: 3, Prize: 1, App: wallet.Douyin}
	nothing := Result{Outcome: attack.Refused, Reason: ReasonNothing}
	require.Equal(t, nothing, run.Do(t.Context(), Use, tea), "nothing is won yet")
	won := run.Do(t.Context(), Grant, tea)
	require.Equal(t, Result{Outcome: attack.OK, Order: won.Order}, won)
	require.Equal(t, wallet.HeyteaCoupon, won.Order.Award)
	require.Equal(t, Result{Outcome: attack.OK, Lines: 1}, run.Do(t.Context(), Rewards, tea))
	require.Equal(t, Result{Outcome: attack.OK}, run.Do(t.Context(), Use, tea))
	require.Equal(t, Result{Outcome: attack.OK}, run.Do(t.Context(), Use, tea), "again, and answered as before")

	cash := Visit{Person: 3, Time: 1, Amount: 50, App: wallet.Douyin}
	require.NotEmpty(t, run.friends(cash))
	guest := run.friends(cash)[0]
	share := Visit{Person: guest.person, From: 3, Time: 1, App: guest.app}
	require.Equal(t, nothing, run.Do(t.Context(), Send, cash), "there is no balance yet")
	require.Equal(t, attack.OK, run.Do(t.Context(), Grant, cash).Outcome)
	require.Equal(t, nothing, run.Do(t.Context(), Open, share), "nothing is sent yet")
	sent := run.Do(t.Context(), Send, cash)
	require.Equal(t, attack.OK, sent.Outcome)
	require.True(t, sent.Amount >= wallet.Money(len(run.friends(cash))) && sent.Amount <= 50)
	require.Equal(t, Result{Outcome: attack.OK}, run.Do(t.Context(), Open, share))
	require.Equal(t, 50-sent.Amount, run.Do(t.Context(), Page, cash).Amount)
	require.Zero(t, run.Violations())
}
