package archtest_test

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// names are what documents can refer to.
type names struct {
	tree     fs.FS
	files    []string        // of the tree
	tests    map[string]bool // Test, Fuzz and Benchmark functions, as Name and as package.Name
	exported map[string]bool // exported names, as folder.Name
	targets  map[string]bool // of make
	commands map[string]bool // of hongbao; true if it has subcommands
}

// notReferences lists inline code in the form of a reference that does not refer to the repository, with reasons.
func notReferences() map[string]string {
	output := "a run writes it"
	data := "hongbao serve writes it"
	placeholder := "a placeholder"
	return map[string]string{
		"record.json": output, "report.html": output, "summary.md": output, "reports/out/my-outage/report.html": output,
		"data/keys.json": data, "data/token-keys.json": data, "DATA/config.yaml": data, "DATA/config-cache.json": data,
		"reference/downstream/NAME.go": placeholder, "reference/downstream/fake/NAME.go": placeholder,
		".mysql.sql": "an ending", ".sqlite.sql": "an ending",
	}
}

// TestReferences: the tests, files, folders and commands that documents name exist.
func TestReferences(t *testing.T) {
	all, err := sources()
	require.NoError(t, err)
	known := namesOf(all, read(t, "Makefile"))
	known.tree = root
	known.files, err = files()
	require.NoError(t, err)
	used := map[string]bool{}
	for _, name := range known.files {
		if isGuide(name) {
			for _, finding := range known.check(name, read(t, name), used) {
				t.Error(finding)
			}
		}
	}
	for text := range notReferences() {
		require.True(t, used[text], "the exception for %q is not needed", text)
	}
}

// isGuide reports whether the references of a file are checked.
func isGuide(name string) bool {
	ok, _ := path.Match("docs/*.md", name)
	return ok || slices.Contains([]string{"ARCHITECTURE.md", "README.md", "README.zh.md", "CONTRIBUTING.md"}, name)
}

// namesOf collects everything but the files.
func namesOf(all []source, makefile string) names {
	n := names{tests: map[string]bool{}, exported: map[string]bool{}, targets: map[string]bool{}, commands: map[string]bool{}}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(makefile, -1) {
		n.targets[m[1]] = true
	}
	for _, s := range all {
		ast.Inspect(s.file, func(node ast.Node) bool {
			if lit, ok := node.(*ast.CompositeLit); ok && s.folder == "internal/cmd" {
				n.addCommand(lit)
			}
			return true
		})
		for _, id := range declared(s.file) {
			if s.test && testName.MatchString(id.Name) {
				n.tests[id.Name] = true
				n.tests[strings.TrimSuffix(s.file.Name.Name, "_test")+"."+id.Name] = true
			}
			if !s.test && id.IsExported() {
				n.exported[s.folder+"."+id.Name] = true
			}
		}
	}
	return n
}

// addCommand records a command of the command line: a literal with the field Use. Its RunE is help if it has subcommands.
func (n names) addCommand(lit *ast.CompositeLit) {
	use, group := "", false
	for _, e := range lit.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch key, _ := field.Key.(*ast.Ident); {
		case key == nil:
		case key.Name == "Use":
			text, _ := literal(field.Value)
			use, _, _ = strings.Cut(text, " ")
		case key.Name == "RunE":
			value, _ := field.Value.(*ast.Ident)
			group = value != nil && value.Name == "help"
		}
	}
	if use != "" {
		n.commands[use] = n.commands[use] || group
	}
}

var (
	fence     = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	inline    = regexp.MustCompile("`[^`\n]+`")
	testWord  = regexp.MustCompile(`^(?:[a-z]+\.)?(?:Test|Fuzz|Benchmark)[A-Z]\w*`)
	makeWord  = regexp.MustCompile(`^make ([a-z0-9-]+)`)
	hongbao   = regexp.MustCompile(`^(?:\./)?hongbao((?: [a-z][a-z-]*)+)`)
	pathWord  = regexp.MustCompile(`^[\w.{},*/-]+$`)
	extension = regexp.MustCompile(`\w\.(go|md|yaml|sql|lua|proto|js|ts|html|css|sh|json|txt)$`)
)

// check returns the references of a document to what does not exist.
func (n names) check(file, text string, used map[string]bool) (found []string) {
	text = fence.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) })
	for _, span := range inline.FindAllStringIndex(text, -1) {
		ref := strings.Trim(text[span[0]:span[1]], "`")
		if n.exists(file, text, ref) {
			continue
		}
		if notReferences()[ref] != "" {
			used[ref] = true
			continue
		}
		found = append(found, fmt.Sprintf("%s:%d: there is no %s", file, 1+strings.Count(text[:span[0]], "\n"), ref))
	}
	return found
}

// exists reports whether the reference exists; what is not in the form of a reference does.
func (n names) exists(file, text, ref string) bool {
	if m := testWord.FindString(ref); m != "" {
		return n.tests[m]
	}
	if m := makeWord.FindStringSubmatch(ref); m != nil {
		return n.targets[m[1]]
	}
	if m := hongbao.FindStringSubmatch(ref); m != nil {
		return n.isCommand(strings.Fields(m[1]))
	}
	ref = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(ref, "./"), "/..."), "/**")
	ref = strings.TrimPrefix(ref, module+"/") // an import path
	top, _, deep := strings.Cut(ref, "/")
	if strings.HasPrefix(ref, "/") { // a URL
		return true
	}
	if !pathWord.MatchString(ref) || !extension.MatchString(ref) && !(deep && n.hasFolder(top)) {
		return true
	}
	for _, name := range alternatives(strings.TrimSuffix(ref, "/")) {
		if !n.hasPath(name) && !n.hasPath(path.Join(path.Dir(file), name)) && !n.exported[name] && !n.endsFile(text, name) {
			return false
		}
	}
	return true
}

// isCommand reports whether the words are a command with its subcommands; words after those are arguments.
func (n names) isCommand(words []string) bool {
	for _, w := range words {
		group, known := n.commands[w]
		if !known || !group {
			return known
		}
	}
	return true
}

// hasPath reports whether a file or folder has the path, or matches it as a pattern.
func (n names) hasPath(name string) bool {
	found, err := fs.Glob(n.tree, name)
	return err == nil && len(found) > 0
}

// hasFolder reports whether the folder exists. The program that make build writes has the name of the module.
func (n names) hasFolder(name string) bool {
	info, err := fs.Stat(n.tree, name)
	return err == nil && info.IsDir()
}

// endsFile reports whether the path of exactly one file ends with name, or with the pattern. If several do, the text must
// mention the folder of one of them.
func (n names) endsFile(text, name string) bool {
	depth, count := strings.Count(name, "/")+1, 0
	for _, f := range n.files {
		parts := strings.Split(f, "/")
		if ok, _ := path.Match(name, path.Join(parts[max(0, len(parts)-depth):]...)); ok {
			if count++; strings.Contains(text, path.Dir(f)) {
				return true
			}
		}
	}
	return count == 1
}

// alternatives expands the first pair of braces of a path.
func alternatives(name string) []string {
	before, rest, ok := strings.Cut(name, "{")
	inside, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return []string{name}
	}
	var all []string
	for _, part := range strings.Split(inside, ",") {
		all = append(all, before+part+after)
	}
	return all
}
