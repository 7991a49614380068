package drills

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
)

var noon = time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)

// passing returns the measurement of a run in which a switch keeps its promise.
func passing(s wallet.Switch) *Measured {
	m := New(scenarios.Drill{Switch: s, From: noon.Add(20 * time.Second), To: noon.Add(40 * time.Second)}, noon, noon.Add(60*time.Second))
	m.Seen, m.Instances = 3, 3
	p := promises()[s]
	for _, what := range slices.Concat(p.stops, p.fewer) {
		m.Count(Before, what, 100)
		m.Count(After, what, 100)
	}
	for _, what := range p.fewer {
		m.Count(On, what, 10)
	}
	for _, what := range slices.Concat(p.continues, p.reported) {
		m.Count(On, what, 5)
	}
	for _, what := range p.continues {
		m.Count(Before, what, 5)
	}
	for _, what := range p.resumes {
		m.Count(Before, what, 5)
		m.Count(After, what, 5)
	}
	return m
}

// Every switch of the catalogue has a promise, and there are no other promises.
func TestEverySwitchPromises(t *testing.T) {
	require.Len(t, promises(), len(degrade.Catalogue()))
	for _, e := range degrade.Catalogue() {
		p, ok := promises()[e.Name]
		require.True(t, ok, e.Name)
		require.NotEmpty(t, slices.Concat(p.stops, p.fewer), "%s does something", e.Name)
		require.NotEmpty(t, p.resumes, "%s is undone", e.Name)
		require.Equal(t, reports.Pass, passing(e.Name).Judge().Result, e.Name)
	}
}

// Each part of each promise fails when it is broken, and is unknown when it is not tested.
func TestPromisesBite(t *testing.T) {
	for name, p := range promises() {
		fails := func(why string, spoil func(m *Measured)) {
			m := passing(name)
			spoil(m)
			require.Equal(t, reports.Fail, m.Judge().Result, "%s: %s", name, why)
		}
		fails("it was never on", func(m *Measured) { m.Seen = 0 })
		for _, what := range p.stops {
			fails(what+" goes on", func(m *Measured) { m.Count(On, what, 1) })
			m := passing(name)
			delete(m.counts[Before], what)
			delete(m.counts[After], what)
			require.Equal(t, reports.Unknown, m.Judge().Result, "%s: %s never happens", name, what)
		}
		for _, what := range slices.Concat(p.continues, p.reported) {
			fails(what+" stops", func(m *Measured) { delete(m.counts[On], what) })
		}
		for _, what := range p.resumes {
			fails(what+" does not resume", func(m *Measured) { delete(m.counts[After], what) })
		}
		for _, what := range p.fewer {
			fails(what+" is as often", func(m *Measured) { m.Count(On, what, 90) })
		}
		for _, what := range p.never {
			fails(what, func(m *Measured) { m.Count(Before, what, 1) })
		}
	}
	m := passing(wallet.SwitchStopCash)
	m.Instances = 0
	require.Equal(t, reports.Unknown, m.Judge().Result, "the switch was never read")
	m.drill.Switch = "no-such"
	require.Equal(t, reports.Unknown, m.Judge().Result)
}

// What happens near a change belongs to no phase.
func TestPhases(t *testing.T) {
	m := passing(wallet.SwitchStopCash)
	for _, c := range []struct {
		at   time.Duration
		want Phase
	}{{0, Before}, {17 * time.Second, Before}, {18 * time.Second, Between}, {20 * time.Second, On}, {37 * time.Second, On},
		{38 * time.Second, Between}, {41 * time.Second, Between}, {42 * time.Second, After}} {
		require.Equal(t, c.want, m.At(noon.Add(c.at)), c.at)
	}
	m.Count(Between, grantOK, 1)
	require.Zero(t, m.counts[On][grantOK])
}
