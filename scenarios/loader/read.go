package loader

import (
	"errors"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxNesting bounds the nesting of brackets and dashes. The format needs four levels; without a bound a small file of brackets
// would overflow the parser's stack.
const maxNesting = 8

// maxTokens bounds the tokens of a file. The file of the whole festival has about 1,400. The parser's time is quadratic in the
// number of keys: a megabyte of keys would take minutes.
const maxTokens = 20_000

// tree returns the only document of a source. If there is a fault, it records the fault and returns nil.
func (f *faults) tree(src string) (body ast.Node) {
	// The parser is third-party code and files are untrusted: a panic of the parser is reported as a fault of the file.
	defer func() {
		if r := recover(); r != nil {
			f.add(spot{}, "write plain YAML, like the scenarios that come with hongbao", "cannot be read as YAML")
			body = nil
		}
	}()
	tokens := lexer.Tokenize(src)
	if !f.plain(tokens) {
		return nil
	}
	doc, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if e := yaml.Error(nil); errors.As(err, &e) {
		f.add(f.where(e.GetToken()), "write plain YAML: two spaces a level, one key a line", "%s", e.GetMessage())
		return nil
	} else if err != nil {
		f.add(spot{}, "write plain YAML", "%v", err)
		return nil
	}
	for _, d := range doc.Docs {
		switch {
		case d.Body == nil:
		case body == nil:
			body = d.Body
		default:
			f.add(f.where(first(d.Body)), "write each scenario into a separate file", "a second document begins here")
			return nil
		}
	}
	if body == nil {
		f.add(spot{}, "begin with a title; `hongbao scenario show` prints an example", "is empty")
	}
	return body
}

// plain refuses YAML features that scenario files do not need and that are dangerous: aliases (a few lines can expand to
// gigabytes), tags, directives, complex keys, and deep nesting.
func (f *faults) plain(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		f.add(f.where(tokens[maxTokens]), "split the scenario", "longer than %d tokens", maxTokens)
		return false
	}
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			f.add(f.where(t), "write the value out", "anchors and aliases are not supported")
			return false
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			f.add(f.where(t), "write a plain value", "%q is not supported", t.Value)
			return false
		}
		if depth > maxNesting || dashes > maxNesting {
			f.add(f.where(t), "the format needs four levels", "nested deeper than %d levels", maxNesting)
			return false
		}
	}
	return true
}

// where returns a token's place.
func (f *faults) where(t *token.Token) spot {
	if t == nil || t.Position == nil {
		return spot{}
	}
	at := spot{t.Position.Line, t.Position.Column}
	if at.line > len(f.lines) || t.Value == "" {
		return at
	}
	// The scanner adds the blanks after a Chinese value to its column: search backwards for the start of the value.
	line := []rune(f.lines[at.line-1])
	first, _ := utf8.DecodeRuneInString(t.Value)
	for c := at.column; c > 0 && at.column-c <= maxBlanks; c-- {
		if c <= len(line) && line[c-1] == first {
			return spot{at.line, c}
		}
	}
	return at
}

// maxBlanks bounds the search for the start of a value, so that a line of a megabyte is not expensive.
const maxBlanks = 64

// read fills v from a node. at is the place of a fault if the node itself has no place, such as an omitted value.
func (f *faults) read(n ast.Node, at spot, v reflect.Value) {
	if _, null := n.(*ast.NullNode); n == nil || null {
		f.add(at, "give it a value or remove the key", "has no value")
		return
	}
	if s, ok := v.Addr().Interface().(scalar); ok {
		f.scalar(n, s)
		return
	}
	if v.Kind() == reflect.Slice {
		f.list(n, v)
		return
	}
	f.object(n, at, v)
}

// first returns the first token of a node. For a mapping the parser's own answer is the first colon.
func first(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

// scalar fills s from a node.
func (f *faults) scalar(n ast.Node, s scalar) {
	var written string
	switch n := n.(type) {
	case *ast.StringNode:
		written = n.Value
	case *ast.LiteralNode:
		written = n.Value.Value
	case ast.ScalarNode:
		written = n.GetToken().Value
	default:
		f.add(f.where(first(n)), s.form().hint, "expected %s, found %s", s.form().what, kindOf(n))
		return
	}
	problem := s.read(written)
	s.note(f.where(first(n)), problem == "")
	if problem != "" {
		f.add(f.where(first(n)), s.form().hint, "%q is not %s: it %s", short(written), s.form().what, problem)
	}
}

// list fills a slice from a node.
func (f *faults) list(n ast.Node, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		f.add(f.where(first(n)), "write a list: lines that begin with '-', or values in [ ]", "expected a list, found %s", kindOf(n))
		return
	}
	if len(seq.Values) == 0 {
		f.add(f.where(first(n)), "give it a value or remove the key", "the list is empty")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		f.read(item, f.where(first(seq)), v.Index(i))
	}
}

// object fills a struct from a node: each key appears once, unknown keys are refused, and required keys must be present.
func (f *faults) object(n ast.Node, at spot, v reflect.Value) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		f.add(f.where(first(n)), "write keys with values", "expected keys and values, found %s", kindOf(n))
		return
	}
	if len(values) > 0 && at == (spot{}) {
		at = f.where(values[0].Key.GetToken())
	}
	v.Addr().Interface().(interface{ note(spot, bool) }).note(at, true)
	keys := keysOf(v.Type())
	seen := map[string]bool{}
	for _, kv := range values {
		key := kv.Key.GetToken()
		i, known := keys[key.Value]
		switch {
		case !known:
			f.add(f.where(key), "remove it, or write one of: "+names(v.Type()), "unknown key %q", short(key.Value))
		case seen[key.Value]:
			f.add(f.where(key), "keep one of them", "key %q appears twice", key.Value)
		default:
			f.read(kv.Value, f.where(key), v.Field(i))
		}
		seen[key.Value] = true
	}
	f.missing(v.Type(), at, seen)
}

// missing records all required keys that are absent, as one fault.
func (f *faults) missing(t reflect.Type, at spot, seen map[string]bool) {
	var keys []string
	hint := "add it"
	for i := 1; i < t.NumField(); i++ {
		if key, optional := keyOf(t.Field(i)); !optional && !seen[key] {
			keys = append(keys, key)
			if description := t.Field(i).Tag.Get("jsonschema"); description != "" && len(keys) == 1 {
				hint = "add it: " + description
			}
		}
	}
	switch len(keys) {
	case 0:
	case 1:
		f.add(at, hint, "key %q is missing", keys[0])
	default:
		f.add(at, "`hongbao scenario schema` describes them", "keys are missing: %s", strings.Join(keys, ", "))
	}
}

// keyOf returns the key of a field and whether it is optional.
func keyOf(f reflect.StructField) (key string, optional bool) {
	key, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	return key, rest == "omitempty"
}

// keysOf returns the field index for each key. The first field of a struct is its place.
func keysOf(t reflect.Type) map[string]int {
	keys := map[string]int{}
	for i := 1; i < t.NumField(); i++ {
		key, _ := keyOf(t.Field(i))
		keys[key] = i
	}
	return keys
}

// names returns the keys of a struct, separated by commas.
func names(t reflect.Type) string {
	var keys []string
	for i := 1; i < t.NumField(); i++ {
		key, _ := keyOf(t.Field(i))
		keys = append(keys, key)
	}
	return strings.Join(keys, ", ")
}

// kindOf returns the kind of a node in words.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// short truncates s for an error message.
func short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
