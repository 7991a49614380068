package limits

import (
	"context"
	"fmt"
	"time"

	"hongbao/internal/timerheap"
	"hongbao/reference/limit"
	"hongbao/reports"
	"hongbao/scenarios"
)

// class is a class of traffic.
type class uint8

const (
	festival class = iota
	everyday
	classes
)

// tally counts the requests of one class.
type tally struct{ offered, refused int64 }

func (t tally) permille() float64 { return 1000 * float64(t.refused) / float64(max(1, t.offered)) }

// poolDesign is a way to divide the room of a machine.
type poolDesign struct {
	name, title, titleZH string
	separate             bool
}

// poolStudy floods a machine with the festival's traffic and counts the refused everyday requests (L3).
func poolStudy(ctx context.Context, p *scenarios.LimitPools, takes time.Duration) (reports.Study, error) {
	s := reports.Study{Name: "pools", Title: "Two kinds of traffic on one machine", TitleZH: "活动与日常流量隔离", Spec: []string{"L1", "L3"},
		Columns: []reports.StudyColumn{
			{Name: "everyday_refused_permille", Title: "Everyday traffic refused, ‰", TitleZH: "日常流量被拒 ‰"},
			{Name: "everyday_offered", Title: "Everyday requests", TitleZH: "日常请求"},
			{Name: "activity_refused_permille", Title: "Festival traffic refused, ‰", TitleZH: "活动流量被拒 ‰"},
			{Name: "activity_offered", Title: "Festival requests", TitleZH: "活动请求"},
		},
		Notes: []string{fmt.Sprintf("The machine processes %d requests at a time, each for %v; the flood takes %v.", p.Room, p.Takes, p.FloodFor),
			"With separate clusters, festival traffic does not reach the machines of everyday traffic; separate pools do the same within one machine."}}
	var ours, shared [classes]tally
	for _, d := range []poolDesign{{"one-pool", "One pool", "共用", false}, {"two-pools", "A pool each", "独立", true}} {
		t, err := flood(ctx, p, takes, d.separate)
		if err != nil {
			return s, err
		}
		s.Designs = append(s.Designs, reports.StudyDesign{Name: d.name, Title: d.title, TitleZH: d.titleZH, Values: []float64{
			t[everyday].permille(), float64(t[everyday].offered), t[festival].permille(), float64(t[festival].offered)}})
		if d.separate {
			ours = t
		} else {
			shared = t
		}
	}
	s.Checks = []reports.Check{
		reports.NewCheck("everyday-untouched", "L3", ours[everyday].offered, ours[everyday].refused, "%d everyday requests were refused", ours[everyday].refused),
		reports.NewCheck("flood-is-turned-away", "L1", ours[festival].offered, reports.Broken(ours[festival].refused == 0), "no festival request was refused: the flood is too small for the comparison"),
		reports.NewCheck("one-pool-starves", "L3", shared[everyday].offered, reports.Broken(shared[everyday].refused == 0), "with one pool no everyday request was refused"),
	}
	s.Verdict = combined(s.Checks)
	return s, nil
}

// flood makes the requests of both classes in order of time. A request occupies its pool during its processing time.
func flood(ctx context.Context, p *scenarios.LimitPools, takes time.Duration, separate bool) (t [classes]tally, err error) {
	pools := [classes]limit.Gate{}
	pools[festival].Max, pools[everyday].Max = int64(p.Room-p.EverydayRoom), int64(p.EverydayRoom)
	if !separate {
		pools[festival].Max = int64(p.Room)
	}
	var running timerheap.Heap[class] // the pools of the open requests, by the time when they end
	for at := time.Duration(0); at < takes; at += time.Millisecond {
		if ctx.Err() != nil {
			return t, context.Cause(ctx)
		}
		for running.Len() > 0 && running.First().At <= int64(at) {
			pools[running.Pop().Value].Leave(1)
		}
		rate := p.Activity
		if p.FloodFrom <= at && at < p.FloodFrom+p.FloodFor {
			rate = p.Flood
		}
		due := [classes]int64{festival: due(rate, at), everyday: due(p.Everyday, at)}
		steps := max(due[0], due[1])
		for k := range steps { // evenly mixed, so that neither class always comes first
			for _, c := range [classes]class{festival, everyday} {
				if (k+1)*due[c]/steps == k*due[c]/steps {
					continue
				}
				t[c].offered++
				pool := c
				if !separate {
					pool = festival
				}
				if !pools[pool].Enter(1) {
					t[c].refused++
					continue
				}
				running.Add(int64(at+p.Takes), pool)
			}
		}
	}
	return t, nil
}

// due returns the number of requests that are due in the millisecond that starts at at.
func due(r scenarios.Ratio, at time.Duration) int64 {
	return perSecond(r, at+time.Millisecond) - perSecond(r, at)
}
