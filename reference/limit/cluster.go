package limit

import "hongbao/reference/wallet"

// Cluster is the instances that limit together.
type Cluster struct {
	Instances int
	Permits   wallet.Permits // what they count by; nil: each has its share

	// Local says that operators want shares instead of the count; nil: nobody does.
	Local func() bool
	// Watch is told, by a limit's name, when the count fails and when it answers again; nil: nobody is.
	Watch func(name string, failed error)
}

// Limit returns this instance's part of a limit that all keep together under a name: permits taken some at a time, and the
// share where there is no count or it does not answer (L2). ErrInvalid: see wallet.ValidPermits.
func (c Cluster) Limit(name string, perSecond int64) (Limiter, error) {
	share, err := NewShare(float64(perSecond), c.Instances)
	if err != nil || c.Permits == nil {
		return share, err
	}
	leased, err := NewLeased(c.Permits, name, perSecond, c.Instances)
	if err != nil {
		return nil, err
	}
	f := &Fallback{Exact: leased, Share: share, Local: c.Local}
	if c.Watch != nil {
		f.Tripped = func(failed error) { c.Watch(name, failed) }
	}
	return f, nil
}
