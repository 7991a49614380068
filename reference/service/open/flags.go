package open

import (
	"context"
	"path/filepath"

	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// Files of the config centre, in the data folder.
const (
	centreFile = "config.yaml"       // the config centre itself, if the stores are embedded
	cacheFile  = "config-cache.json" // what was last read from it
)

// shortPage is the number of lines of a page while pages are short, if the settings do not say it: one screen of a phone.
const shortPage = 10

// runtimeFlags are the switches and settings of the process. The live wallet and the shadow wallet share them.
type runtimeFlags struct {
	set    *degrade.Set
	centre *config.Cache
}

// openRuntimeFlags reads the config centre, or what an earlier run has read of it: it is a weak dependency (D1).
func (s *Service) openRuntimeFlags(ctx context.Context, shared wallet.ConfigCentre) {
	c := s.config
	centre := shared
	if c.embedded() {
		centre = newFileCentre(filepath.Join(c.Data, centreFile))
	}
	defaults := wallet.Settings{Release: releaseOf(c.Release), ShortPage: shortPage}
	saver := savedReading{filepath.Join(c.Data, cacheFile)}
	b := &runtimeFlags{set: degrade.NewSet(systemClock{}), centre: config.NewCache(centre, defaults, saver, systemClock{})}
	if err := b.centre.Load(); err != nil {
		s.log.Warn("the cached configuration cannot be used", "err", err)
	}
	err := b.centre.Refresh(ctx)
	if err != nil {
		s.log.Warn("cannot read the config centre", "err", err)
	}
	b.set.Watch(wallet.SwitchLocalConfig, "config centre", err)
	b.set.Apply(b.centre.Last().On)
	s.flags = b
}

// switches describes each switch for operators.
func (b *runtimeFlags) switches() []server.SwitchInfo {
	out := make([]server.SwitchInfo, 0, len(wallet.AllSwitches()))
	for _, state := range b.set.States() {
		e, known := degrade.EntryOf(state.Switch)
		if !known {
			continue // of a later version: it has no description
		}
		i := server.SwitchInfo{Name: e.Name, Passive: e.Passive, Dependency: e.Dependency, Does: e.Does.EN, DoesZH: e.Does.ZH,
			Notice: e.Notice.EN, NoticeZH: e.Notice.ZH, Since: state.Since}
		for _, t := range state.Trips {
			i.Tripped = append(i.Tripped, t.Source+": "+t.Reason)
		}
		out = append(out, i)
	}
	return out
}

// recordStates writes the states of switches and breakers to the metrics.
func (s *Service) recordStates() {
	for _, f := range s.flags.set.States() {
		s.metrics.Switch(f.Switch, f.On)
	}
	for _, b := range s.live.Guard.Breakers() {
		s.metrics.Breaker(b.Name, b.State != degrade.Closed)
	}
}
