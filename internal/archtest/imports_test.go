package archtest_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// promise is a rule about the rows, so that a row cannot be loosened by mistake.
type promise struct {
	of    string   // pattern of the folders that it binds
	never []string // patterns that their rows must not allow
	only  []string // unless nil: the only patterns that their rows may allow
	why   string
}

func promises() []promise {
	harness := []string{"sim", "sim/*", "sim/*/*", "scenarios", "scenarios/*", "loadtest", "loadtest/*", "reports", "reports/*", "internal/cmd"}
	nothing := []string{}
	return []promise{
		{of: "reference/*", never: harness, why: "the service must not know its tests"},
		{of: "reference/*/*", never: harness, why: "the service must not know its tests"},
		{of: "reference/wallet", only: nothing, why: "the contract uses only the standard library"},
		{of: "reference/service", never: []string{"reference/server", "reference/server/*", "reference/store/*"}, why: "the composition knows ports, and no driver or server"},
		{of: "reference/*", never: []string{"reference/store/*"}, why: "capabilities and nodes see ports, not adapters"},
		{of: "reference/store/*", only: []string{"reference/wallet", "internal/slab"}, why: "adapters never import each other"},
		{of: "sim/world", only: []string{"internal/timerheap"}, why: "the world knows only time and order"},
		{of: "sim/oracle", only: []string{"reference/wallet", "internal/slab"}, why: "the oracle knows only the nouns"},
		{of: "examples/*", never: []string{"internal/*", "internal/*/*"}, why: "another module cannot import internal packages"},
		{of: "reports", only: []string{"reports/text"}, why: "a report reads only the record"},
		{of: "reports/*", only: []string{"reports", "reports/*"}, why: "a report reads only the record"},
	}
}

// layers lists the parts of the module from the top down, as in ARCHITECTURE.md. A folder belongs to the longest prefix. Code
// imports its layer and the layers below.
func layers() [][]string {
	return [][]string{
		{""},
		{"internal/cmd", "internal/servetest", "examples"},
		{"loadtest"},
		{"sim"},
		{"reports"},
		{"scenarios"},
		{"reference"},
		{"internal"},
	}
}

// layerOf returns the index of a folder's layer.
func layerOf(layers [][]string, folder string) int {
	best, at := "", 0
	for i, layer := range layers {
		for _, prefix := range layer {
			if len(prefix) > len(best) && strings.HasPrefix(folder+"/", prefix+"/") {
				best, at = prefix, i
			}
		}
	}
	return at
}

// TestImports checks every file against the row of its folder.
func TestImports(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkImports(rows(), s) {
			t.Error(finding)
		}
	}
}

// TestRowsAreNeeded: a row allows only what its folder imports.
func TestRowsAreNeeded(t *testing.T) {
	imports := importsOf(readTree(t))
	for _, r := range rows() {
		for _, finding := range checkNeeded(r, imports[r.folder]) {
			t.Error(finding)
		}
	}
}

// TestLayers: no row allows an import of a higher layer, and each folder below the root belongs to a layer.
func TestLayers(t *testing.T) {
	for _, r := range rows() {
		if r.folder != "" {
			require.NotZero(t, layerOf(layers(), r.folder), "%s belongs to no layer", r.folder)
		}
		for _, finding := range checkLayers(layers(), r) {
			t.Error(finding)
		}
	}
}

func TestRowsKeepPromises(t *testing.T) {
	var folders []string
	for _, r := range rows() {
		require.NotContains(t, folders, r.folder, "two rows")
		require.NotEmpty(t, r.why, "row %q gives no reason", r.folder)
		folders = append(folders, r.folder)
	}
	for _, r := range rows() {
		for _, finding := range checkPromises(promises(), r) {
			t.Error(finding)
		}
	}
}

func checkImports(rows []row, s source) []string {
	if s.test {
		return nil
	}
	r, ok := rowOf(rows, s.folder)
	if !ok {
		return []string{fmt.Sprintf("%s: folder %q has no row in internal/archtest/arch_test.go: add one that says what it may import, and why", s.at(s.file.Package), s.folder)}
	}
	var found []string
	for _, spec := range s.file.Imports {
		p := importPath(spec)
		if !r.allows(p) {
			found = append(found, fmt.Sprintf("%s: %q must not import %q: %s", s.at(spec.Pos()), s.folder, p, r.why))
		}
	}
	return found
}

// importsOf returns what the code of each folder imports, without its tests.
func importsOf(all []source) map[string][]string {
	sets := map[string]map[string]bool{}
	for _, s := range all {
		if s.test {
			continue
		}
		if sets[s.folder] == nil {
			sets[s.folder] = map[string]bool{}
		}
		for _, spec := range s.file.Imports {
			sets[s.folder][importPath(spec)] = true
		}
	}
	lists := map[string][]string{}
	for folder, set := range sets {
		lists[folder] = slices.Sorted(maps.Keys(set))
	}
	return lists
}

// checkNeeded reports the folders and libraries of a row that no import of its folder uses. A folder without code has no imports:
// nil.
func checkNeeded(r row, imports []string) []string {
	if imports == nil {
		return []string{fmt.Sprintf("row %q: the folder has no code: remove the row", r.folder)}
	}
	var found []string
	for _, f := range r.ours {
		if !slices.Contains(imports, module+"/"+f) {
			found = append(found, fmt.Sprintf("row %q allows %q, which the folder does not import: remove it", r.folder, f))
		}
	}
	for _, l := range r.libs {
		if !slices.ContainsFunc(imports, func(p string) bool { return within(p, l) }) {
			found = append(found, fmt.Sprintf("row %q allows %q, which the folder does not import: remove it", r.folder, l))
		}
	}
	return found
}

func checkLayers(layers [][]string, r row) []string {
	var found []string
	for _, f := range r.ours {
		if layerOf(layers, f) < layerOf(layers, r.folder) {
			found = append(found, fmt.Sprintf("the row of %q allows %q, which is in a higher layer", r.folder, f))
		}
	}
	return found
}

func checkPromises(promises []promise, r row) []string {
	var found []string
	for _, p := range promises {
		if !matches([]string{p.of}, r.folder) {
			continue
		}
		for _, f := range r.ours {
			if matches(p.never, f) || p.only != nil && !matches(p.only, f) {
				found = append(found, fmt.Sprintf("the row of %q allows %q: %s", r.folder, f, p.why))
			}
		}
	}
	return found
}

func rowOf(rows []row, folder string) (row, bool) {
	for _, r := range rows {
		if r.folder == folder {
			return r, true
		}
	}
	return row{}, false
}

func (r row) allows(imported string) bool {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		return slices.Contains(r.ours, own)
	}
	host, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(host, ".") {
		return true // the standard library; "C" is banned elsewhere
	}
	return slices.ContainsFunc(r.libs, func(l string) bool { return within(imported, l) })
}

// within reports whether an imported package is lib or below it.
func within(imported, lib string) bool {
	return imported == lib || strings.HasPrefix(imported, lib+"/")
}

func matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, folder)
		return err == nil && ok
	})
}
