package node

import (
	"hongbao/reference/limit"
	"hongbao/reference/wallet"
)

// limiters returns how a rate is limited over all instances: by permits taken some at a time, and by this instance's
// share where there is no common count or it does not answer (L2).
func limiters(c Config, p Ports) func(name string, perSecond int64) (limit.Limiter, error) {
	return func(name string, perSecond int64) (limit.Limiter, error) {
		share, err := limit.NewShare(float64(perSecond), c.Instances)
		if err != nil || p.Permits == nil {
			return share, err
		}
		leased, err := limit.NewLeased(p.Permits, name, perSecond, c.Instances)
		if err != nil {
			return nil, err
		}
		f := &limit.Fallback{Exact: leased, Share: share, Local: func() bool { return p.Switched(wallet.SwitchLocalLimits) }}
		if p.Watch != nil {
			f.Tripped = func(failed error) { p.Watch(wallet.SwitchLocalLimits, name, failed) }
		}
		return f, nil
	}
}
