package loader

import (
	"cmp"
	"slices"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// scenario converts a file that was read and checked.
func (f *file) scenario() *scenarios.Scenario {
	s := &scenarios.Scenario{
		Title: f.Title.v, TitleZH: f.TitleZH.v, Description: f.Description.v,
		Activity: wallet.Activity{Parent: wallet.ActivityID(f.Activity.v), Budget: f.Budget.v},
		People:   f.people(),
		Apps:     f.People.AppShares.shares(),
		Capacity: f.Capacity.capacity(),
		Latency:  f.Latency.latencies(),
		Withdraw: f.withdraw(),
		Crypto:   scenarios.Crypto{RealShare: f.CryptoReal.v},
		Drain:    f.Drain.v,

		Downstreams: f.Downstreams.downstreams(), StageChange: f.stageChange(),

		Thresholds:   f.thresholds(),
		RunningTotal: f.runningTotal(),
		Coupons:      f.coupons(),
		Limits:       f.limits(),
		Switches:     each(f.Switches, switchFile.period),
		Drill:        f.drill(),
		Windows:      each(f.Windows, func(w windowFile) scenarios.Window { return w.window(f) }),
	}
	for _, c := range f.Stages {
		s.Activity.Children = append(s.Activity.Children, wallet.Child{
			ID: wallet.ActivityID(c.ID.v), Stage: stageOf(c.Stage), From: wallet.InstantOf(c.From.v), To: wallet.InstantOf(c.To.v),
			Budget: c.Budget.v, SingleCap: c.SingleCap.v, Rewards: rewards(f.Rewards)})
	}
	slices.SortStableFunc(s.Windows, func(a, b scenarios.Window) int { return a.Start.Compare(b.Start) })
	for _, fault := range f.Faults {
		s.Faults = append(s.Faults, fault.faults()...)
	}
	return s
}

// withdraw returns the withdrawal control; an omitted limit is no limit.
func (f *file) withdraw() scenarios.Withdraw {
	w := f.Withdraw
	return scenarios.Withdraw{Release: w.Release.v, WhiteList: each(w.WhiteList, number.get), PerDay: w.PerDay.v, Times: int(w.Times.v), Declined: w.Declined.ratio()}
}

// rewards builds the tree for one stage. Files contain the tree once; each child activity has its own copy (A1).
func rewards(branches []rewardFile) (types []wallet.RewardType) {
	for _, r := range branches {
		reward := wallet.Reward{ID: wallet.RewardID(r.Reward.v), Stock: r.Stock.v, Fallback: wallet.RewardID(r.Fallback.v)}
		if r.Stock.ok {
			floor := r.Floor.ratio()
			reward.ThresholdNum, reward.ThresholdDen = floor.Num, floor.Den
		}
		for _, s := range r.Scenes {
			reward.Scenes = append(reward.Scenes, wallet.Scene{ID: s.ID.v, BillText: s.BillText.v, Compensate: s.Compensate.v,
				RateLimit: s.RateLimit.whole(), StockControl: s.Stock.v, Reconcile: s.Reconcile.v})
		}
		award := awardOf(r.Type)
		i := slices.IndexFunc(types, func(t wallet.RewardType) bool { return t.Type == award })
		if i < 0 {
			i = len(types)
			types = append(types, wallet.RewardType{Type: award})
		}
		types[i].Rewards = append(types[i].Rewards, reward)
	}
	return types
}

// whole returns the rate in grants a second, rounded up to an integer.
func (r rate) whole() int64 {
	if !r.ok {
		return 0
	}
	return (r.v.Num + r.v.Den - 1) / r.v.Den
}

func (f *file) people() scenarios.People {
	a, c := f.AfterWin, f.Client
	return scenarios.People{Count: f.People.Count.v, Phone: f.People.PhoneBound.v, BindLater: f.People.BindLater.ratio(), AppsHeld: each(f.People.AppsHeld, weight.int),
		After: scenarios.AfterWin{Look: a.Look.v, LookDelay: a.LookDelay.v, OtherApp: a.OtherApp.ratio(), Browse: a.Browse.ratio(),
			Withdraw: a.Withdraw.ratio(), WithdrawDelay: a.WithdrawDelay.v, SecondLook: a.ComeBack.ratio(),
			SecondLookDelay: a.ComeBackDelay.v, KeepTokens: f.People.KeepTokens.v,
			Use: a.Use.ratio(), UseDelay: a.UseDelay.v, Send: a.Send.ratio(), SendDelay: a.SendDelay.v,
			SendShares: max(1, int(a.SendShares.v)), Open: a.Open.ratio(), OpenDelay: a.OpenDelay.v},
		Client: scenarios.ClientTry{Timeout: c.Timeout.v, Tries: int(c.Tries.v), Backoff: c.Backoff.v, Hedge: c.Hedge.ratio(), Repeat: c.Repeat.ratio()}}
}

func (w weight) int() int { return int(w.v) }

// ratio returns the share, or 0/1 if the key is omitted.
func (r share) ratio() scenarios.Ratio {
	if !r.ok {
		return scenarios.Ratio{Num: 0, Den: 1}
	}
	return r.v
}

func (s sharesFile) shares() (apps [wallet.Apps + 1]int) {
	for i, w := range []weight{s.Douyin, s.DouyinHuoshan, s.DouyinLite, s.Xigua, s.Toutiao, s.ToutiaoLite, s.FanqieNovel, s.FanqieAudio} {
		apps[int(wallet.Douyin)+i] = int(w.v)
	}
	return apps
}

func (c capacityFile) capacity() scenarios.Capacity {
	instances := max(c.LedgerInstances.v, 1)
	each, _ := c.LedgerRate.v.Times(scenarios.Ratio{Num: 1, Den: instances})
	return scenarios.Capacity{NodeInstances: int(c.NodeInstances.v), LedgerInstances: int(instances), LedgerInstanceTPS: each,
		PostingBatch: int(c.PostingBatch.v), PosterShards: int(c.PosterShards.v), LedgerQueue: c.LedgerQueue.v}
}

func (d downstreamsFile) downstreams() scenarios.Downstreams {
	return scenarios.Downstreams{Processing: d.Processing.v, Validity: d.Validity.v, Declined: d.Declined.ratio(), GarbleEvery: int(min(d.GarbleEvery.v, scenarios.MaxPeople)), Silent: d.Silent.v}
}

func (l latencyFile) latencies() map[string]scenarios.Latency {
	m := map[string]scenarios.Latency{}
	for _, d := range []struct {
		it   *quantilesFile
		like quantilesFile
	}{{&l.Items, l.Orders}, {&l.Stock, l.Budget}, {&l.Downstreams, l.Bank}, {&l.Packets, l.Withdrawals}} {
		if !d.it.ok {
			*d.it = d.like
		}
	}
	for i, q := range l.list() {
		m[scenarios.Dependencies[i]] = q.latency()
	}
	for _, redis := range scenarios.Dependencies[len(l.list()):] {
		m[redis] = m["budget"]
	}
	return m
}

// list returns the quantiles in the order of Dependencies.
func (l latencyFile) list() []quantilesFile {
	return []quantilesFile{l.Client, l.Identity, l.Orders, l.Budget, l.Tokens, l.Backlog, l.Ledger, l.Withdrawals, l.Bank,
		l.Items, l.Stock, l.Downstreams, l.Packets}
}

func (q quantilesFile) latency() scenarios.Latency {
	return scenarios.Latency{Min: q.Min.v, P50: q.P50.v, P90: q.P90.v, P99: q.P99.v, Max: q.Max.v}
}

// window converts the window.
func (w windowFile) window(in *file) scenarios.Window {
	return scenarios.Window{Name: w.Name.v, Play: scenarios.Play(w.Play.v), Stage: stageOf(w.Stage), Scene: w.Scene.v, Rain: int32(w.Rain.v),
		Start: w.Start.v, Rate: each(w.Rate, point.get), Amount: each(w.Amount, band.get), People: w.People.v, Peak: w.Peak.v, Rules: w.rules(in)}
}

// each converts the entries of a list.
func each[A, B any](in []A, convert func(A) B) (out []B) {
	for _, x := range in {
		out = append(out, convert(x))
	}
	return out
}

// end returns the first moment after the window.
func (w windowFile) end() time.Time {
	if len(w.Rate) == 0 {
		return w.Start.v
	}
	return w.Start.v.Add(w.Rate[len(w.Rate)-1].v.At)
}

// faults returns one fault for each dependency.
func (f faultFile) faults() (all []scenarios.Fault) {
	one := scenarios.Fault{Kind: scenarios.FaultKind(f.Kind.v), Dependency: "node", From: f.From.v, To: f.To.v, Ratio: f.Ratio.ratio(),
		Applied: f.Applied.ratio(), Every: f.Every.v, For: f.For.v, Skew: f.Skew.v}
	one.To = time.Time(cmp.Or(one.To, one.From))
	if len(f.Dependencies) == 0 {
		return []scenarios.Fault{one}
	}
	for _, d := range f.Dependencies {
		one.Dependency = d.v
		all = append(all, one)
	}
	return all
}
