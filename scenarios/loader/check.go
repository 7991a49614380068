package loader

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Bounds of counts. Each is far above the source's figures, and keeps sums and tables small.
const (
	maxInstances = 100_000
	maxBatch     = 10_000
	maxTries     = 100
	maxTimes     = 1_000 // withdrawals of one person in a day
	maxRainID    = 1<<31 - 1
	maxSingleCap = 1_000_000_000 // fen: ten million yuan, far above any red packet
)

// check records the contradictions in a file. It skips values that could not be read, because their faults are already
// recorded.
func (f *faults) check(in *file) {
	f.checkStages(in)
	f.checkBudget(in)
	f.checkTree(in)
	f.checkStock(in)
	f.checkStageChange(in)
	f.checkWindows(in)
	f.checkRules(in)
	f.checkRounds(in)
	f.checkPeople(in)
	f.checkCapacity(&in.Capacity)
	f.checkLatency(&in.Latency)
	for i := range in.Faults {
		f.checkFault(&in.Faults[i])
	}
	f.checkThresholds(in)
	f.checkRunningTotal(&in.RunningTotal)
	f.checkCoupons(in)
	f.checkLimits(&in.Limits)
	f.checkSwitches(in)
}

// checkStages checks the child activities: no overlaps, unique ids, and a budget of at least the cap.
func (f *faults) checkStages(in *file) {
	for i, c := range in.Stages {
		f.refuse(c.To.place, c.From.ok && !c.From.v.Before(c.To.v), "write a moment after "+scenarios.When(c.From.v), "the stage ends before it begins")
		f.refuse(c.Budget.place, c.Budget.v == 0, "write the whole budget of the stage in fen", "the budget is not above zero")
		f.refuse(c.SingleCap.place, c.SingleCap.v == 0, "write the largest single grant in fen", "the cap is not above zero")
		f.refuse(c.SingleCap.place, c.SingleCap.v > maxSingleCap, "write the largest single grant in fen", "the cap is above %d fen", int64(maxSingleCap))
		f.refuse(c.SingleCap.place, c.Budget.ok && c.Budget.v > 0 && c.SingleCap.v > c.Budget.v, "write a cap of at most the budget", "the cap of one grant is above the budget of %d fen", c.Budget.v)
		for _, d := range in.Stages[:i] {
			f.refuse(c.Stage.place, d.Stage.ok && c.Stage.v == d.Stage.v, "write each stage once", "stage %s appears twice, first in line %d", c.Stage.v, d.Stage.at.line)
			f.refuse(c.ID.place, d.ID.ok && c.ID.v == d.ID.v, "give each child activity a unique id", "the id is already used by the stage in line %d", d.ID.at.line)
			if c.From.ok && c.To.ok && d.From.ok && d.To.ok && c.From.v.Before(d.To.v) && d.From.v.Before(c.To.v) {
				f.add(c.From.at, "a moment belongs to one stage (A2): begin after "+scenarios.When(d.To.v), "the stage overlaps the one in line %d", d.From.at.line)
			}
		}
	}
}

// checkBudget checks that the sum of the stages' budgets is within the parent's budget.
func (f *faults) checkBudget(in *file) {
	if !in.Budget.ok {
		return
	}
	sum := wallet.Money(0)
	for _, c := range in.Stages {
		var err error
		if sum, err = sum.Add(c.Budget.v); err != nil || sum > in.Budget.v {
			f.add(in.Budget.at, "raise it, or lower the budgets of the stages", "the sum of the stages' budgets exceeds %d fen, from the stage in line %d on", in.Budget.v, c.Budget.at.line)
			return
		}
	}
}

// checkTree checks the configuration tree: a scene belongs to exactly one reward (O1).
func (f *faults) checkTree(in *file) {
	first := map[wallet.SceneID]spot{}
	for _, r := range in.Rewards {
		for _, s := range r.Scenes {
			if !s.ID.ok {
				continue
			}
			if at, taken := first[s.ID.v]; taken {
				f.add(s.ID.at, "a scene belongs to exactly one reward type (O1): give it another id", "scene %q appears twice, first in line %d", s.ID.v, at.line)
			} else {
				first[s.ID.v] = s.ID.at
			}
			if s.Stock.v && r.Type.ok && awardOf(r.Type) == wallet.Cash {
				f.add(s.Stock.at, "cash is bounded by the stage's budget; remove the key", "stock control is for coupons only")
			}
		}
	}
}

// checkPeople checks people, weights and the client.
func (f *faults) checkPeople(in *file) {
	p := &in.People
	f.refuse(p.Count.place, p.Count.v == 0 || p.Count.v > scenarios.MaxPeople, "write how many people take part", "the number of people is not between 1 and %d", int64(scenarios.MaxPeople))
	weighted := slices.ContainsFunc(p.AppsHeld, func(w weight) bool { return w.v != 0 })
	if len(p.AppsHeld) > wallet.Apps {
		f.add(p.AppsHeld[wallet.Apps].at, "there are eight apps (B1)", "%d weights for at most %d apps", len(p.AppsHeld), wallet.Apps)
	} else if len(p.AppsHeld) > 0 && p.AppsHeld[0].ok && !weighted {
		f.add(p.AppsHeld[0].at, "give at least one a weight above zero", "all weights are zero")
	}
	held := 0
	for _, share := range p.AppShares.shares() {
		if share > 0 {
			held++
		}
	}
	for n := held; p.AppShares.ok && n < min(len(p.AppsHeld), wallet.Apps); n++ {
		if p.AppsHeld[n].v > 0 {
			f.add(p.AppsHeld[n].at, "give more apps a share, or this one no weight", "a person cannot hold %d apps if only %d have a share", n+1, held)
			break
		}
	}
	tries := in.Client.Tries
	f.refuse(tries.place, tries.v == 0 || tries.v > maxTries, "write the maximum number of tries of a request", "the number of tries is not between 1 and %d", maxTries)
	shares := in.AfterWin.SendShares
	f.refuse(shares.place, shares.v == 0 || shares.v > wallet.MaxShares, "write the maximum number of recipients of one packet", "the number of shares is not between 1 and %d", wallet.MaxShares)
	f.refuse(in.Client.Timeout.place, in.Client.Timeout.v == 0, "write how long a client waits, such as 3s", "the timeout is zero")
	f.checkWithdraw(in)
}

// checkWithdraw checks the white list and the daily limits.
func (f *faults) checkWithdraw(in *file) {
	w, people := &in.Withdraw, in.People.Count
	for _, p := range w.WhiteList {
		f.refuse(p.place, people.ok && p.v >= people.v, "indexes of people start at 0 and are below people.count", "there is no person with index %d", p.v)
	}
	f.refuse(w.PerDay.place, w.PerDay.v == 0, "write the daily limit per person in fen, or remove the key", "the limit is zero")
	f.refuse(w.Times.place, w.Times.v == 0 || w.Times.v > maxTimes, "write the number of withdrawals per person and day, or remove the key", "the number of times is not between 1 and %d", maxTimes)
}

// checkCapacity checks the machines.
func (f *faults) checkCapacity(c *capacityFile) {
	f.checkCounts("write how many there are", []count{{c.NodeInstances, maxInstances}, {c.LedgerInstances, maxInstances},
		{c.PosterShards, maxInstances}, {c.PostingBatch, maxBatch}})
	f.refuse(c.LedgerRate.place, c.LedgerRate.v.Num == 0, "write the rate of all instances together, such as 300k/s", "the rate is zero: the ledger would post nothing")
}

// count is a number of things and its bound.
type count struct {
	number
	most int64
}

func (f *faults) checkCounts(hint string, counts []count) {
	for _, n := range counts {
		f.refuse(n.place, n.v == 0 || n.v > n.most, hint, "%d is not between 1 and %d", n.v, n.most)
	}
}

func (f *faults) checkRates(rates ...rate) {
	for _, r := range rates {
		f.refuse(r.place, r.v.Num == 0, "write a rate above zero", "the rate is zero")
	}
}

func (f *faults) checkLengths(lengths ...span) {
	for _, d := range lengths {
		f.refuse(d.place, d.v < time.Millisecond, "write a duration such as 1s", "%v is below %v", d.v, time.Millisecond)
	}
}

// checkLatency checks that the quantiles do not fall.
func (f *faults) checkLatency(l *latencyFile) {
	for _, q := range l.list() {
		for i, steps := 1, []span{q.Min, q.P50, q.P90, q.P99, q.Max}; i < len(steps); i++ {
			f.refuse(steps[i].place, steps[i-1].ok && steps[i].v < steps[i-1].v, "write min, p50, p90, p99 and max in rising order", "%v is below the previous quantile, %v", steps[i].v, steps[i-1].v)
		}
	}
}
