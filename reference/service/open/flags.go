package open

import (
	"context"
	"path/filepath"

	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// Where an instance keeps what it knows of the config centre, in its data folder.
const (
	centreFile = "config.yaml"       // the centre itself, where the stores are embedded
	cacheFile  = "config-cache.json" // what was read of the centre last
)

// shortPage is how many lines a page has while pages are cut short, until the settings say something else: one screen of
// a phone.
const shortPage = 10

// runtimeFlags is what the whole process has switched off, and the settings that it goes by: the same for both sides.
type runtimeFlags struct {
	set    *degrade.Set
	centre *config.Cache
	guard  *degrade.Guard // of the live side
}

// openRuntimeFlags reads the config centre, or what an earlier life has read of it: it is a weak dependency (D1).
func (s *Service) openRuntimeFlags(ctx context.Context, shared wallet.ConfigCentre) error {
	c := s.config
	centre := shared
	if c.embedded() {
		centre = config.NewFile(filepath.Join(c.Data, centreFile))
	}
	defaults := wallet.Settings{Release: releaseOf(c.Release), ShortPage: shortPage}
	b := &runtimeFlags{set: degrade.NewSet(RealClock{}), centre: config.NewCache(centre, defaults, filepath.Join(c.Data, cacheFile), RealClock{})}
	if err := b.centre.Recall(); err != nil {
		s.log.Warn("the configuration that was kept is of no use", "err", err)
	}
	err := b.centre.Refresh(ctx)
	if err != nil {
		s.log.Warn("cannot read the config centre", "err", err)
	}
	b.set.Watch(wallet.SwitchLocalConfig, "config centre", err)
	b.set.Apply(b.centre.Last().On)
	if b.guard, err = degrade.NewGuard(b.set, RealClock{}, degrade.DefaultRules()); err != nil {
		return err
	}
	s.flags = b
	return nil
}

// switches returns what operators are told of each switch.
func (b *runtimeFlags) switches() []server.SwitchInfo {
	out := make([]server.SwitchInfo, 0, len(wallet.AllSwitches()))
	for _, state := range b.set.States() {
		e, known := degrade.EntryOf(state.Switch)
		if !known {
			continue // of a later version: it is listed by its name alone
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

// record notes in the metrics how switches and breakers stand.
func (b *runtimeFlags) record(m *server.Metrics) {
	for _, s := range b.set.States() {
		m.Switch(s.Switch, s.On)
	}
	for _, s := range b.guard.Breakers() {
		m.Breaker(s.Name, s.State != degrade.Closed)
	}
}

// switched gives a side the switchboard, which the live one opens, and returns the breakers before its systems; and of the
// live side, whose host keeps the centre fresh and whose systems trip switches, those two. The marked load's systems say
// nothing of the live ones.
func (s *Service) switched(ctx context.Context, d *walletInstance, shadow bool) (*degrade.Guard, *config.Cache, func(wallet.Switch, string, error), error) {
	if shadow {
		d.flags = s.flags
		guard, err := degrade.NewGuard(nil, RealClock{}, degrade.DefaultRules())
		return guard, nil, nil, err
	}
	if err := s.openRuntimeFlags(ctx, d.stores.centre); err != nil {
		return nil, nil, nil, err
	}
	d.flags = s.flags
	return s.flags.guard, s.flags.centre, s.flags.set.Watch, nil
}
