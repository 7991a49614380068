package assetcenter

import (
	"context"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Rewards grants rewards other than cash: package rewards. Grant puts the item on record under its number, once however
// often it is asked, and returns it as it is on record then. Errors are those of wallet.Service's Grant.
type Rewards interface {
	Grant(ctx context.Context, asked wallet.Item, s *activity.Scene) (wallet.Item, error)
}

// grantItem grants a reward that is not cash. It may be something else than was asked for, or a greeting (C2): the reply
// says what. Its state is GrantPosted once nothing is left for its downstream to do.
func (c *Center) grantItem(ctx context.Context, r wallet.GrantRequest, who wallet.Person, s *activity.Scene) (wallet.GrantReply, error) {
	item := wallet.Item{
		No:      wallet.OrderNo{ActID: who.ActID, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: s.Child.Stage},
		Account: wallet.AccountOf(r.App, r.User),
		Opened:  r.Opened,
		Created: c.Clock.Now(),
	}
	var err error
	if item.No, err = c.earlierItem(ctx, item.No, who); err != nil {
		return wallet.GrantReply{}, err
	}
	if item, err = c.Rewards.Grant(ctx, item, s); err != nil {
		return wallet.GrantReply{}, err
	}
	reply := wallet.GrantReply{Order: item.No, State: wallet.GrantAccepted, Item: &item}
	switch item.State {
	case wallet.ItemOpen, wallet.ItemIssued, wallet.ItemProcessing:
	default:
		reply.State = wallet.GrantPosted
	}
	return reply, nil
}

// earlierItem returns the number that this win is on record under, which is another than its own where the person has
// joined or left wallets since; what was given under it stands, a greeting too. Where there are several, one with a
// reward comes before a greeting.
func (c *Center) earlierItem(ctx context.Context, no wallet.OrderNo, who wallet.Person) (wallet.OrderNo, error) {
	if len(who.Former)+len(who.Left) == 0 {
		return no, nil
	}
	nos, own := numbersOf(no, who)
	items, err := c.Items.Get(ctx, nos)
	if err != nil {
		return no, err
	}
	found, greeting := no, false
	for i, e := range items {
		if e.No != nos[i] || i >= own && e.Created.Sub(who.Left[i-own].At) > maxSkew {
			continue // not there, or won by others since
		}
		if e.State != wallet.ItemVoid {
			return e.No, nil
		}
		if !greeting {
			found, greeting = e.No, true
		}
	}
	return found, nil
}
