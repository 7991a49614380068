package degrade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// TestCatalogue: 26 switches (D3), each once, each with texts for operators in both languages.
func TestCatalogue(t *testing.T) {
	seen := map[wallet.Switch]bool{}
	passive := 0
	var systems []string
	for _, d := range degrade.Dependencies() {
		require.NotContains(t, systems, d.Name, "listed twice")
		require.Contains(t, []degrade.Strength{degrade.Weak, degrade.Strong}, d.Strength, d.Name)
		for _, words := range []degrade.Text{d.Limit, d.WayOut, d.Isolation} {
			require.NotEmpty(t, words.EN, d.Name)
			require.NotEmpty(t, words.ZH, d.Name)
		}
		require.True(t, len(d.Breakers) > 0 || d.NoBreaker.EN != "", "%s has a breaker, or a reason why it has no breaker", d.Name)
		require.Equal(t, d.NoBreaker.EN == "", d.NoBreaker.ZH == "", d.Name)
		systems = append(systems, d.Name)
	}
	for _, e := range degrade.Catalogue() {
		require.False(t, seen[e.Name], "%s is listed twice", e.Name)
		seen[e.Name] = true
		if e.Passive {
			passive++
		}
		for _, words := range []string{e.Does.EN, e.Does.ZH, e.Notice.EN, e.Notice.ZH, e.Promise} {
			require.NotEmpty(t, words, e.Name)
		}
		require.Contains(t, systems, e.Dependency, e.Name)
		found, ok := degrade.EntryOf(e.Name)
		require.True(t, ok)
		require.Equal(t, e, found)
	}
	for _, name := range wallet.AllSwitches() {
		require.True(t, seen[name], name)
	}
	require.Len(t, seen, 26)
	require.Equal(t, 6, passive)
	_, ok := degrade.EntryOf("of-next-year")
	require.False(t, ok)
}

// TestDependencies: the dependencies of the source have the strength that the source gives them (D1).
func TestDependencies(t *testing.T) {
	named := 0
	for _, d := range degrade.Dependencies() {
		named += len(d.Switches)
		switch d.Name {
		case "config centre", "locks", "token store":
			require.Equal(t, degrade.Weak, d.Strength, d.Name)
			require.NotEmpty(t, d.Switches, d.Name)
		case "ledger":
			require.Equal(t, degrade.Strong, d.Strength)
		}
	}
	require.Equal(t, 26, named, "each switch belongs to one dependency")
}
