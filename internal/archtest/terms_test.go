package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// termsFile lists the replaced terms, the terms to use, and the exceptions. The file explains its format.
const termsFile = "internal/archtest/terms.txt"

// maxPrinted bounds the printed findings; the counts by folder are always complete.
const maxPrinted = 200

// termKind is the kind of an entry, and the kind of a checked text.
type termKind int

const (
	identKind   termKind = iota // entry: declared identifiers, and compound names in comments and documents
	textKind                    // entry: comments, documents and string literals; text: a string literal
	commentKind                 // text: a comment or a document
)

// term is one replaced name or phrase.
type term struct {
	kind  termKind
	words [][]string // for each word of the phrase, its alternatives in lower case
	old   string     // as written in the file
	use   string
}

// exception allows one term, or every term if old is "*", in the files whose path begins with prefix.
type exception struct{ prefix, old string }

// terms is the content of the terms file.
type terms struct {
	byFirst    map[string][]*term // by first word of the phrase
	all        []*term
	exceptions []exception
	used       map[exception]bool
}

// finding is one use of a replaced term.
type finding struct {
	file string
	line int
	term *term
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %q is replaced: use %s", f.file, f.line, f.term.old, f.term.use)
}

func parseTerms(text string) (*terms, error) {
	kinds := map[string]termKind{"ident": identKind, "text": textKind}
	out := &terms{byFirst: map[string][]*term{}, used: map[exception]bool{}}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells := strings.Split(line, "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		if len(cells) != 3 || slices.Contains(cells, "") {
			return nil, fmt.Errorf("%s:%d: want three cells", termsFile, i+1)
		}
		if cells[0] == "allow" {
			out.exceptions = append(out.exceptions, exception{cells[1], cells[2]})
			continue
		}
		kind, known := kinds[cells[0]]
		if !known {
			return nil, fmt.Errorf("%s:%d: unknown kind %q", termsFile, i+1, cells[0])
		}
		t := &term{kind: kind, old: cells[1], use: cells[2]}
		for _, word := range strings.Fields(strings.ToLower(cells[1])) {
			t.words = append(t.words, strings.Split(word, "/"))
		}
		out.all = append(out.all, t)
		for _, first := range t.words[0] {
			out.byFirst[first] = append(out.byFirst[first], t)
		}
	}
	return out, nil
}

// word is one word of a text, in lower case. A compound name such as LedgerReader is two words.
type word struct {
	text     string
	from, to int  // bytes
	compound bool // part of a name of several words
}

var namePattern = regexp.MustCompile(`[A-Za-z0-9]+(?:'[A-Za-z]+)?`)

// testName matches the names of test functions. They are not checked, because documents cite them.
var testName = regexp.MustCompile(`^(Test|Fuzz|Benchmark|Example)[A-Z]`)

// wordsOf splits a text into words; names are split at the humps of camel case.
func wordsOf(text string) (all []word) {
	for _, span := range namePattern.FindAllStringIndex(text, -1) {
		name, start, first := text[span[0]:span[1]], 0, len(all)
		if testName.MatchString(name) {
			continue
		}
		for i := 1; i <= len(name); i++ {
			if i == len(name) || hump(name, i) {
				all = append(all, word{text: strings.ToLower(name[start:i]), from: span[0] + start, to: span[0] + i})
				start = i
			}
		}
		for i := first; len(all)-first > 1 && i < len(all); i++ {
			all[i].compound = true
		}
	}
	return all
}

// hump reports whether a word of a camel-case name begins at i: lowerUpper, or the last upper-case letter of UPPERLower.
func hump(name string, i int) bool {
	is := func(j int, class func(rune) bool) bool { return j < len(name) && class(rune(name[j])) }
	return is(i, unicode.IsUpper) && (!is(i-1, unicode.IsUpper) || is(i+1, unicode.IsLower))
}

// gap matches the text between two words of a phrase: nothing inside a name, or white space with at most one line break.
var gap = regexp.MustCompile(`^[ \t]*\n?[ \t]*$`)

// check reports the terms in a text of one kind. line is the line of the text's first byte.
func (ts *terms) check(file string, line int, text string, kind termKind) (found []finding) {
	words := wordsOf(text)
	for i, w := range words {
		for _, t := range ts.byFirst[w.text] {
			if t.matches(text, words[i:], kind) && !ts.allowed(file, t.old) {
				found = append(found, finding{file, line + strings.Count(text[:w.from], "\n"), t})
			}
		}
	}
	return found
}

func (t *term) matches(text string, words []word, kind termKind) bool {
	if len(words) < len(t.words) || kind != commentKind && t.kind != kind {
		return false
	}
	for i, alternatives := range t.words {
		w := words[i]
		if !slices.Contains(alternatives, w.text) || i > 0 && !gap.MatchString(text[words[i-1].to:w.from]) {
			return false
		}
		// In comments an identifier's term counts only in compound names: the word itself has its usual meaning there.
		if t.kind == identKind && kind == commentKind && !w.compound {
			return false
		}
	}
	return true
}

// allowed reports whether an exception covers the term in the file.
func (ts *terms) allowed(file, old string) (yes bool) {
	for _, e := range ts.exceptions {
		if strings.HasPrefix(file, e.prefix) && (e.old == "*" || e.old == old) {
			ts.used[e], yes = true, true
		}
	}
	return yes
}

// checkGo checks identifiers where they are declared, comments, and string literals of a file that is not generated.
func (ts *terms) checkGo(s source) (found []finding) {
	if s.generated {
		return nil
	}
	line := func(p token.Pos) int { return s.set.Position(p).Line }
	for _, id := range declared(s.file) {
		found = append(found, ts.check(s.name, line(id.Pos()), id.Name, identKind)...)
	}
	for _, group := range s.file.Comments {
		var text strings.Builder
		for i, c := range group.List {
			if i > 0 {
				text.WriteByte('\n')
			}
			text.WriteString(strings.TrimPrefix(strings.TrimPrefix(c.Text, "//"), "/*"))
		}
		found = append(found, ts.check(s.name, line(group.Pos()), text.String(), commentKind)...)
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit, *ast.BinaryExpr:
			if text, ok := literal(n.(ast.Expr)); ok {
				found = append(found, ts.check(s.name, line(n.Pos()), text, textKind)...)
				return false
			}
		}
		return true
	})
	return found
}

// literal returns the text of a string literal, or of several that are joined with +.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, isLeft := literal(e.X)
		right, isRight := literal(e.Y)
		return left + right, e.Op == token.ADD && isLeft && isRight
	}
	return "", false
}

// declared returns the identifiers that a piece of code declares.
func declared(code ast.Node) (ids []*ast.Ident) {
	fields := func(list *ast.FieldList) {
		if list != nil {
			for _, f := range list.List {
				ids = append(ids, f.Names...)
			}
		}
	}
	idents := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok {
				ids = append(ids, id)
			}
		}
	}
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			ids = append(ids, n.Name)
			fields(n.Recv)
		case *ast.FuncType:
			fields(n.TypeParams)
			fields(n.Params)
			fields(n.Results)
		case *ast.StructType:
			fields(n.Fields)
		case *ast.InterfaceType:
			fields(n.Methods)
		case *ast.TypeSpec:
			ids = append(ids, n.Name)
			fields(n.TypeParams)
		case *ast.ValueSpec:
			ids = append(ids, n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				idents(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				idents(n.Key, n.Value)
			}
		case *ast.ImportSpec:
			idents(n.Name)
		}
		return true
	})
	return slices.DeleteFunc(ids, func(id *ast.Ident) bool { return id == nil })
}

// lineComment matches a comment up to the end of its line, by extension. Markers inside strings are not recognized.
var lineComment = map[string]*regexp.Regexp{
	".js":    regexp.MustCompile(`(?:^|\s)//(.*)$`),
	".ts":    regexp.MustCompile(`(?:^|\s)//(.*)$`),
	".proto": regexp.MustCompile(`(?:^|\s)//(.*)$`),
	".sql":   regexp.MustCompile(`(?:^|\s)--(.*)$`),
}

// whole lists the names and extensions of files in which everything is checked: comments, titles, messages and the text of pages.
var whole = []string{".yaml", ".yml", ".html", ".sh", ".awk", "Makefile", "Dockerfile"}

// textOf returns the function that reduces a file to the text to check, with the same number of lines; nil if the file is not
// checked, or is Go code.
func textOf(name string) func(string) string {
	ext := path.Ext(name)
	switch comment := lineComment[ext]; {
	case ext == ".md":
		return proseOf
	case comment != nil:
		return func(text string) string { return commentsOf(text, comment) }
	case slices.Contains(whole, ext), slices.Contains(whole, path.Base(name)), path.Dir(name) == ".ci":
		return func(text string) string { return strings.ReplaceAll(text, "#", " ") }
	}
	return nil
}

// commentsOf blanks everything but the comments, so that lines keep their numbers.
func commentsOf(text string, comment *regexp.Regexp) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = ""
		if m := comment.FindStringSubmatch(l); m != nil {
			lines[i] = m[1]
		}
	}
	return strings.Join(lines, "\n")
}

// code matches the fenced blocks and the inline code of a Markdown document.
var code = regexp.MustCompile("(?ms)^ *```.*?^ *```|`[^`\n]*`")

// proseOf blanks the code of a document, so that lines keep their numbers.
func proseOf(text string) string {
	return code.ReplaceAllStringFunc(text, func(s string) string { return "." + strings.Repeat("\n", strings.Count(s, "\n")) })
}

// checkDocument checks a file that is not Go code; files of other kinds have no findings.
func (ts *terms) checkDocument(name, text string) []finding {
	if reduce := textOf(name); reduce != nil {
		return ts.check(name, 1, reduce(text), commentKind)
	}
	return nil
}

// checkTerms checks every Go file of the module, nested modules included, and the documents.
func checkTerms(t *testing.T, ts *terms) (found []finding) {
	all, err := sources()
	require.NoError(t, err)
	for _, s := range all {
		found = append(found, ts.checkGo(s)...)
	}
	names, err := files()
	require.NoError(t, err)
	for _, name := range names {
		if name != "CHANGELOG.md" && textOf(name) != nil { // the change log cites old names
			found = append(found, ts.checkDocument(name, read(t, name))...)
		}
	}
	return found
}

// TestTerms: code and documents use the terms of the project, and no replaced name or phrase.
func TestTerms(t *testing.T) {
	ts, err := parseTerms(read(t, termsFile))
	require.NoError(t, err)
	found := checkTerms(t, ts)
	folders := map[string]int{}
	for i, f := range found {
		folders[path.Dir(f.file)]++
		if i < maxPrinted {
			t.Error(f)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		t.Errorf("%5d in %s", folders[folder], folder)
	}
	for _, e := range ts.exceptions {
		require.True(t, ts.used[e], "the exception for %q in %s is not needed", e.old, e.prefix)
	}
}
