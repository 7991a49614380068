package open

import (
	limiting "hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// newIngress returns a side's wallet behind the limits of what comes in, which its instances keep together (L1, L2).
func newIngress(d *walletInstance, c *Config, watch func(wallet.Switch, string, error)) (wallet.Service, error) {
	cluster := limiting.Cluster{Instances: c.Instances, Permits: d.stores.permits,
		Local: func() bool { return d.flags.set.On(wallet.SwitchLocalLimits) },
		Watch: func(name string, failed error) { watch(wallet.SwitchLocalLimits, name, failed) }}
	door := limiting.IngressLimiter{Service: d.node, Clock: RealClock{}}
	for _, l := range []struct {
		name      string
		perSecond int64
		at        *limiting.Limiter
	}{{"grants", c.Limits.Grants, &door.Grants}, {"pages", c.Limits.Pages, &door.Pages}, {"withdrawals", c.Limits.Withdrawals, &door.Withdrawals}} {
		if l.perSecond == 0 {
			continue
		}
		var err error
		if *l.at, err = cluster.Limit("door/"+l.name, l.perSecond); err != nil {
			return nil, err
		}
	}
	return door, nil
}
