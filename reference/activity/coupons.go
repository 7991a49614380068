package activity

import (
	"hongbao/reference/wallet"
)

// checkReward reports the faults of one reward that concern its stock (C1, C2).
func checkReward(c wallet.Child, t wallet.AwardType, r wallet.Reward, fault func(string, ...any)) {
	if t == wallet.Cash {
		if r.Stock != 0 || r.FloorNum != 0 || r.FloorDen != 0 || r.Fallback != "" {
			fault("%s: %s is cash: it has a budget, and no stock, threshold or fallback", c.ID, r.ID)
		}
		return
	}
	if err := (wallet.Template{Reward: r.ID, Stage: wallet.Official}).Validate(); err != nil {
		fault("%s: the reward %q of type %s takes an id of 1 to %d lower-case letters, digits and '-'", c.ID, r.ID, t, wallet.MaxTemplate)
	}
	if r.Stock < 0 || r.Stock > wallet.MaxStock {
		fault("%s: %s has a stock of %d; it takes 0 to %d", c.ID, r.ID, r.Stock, int64(wallet.MaxStock))
	}
	controlled := 0
	for _, s := range r.Scenes {
		if s.StockControl {
			controlled++
		}
	}
	switch {
	case r.Stock == 0 && controlled > 0:
		fault("%s: %s has no stock, and %d of its scenes control it", c.ID, r.ID, controlled)
	case r.Stock > 0 && controlled < len(r.Scenes):
		fault("%s: %s has a stock, and %d of its scenes do not control it: they would grant beyond it", c.ID, r.ID, len(r.Scenes)-controlled)
	}
	if r.FloorNum < 0 || r.FloorDen < 0 || r.FloorNum > r.FloorDen || r.FloorNum > 0 && r.Stock == 0 {
		fault("%s: %s has a threshold of %d/%d of a stock of %d", c.ID, r.ID, r.FloorNum, r.FloorDen, r.Stock)
	}
	if r.Fallback != "" && r.FloorNum == 0 {
		fault("%s: %s has the fallback %s and no threshold: it would never be granted", c.ID, r.ID, r.Fallback)
	}
}

// checkFallbacks reports rewards that stand twice in a child, and fallbacks that cannot be granted.
func checkFallbacks(c wallet.Child, fault func(string, ...any)) {
	rewards := map[wallet.RewardID]wallet.Reward{}
	types := map[wallet.RewardID]wallet.AwardType{}
	for _, t := range c.Rewards {
		for _, r := range t.Rewards {
			if other, twice := types[r.ID]; twice {
				fault("%s: reward %s stands under %s and under %s; it is of exactly one type", c.ID, r.ID, other, t.Type)
			}
			rewards[r.ID], types[r.ID] = r, t.Type
		}
	}
	for _, t := range c.Rewards {
		for _, r := range t.Rewards {
			f, known := rewards[r.Fallback]
			switch {
			case r.Fallback == "":
			case !known:
				fault("%s: %s has the fallback %s, which is no reward of the child", c.ID, r.ID, r.Fallback)
			case types[f.ID] == wallet.Cash:
				fault("%s: %s has the fallback %s, which is cash: a coupon or a greeting is given in its place", c.ID, r.ID, f.ID)
			case f.Fallback != "":
				fault("%s: %s has the fallback %s, which has the fallback %s itself", c.ID, r.ID, f.ID, f.Fallback)
			case f.Stock == 0:
				fault("%s: %s has the fallback %s, which has no stock of its own", c.ID, r.ID, f.ID)
			}
		}
	}
}
