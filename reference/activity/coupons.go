package activity

import (
	"hongbao/reference/wallet"
)

// checkReward reports the errors of one reward that concern its stock (C1, C2).
func checkReward(c wallet.Child, t wallet.AwardType, r wallet.Reward, invalid func(string, ...any)) {
	if t == wallet.Cash {
		if r.Stock != 0 || r.ThresholdNum != 0 || r.ThresholdDen != 0 || r.Fallback != "" {
			invalid("%s: %s is cash: it has a budget, and no stock, threshold or fallback", c.ID, r.ID)
		}
		return
	}
	if err := (wallet.Template{Reward: r.ID, Stage: wallet.Official}).Validate(); err != nil {
		invalid("%s: the id of reward %q of type %s must be 1 to %d lower-case letters, digits and '-'", c.ID, r.ID, t, wallet.MaxTemplate)
	}
	if r.Stock < 0 || r.Stock > wallet.MaxStock {
		invalid("%s: %s has a stock of %d; it must be 0 to %d", c.ID, r.ID, r.Stock, int64(wallet.MaxStock))
	}
	controlled := 0
	for _, s := range r.Scenes {
		if s.StockControl {
			controlled++
		}
	}
	switch {
	case r.Stock == 0 && controlled > 0:
		invalid("%s: %s has no stock, but %d of its scenes have stock control", c.ID, r.ID, controlled)
	case r.Stock > 0 && controlled < len(r.Scenes):
		invalid("%s: %s has a stock, but %d of its scenes have no stock control: they would grant beyond it", c.ID, r.ID, len(r.Scenes)-controlled)
	}
	if r.ThresholdNum < 0 || r.ThresholdDen < 0 || r.ThresholdNum > r.ThresholdDen || r.ThresholdNum > 0 && r.Stock == 0 {
		invalid("%s: %s has a threshold of %d/%d of a stock of %d", c.ID, r.ID, r.ThresholdNum, r.ThresholdDen, r.Stock)
	}
	if r.Fallback != "" && r.ThresholdNum == 0 {
		invalid("%s: %s has the fallback %s but no threshold: it would never be granted", c.ID, r.ID, r.Fallback)
	}
}

// checkFallbacks reports rewards that occur twice in a child, and fallbacks that cannot be granted.
func checkFallbacks(c wallet.Child, invalid func(string, ...any)) {
	rewards := map[wallet.RewardID]wallet.Reward{}
	types := map[wallet.RewardID]wallet.AwardType{}
	for _, t := range c.Rewards {
		for _, r := range t.Rewards {
			if other, twice := types[r.ID]; twice {
				invalid("%s: reward %s is listed under %s and %s; a reward has exactly one type", c.ID, r.ID, other, t.Type)
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
				invalid("%s: %s has the fallback %s, which is not a reward of the child", c.ID, r.ID, r.Fallback)
			case types[f.ID] == wallet.Cash:
				invalid("%s: %s has the fallback %s, which is cash: only a coupon can be a fallback", c.ID, r.ID, f.ID)
			case f.Fallback != "":
				invalid("%s: %s has the fallback %s, which has the fallback %s itself", c.ID, r.ID, f.ID, f.Fallback)
			case f.Stock == 0:
				invalid("%s: %s has the fallback %s, which has no stock", c.ID, r.ID, f.ID)
			}
		}
	}
}
