package archtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
)

// TestSwitchesDocument: the tables in docs/switches.md equal the catalogue of the service.
func TestSwitchesDocument(t *testing.T) {
	var want strings.Builder
	want.WriteString("| switch | kind | before | what it does | what users notice | what its drill checks |\n|---|---|---|---|---|---|\n")
	for _, e := range degrade.Catalogue() {
		kind := "active"
		if e.Passive {
			kind = "passive"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s<br>%s | %s<br>%s | %s |\n", e.Name, kind, e.Dependency, e.Does.EN, e.Does.ZH, e.Notice.EN, e.Notice.ZH, e.Promise)
	}
	want.WriteString("\n")
	systems := "| system | strength | limit | breaker | way out | isolation | switches |\n|---|---|---|---|---|---|---|\n"
	for _, d := range degrade.Dependencies() {
		var names []string
		for _, s := range d.Switches {
			names = append(names, fmt.Sprintf("`%s`", s))
		}
		breakers := d.Breakers
		if d.Name == "reward systems" {
			breakers = []string{"one a type"}
		}
		if d.NoBreaker.EN != "" {
			breakers = append(slices.Clone(breakers), d.NoBreaker.EN)
		}
		systems += fmt.Sprintf("| %s | %s | %s<br>%s | %s | %s<br>%s | %s<br>%s | %s |\n", d.Name, d.Strength, d.Limit.EN, d.Limit.ZH, strings.Join(breakers, "; "),
			d.WayOut.EN, d.WayOut.ZH, d.Isolation.EN, d.Isolation.ZH, strings.Join(names, ", "))
	}
	text := read(t, "docs/switches.md")
	for _, table := range []string{want.String(), systems} {
		require.True(t, strings.Contains(text, table), "docs/switches.md should contain this table:\n%s", table)
	}
}
