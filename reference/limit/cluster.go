package limit

import "hongbao/reference/wallet"

// Cluster is the instances that share limits.
type Cluster struct {
	Instances int
	Permits   wallet.Permits // the shared counter; nil: each instance limits by its share

	// Local reports whether operators want shares instead of the shared counter; nil: they never do.
	Local func() bool
	// Watch is called with a limit's name when the shared counter fails (with the error) and when it answers again (with
	// nil); nil: not called.
	Watch func(name string, failed error)
}

// Limit returns this instance's part of a limit that all instances share under a name: leased permits, or the share if there
// is no shared counter or it does not answer (L2). ErrInvalid: see wallet.ValidPermits.
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
