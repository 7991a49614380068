package archtest_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/scenarios/loader"
	"hongbao/sim/drills"
)

// specRows returns the number of requirements of each letter.
func specRows() map[string]int {
	return map[string]int{"B": 9, "O": 5, "T": 8, "P": 4, "D": 4, "C": 6, "R": 5, "A": 2, "F": 6, "L": 3, "S": 3, "K": 4, "H": 5}
}

// The columns of docs/spec.md.
const (
	colID = iota
	colState
	_ // the requirement in words
	colPackages
	colTests
	colScenarios
	colOpen
	columns
)

// TestSpec checks the table of requirements: each requirement has one row, the names in a row exist, and a requirement without
// proof is open.
func TestSpec(t *testing.T) {
	tests := testNames(t)
	seen := map[string]bool{}
	for _, r := range table(t, "docs/spec.md", "| id |") {
		require.Len(t, r, columns, "%q", r)
		id := r[colID]
		require.False(t, seen[id], "%s has two rows", id)
		seen[id] = true
		require.Contains(t, []string{"done", "part", "open"}, r[colState], id)
		for _, folder := range list(r[colPackages]) {
			info, err := fs.Stat(root, folder)
			require.True(t, err == nil && info.IsDir(), "%s: there is no folder %s", id, folder)
		}
		for _, name := range list(r[colTests]) {
			require.Contains(t, tests, name, "%s: there is no such test", id)
		}
		for _, file := range list(r[colScenarios]) {
			read(t, path.Join("scenarios", file))
		}
		if r[colState] != "open" {
			require.NotEmpty(t, r[colPackages], "%s is not open, so it needs a package", id)
			require.NotEmpty(t, r[colTests], "%s has no test, so it must be open", id)
		}
		require.Equal(t, r[colState] == "done", r[colOpen] == "", "%s: a row that is not done describes what is open, and only such a row", id)
	}
	want := 0
	for letter, n := range specRows() {
		want += n
		for i := range n {
			require.Contains(t, seen, fmt.Sprint(letter, i+1), "no row")
		}
	}
	require.Len(t, seen, want, "rows without a requirement")
}

// TestDependencies compares docs/dependencies.md with the direct dependencies: the modules of go.mod that the code imports, and
// the tools of go.mod.
func TestDependencies(t *testing.T) {
	mod := read(t, "go.mod")
	var imports []string
	for _, s := range readTree(t) {
		for _, spec := range s.file.Imports {
			imports = append(imports, importPath(spec))
		}
	}
	for _, tool := range regexp.MustCompile(`(?m)^tool (\S+)$`).FindAllStringSubmatch(mod, -1) {
		imports = append(imports, tool[1])
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\d`).FindAllStringSubmatch(mod, -1) {
		if slices.ContainsFunc(imports, func(p string) bool { return p == m[1] || strings.HasPrefix(p, m[1]+"/") }) {
			want = append(want, m[1])
		}
	}
	for _, r := range table(t, "docs/dependencies.md", "| module |") {
		got = append(got, r[0])
		require.NotContains(t, r, "", "%s: a column is empty", r[0])
	}
	require.NotEmpty(t, want)
	require.ElementsMatch(t, want, got)
}

// TestScenarioKeys: docs/scenario-files.md explains every key of the schema, and its example is the tested one.
func TestScenarioKeys(t *testing.T) {
	doc := read(t, "docs/scenario-files.md")
	var schema map[string]any
	require.NoError(t, json.Unmarshal(loader.Schema(), &schema))
	keys := schemaKeys(schema)
	require.NotEmpty(t, keys)
	_, prose, found := strings.Cut(doc, "## Keys")
	require.True(t, found)
	for _, key := range keys {
		require.Contains(t, prose, "`"+key+"`", "the key is not explained")
	}
	require.Contains(t, doc, "```yaml\n"+read(t, "internal/cmd/testdata/tiny.yaml")+"```")
}

// schemaKeys returns the keys of a schema and of the schemas in it.
func schemaKeys(schema map[string]any) []string {
	var keys []string
	if items, ok := schema["items"].(map[string]any); ok {
		keys = append(keys, schemaKeys(items)...)
	}
	properties, _ := schema["properties"].(map[string]any)
	for key, below := range properties {
		keys = append(keys, key)
		if s, ok := below.(map[string]any); ok {
			keys = append(keys, schemaKeys(s)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// TestRecordFields: docs/record.md explains every field of record.json.
func TestRecordFields(t *testing.T) {
	doc := read(t, "docs/record.md")
	fields := jsonFields(reflect.TypeFor[reports.Record]())
	require.Greater(t, len(fields), 50)
	for _, field := range fields {
		require.Contains(t, doc, "`"+field+"`", "the field is not explained")
	}
}

// jsonFields returns the JSON names of a struct and of the structs in it.
func jsonFields(t reflect.Type) []string {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var names []string
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
			names = append(names, jsonFields(f.Type)...)
		}
	}
	return names
}

// TestRunbook: the runbook has one row for each alarm, and no other rows.
func TestRunbook(t *testing.T) {
	found := regexp.MustCompile(`AlarmKind = "([a-z_]+)"`).FindAllStringSubmatch(read(t, "reference/wallet/alarm.go"), -1)
	var want, got []string
	for _, m := range found {
		want = append(want, "`"+m[1]+"`")
	}
	for _, r := range table(t, "docs/checks.md", "| alarm |") {
		got = append(got, r[0])
		require.NotContains(t, r, "", "%s: a column is empty", r[0])
	}
	require.NotEmpty(t, want)
	require.ElementsMatch(t, want, got)
}

// TestChecksAreExplained: docs/checks.md has a section for each check of the oracle.
func TestChecksAreExplained(t *testing.T) {
	found := regexp.MustCompile(`Name: "([a-z-]+)", Spec: \[\]string\{(.+)\}\}`).FindAllStringSubmatch(read(t, "sim/oracle/check.go"), -1)
	require.Len(t, found, 14)
	doc := read(t, "docs/checks.md")
	require.Contains(t, doc, fmt.Sprintf("## %s (D3)\n", drills.Check))
	for _, m := range found {
		spec := strings.ReplaceAll(m[2], `"`, "")
		require.Contains(t, doc, fmt.Sprintf("## %s (%s)\n", m[1], spec))
	}
}

// testNames returns the tests and fuzz targets of the module, as package.Name.
func testNames(t *testing.T) []string {
	var names []string
	for _, s := range readTree(t) {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names = append(names, strings.TrimSuffix(s.file.Name.Name, "_test")+"."+f.Name.Name)
			}
		}
	}
	return names
}

// table returns the rows of the Markdown table whose header begins with head, as trimmed cells.
func table(t *testing.T, file, head string) [][]string {
	_, rest, found := strings.Cut(read(t, file), "\n"+head)
	require.True(t, found, "%s: no table %q", file, head)
	var rows [][]string
	for i, line := range strings.Split(rest, "\n") {
		if i < 2 { // the rest of the header, and the delimiter row
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		rows = append(rows, cells)
	}
	require.NotEmpty(t, rows, file)
	return rows
}

// list splits a cell at commas.
func list(cell string) []string {
	if cell == "" {
		return nil
	}
	return strings.Split(cell, ", ")
}
