package service

import (
	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// limitIngress returns the wallet's API behind limits of incoming requests, which all instances count together (L1, L2).
func (w *Wallet) limitIngress() (wallet.Service, error) {
	watch := w.watch()
	cluster := limit.Cluster{Instances: w.Instances, Permits: w.Permits,
		Local: func() bool { return w.Switches.On(wallet.SwitchLocalLimits) },
		Watch: func(name string, failed error) {
			if watch != nil {
				watch(wallet.SwitchLocalLimits, name, failed)
			}
		}}
	limiter := limit.IngressLimiter{Service: w.Node, Clock: w.Clock}
	for _, l := range []struct {
		name      string
		perSecond int64
		at        *limit.Limiter
	}{{"grants", w.Limits.Grants, &limiter.Grants}, {"pages", w.Limits.Pages, &limiter.Pages}, {"withdrawals", w.Limits.Withdrawals, &limiter.Withdrawals}} {
		if l.perSecond == 0 {
			continue
		}
		var err error
		if *l.at, err = cluster.Limit("door/"+l.name, l.perSecond); err != nil {
			return nil, err
		}
	}
	return limiter, nil
}
