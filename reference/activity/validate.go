package activity

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// Validate returns all errors of a tree, joined; each is wallet.ErrInvalid. A tree with an error is refused as a whole.
func Validate(a wallet.Activity) error {
	var errs []error
	invalid := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: activity: %s", wallet.ErrInvalid, fmt.Sprintf(format, args...)))
	}
	checkID("the parent", a.Parent, invalid)
	if len(a.Children) == 0 {
		invalid("there is no child")
	}
	for i, c := range a.Children {
		checkChild(c, invalid)
		for _, d := range a.Children[:i] {
			if c.Stage == d.Stage || c.ID == d.ID {
				invalid("two children are %s (%s)", c.Stage, c.ID)
			}
			if c.From < d.To && d.From < c.To {
				invalid("%s and %s overlap in time", c.ID, d.ID)
			}
		}
	}
	checkBudgets(a, invalid)
	return errors.Join(errs...)
}

// checkID reports an id that does not fit into a token: a grant under it would never be acknowledged.
func checkID(of string, id wallet.ActivityID, invalid func(string, ...any)) {
	if id == "" || len(id) > wallet.MaxActivityID || !utf8.ValidString(string(id)) {
		invalid("%s has the id %q; an id has 1 to %d bytes of UTF-8", of, id, wallet.MaxActivityID)
	}
}

// checkChild reports the errors of one child.
func checkChild(c wallet.Child, invalid func(string, ...any)) {
	checkID("the child of "+c.Stage.String(), c.ID, invalid)
	if c.Stage < wallet.InternalTest || c.Stage > wallet.Official {
		invalid("%s: unknown stage %d", c.ID, c.Stage)
	}
	if c.From >= c.To {
		invalid("%s ends at %s, before it starts at %s", c.ID, c.To, c.From)
	}
	if c.Budget <= 0 || c.SingleCap <= 0 || c.SingleCap > c.Budget {
		invalid("%s: budget %d fen and cap of a single grant %d fen; both must be above zero and the cap within the budget", c.ID, c.Budget, c.SingleCap)
	}
	scene := map[wallet.SceneID]wallet.AwardType{}
	for _, t := range c.Rewards {
		if !t.Type.Valid() {
			invalid("%s: unknown reward type %d", c.ID, t.Type)
		}
		for _, r := range t.Rewards {
			checkReward(c, t.Type, r, invalid)
			for _, s := range r.Scenes {
				if !s.ID.Valid() {
					invalid("%s: invalid scene id %q", c.ID, s.ID)
				}
				if other, ok := scene[s.ID]; ok {
					invalid("%s: scene %s is listed under %s and %s; a scene belongs to exactly one reward", c.ID, s.ID, other, t.Type)
				}
				scene[s.ID] = t.Type
				if s.RateLimit < 0 {
					invalid("%s: scene %s: rate limit %d", c.ID, s.ID, s.RateLimit)
				}
				if s.StockControl && t.Type == wallet.Cash {
					invalid("%s: scene %s: stock control is for coupons; cash has a budget", c.ID, s.ID)
				}
			}
		}
	}
	if len(scene) == 0 {
		invalid("%s has no scene", c.ID)
	}
	checkFallbacks(c, invalid)
}

// checkBudgets reports children's budgets whose sum is above the parent's budget or overflows.
func checkBudgets(a wallet.Activity, invalid func(string, ...any)) {
	if a.Budget < 0 {
		invalid("%s: budget %d fen", a.Parent, a.Budget)
		return
	}
	sum := wallet.Money(0)
	for _, c := range a.Children {
		var err error
		if sum, err = sum.Add(max(0, c.Budget)); err != nil {
			invalid("the budgets of the children of %s overflow", a.Parent)
			return
		}
	}
	if a.Budget > 0 && sum > a.Budget {
		invalid("the children's budgets sum to %d fen, above the budget of %s, %d fen", sum, a.Parent, a.Budget)
	}
}
