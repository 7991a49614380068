package oracle

import (
	"math"

	"hongbao/reference/wallet"
)

// play is an order number without its owner. A person can win each play once (O3).
type play struct {
	scene wallet.SceneID
	rain  int32
	award wallet.AwardType
	stage wallet.Stage // 0: no child activity is open at that moment
}

// maxPlays bounds the plays, so that a grant keeps a two-byte number instead of a play. A festival has some dozens.
const maxPlays = math.MaxUint16

// plays numbers the plays that were requested, from 1.
type plays struct {
	number map[play]uint16
	list   []play
}

// add returns the play's number. It panics if there are too many plays, which means that the crowd invents scenes.
func (ps *plays) add(p play) uint16 {
	if n, ok := ps.number[p]; ok {
		return n
	}
	if ps.number == nil {
		ps.number = map[play]uint16{}
	}
	if len(ps.list) == maxPlays {
		panic("oracle: more plays than a festival has")
	}
	ps.list = append(ps.list, p)
	ps.number[p] = uint16(len(ps.list))
	return uint16(len(ps.list))
}

// of returns the number of the order's play, 0 if nobody ever asked for it.
func (ps *plays) of(no wallet.OrderNo) uint16 {
	return ps.number[play{no.Scene, no.Rain, no.Award, no.Stage}]
}

// order returns the order number of play n for a wallet.
func (ps *plays) order(n uint16, id wallet.ActID) wallet.OrderNo {
	p := ps.list[n-1]
	return wallet.OrderNo{ActID: id, Scene: p.scene, Rain: p.rain, Award: p.award, Stage: p.stage}
}

// child returns the child activity that the moment belongs to, nil if there is none (A2).
func (o *Oracle) child(at wallet.Instant) *wallet.Child {
	for i := range o.cfg.Activity.Children {
		if c := &o.cfg.Activity.Children[i]; c.From <= at && at < c.To {
			return c
		}
	}
	return nil
}

// stage returns the stage that the moment belongs to, 0 if there is none.
func (o *Oracle) stage(at wallet.Instant) wallet.Stage {
	if c := o.child(at); c != nil {
		return c.Stage
	}
	return 0
}

// childOf returns the child activity of a stage, nil if there is none.
func (o *Oracle) childOf(s wallet.Stage) *wallet.Child {
	for i := range o.cfg.Activity.Children {
		if c := &o.cfg.Activity.Children[i]; c.Stage == s {
			return c
		}
	}
	return nil
}
