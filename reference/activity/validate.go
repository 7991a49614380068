package activity

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// Validate returns every fault of a tree, joined; each is wallet.ErrInvalid. A tree with a fault is refused whole.
func Validate(a wallet.Activity) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: activity: %s", wallet.ErrInvalid, fmt.Sprintf(format, args...)))
	}
	checkID("the parent", a.Parent, fault)
	if len(a.Children) == 0 {
		fault("there is no child")
	}
	for i, c := range a.Children {
		checkChild(c, fault)
		for _, d := range a.Children[:i] {
			if c.Stage == d.Stage || c.ID == d.ID {
				fault("two children are %s (%s)", c.Stage, c.ID)
			}
			if c.From < d.To && d.From < c.To {
				fault("%s and %s overlap in time", c.ID, d.ID)
			}
		}
	}
	checkBudgets(a, fault)
	return errors.Join(faults...)
}

// checkID reports an id that no token could carry: a grant under it would never be acknowledged.
func checkID(of string, id wallet.ActivityID, fault func(string, ...any)) {
	if id == "" || len(id) > wallet.MaxActivityID || !utf8.ValidString(string(id)) {
		fault("%s has the id %q; it takes 1 to %d bytes of UTF-8", of, id, wallet.MaxActivityID)
	}
}

// checkChild reports the faults of one child.
func checkChild(c wallet.Child, fault func(string, ...any)) {
	checkID("the child of "+c.Stage.String(), c.ID, fault)
	if c.Stage < wallet.InternalTest || c.Stage > wallet.Official {
		fault("%s: stage %d", c.ID, c.Stage)
	}
	if c.From >= c.To {
		fault("%s ends at %s, before it starts at %s", c.ID, c.To, c.From)
	}
	if c.Budget <= 0 || c.SingleCap <= 0 || c.SingleCap > c.Budget {
		fault("%s: budget %d fen and cap of a single grant %d fen; both must be above zero and the cap within the budget", c.ID, c.Budget, c.SingleCap)
	}
	scene := map[wallet.SceneID]wallet.AwardType{}
	for _, t := range c.Rewards {
		if !t.Type.Valid() {
			fault("%s: reward type %d", c.ID, t.Type)
		}
		for _, r := range t.Rewards {
			checkReward(c, t.Type, r, fault)
			for _, s := range r.Scenes {
				if !s.ID.Valid() {
					fault("%s: scene id %q", c.ID, s.ID)
				}
				if other, ok := scene[s.ID]; ok {
					fault("%s: scene %s stands under %s and under %s; it belongs to exactly one reward", c.ID, s.ID, other, t.Type)
				}
				scene[s.ID] = t.Type
				if s.RateLimit < 0 {
					fault("%s: scene %s: rate limit %d", c.ID, s.ID, s.RateLimit)
				}
				if s.StockControl && t.Type == wallet.Cash {
					fault("%s: scene %s: stock control is for coupons; cash has a budget", c.ID, s.ID)
				}
			}
		}
	}
	if len(scene) == 0 {
		fault("%s has no scene", c.ID)
	}
	checkFallbacks(c, fault)
}

// checkBudgets reports children's budgets that together come to more than the parent's, or than there can be.
func checkBudgets(a wallet.Activity, fault func(string, ...any)) {
	if a.Budget < 0 {
		fault("%s: budget %d fen", a.Parent, a.Budget)
		return
	}
	sum := wallet.Money(0)
	for _, c := range a.Children {
		var err error
		if sum, err = sum.Add(max(0, c.Budget)); err != nil {
			fault("the budgets of %s add up to more than there can be", a.Parent)
			return
		}
	}
	if a.Budget > 0 && sum > a.Budget {
		fault("the children's budgets come to %d fen, and that of %s is %d", sum, a.Parent, a.Budget)
	}
}
