package loader

import (
	"path/filepath"
	"strings"
)

// A file may contain `like: base.yaml`: top-level keys that it omits are taken from the base file. The base file is in the
// same folder and must not have a like key. Therefore scenarios with much in common, such as the drills, share one base file.

// joined describes a text that is joined from two files: the first own lines are the file's, the others are the base file's.
type joined struct {
	other string // path of the base file; "" if there is none
	own   int    // number of lines of the file itself
	lines []int  // the line numbers, in the base file, of the lines after them
}

// place returns the file and the line number in it for a line of the joined text.
func (j joined) place(file string, line int) (string, int) {
	if i := line - j.own - 1; j.other != "" && i >= 0 && i < len(j.lines) {
		return j.other, j.lines[i]
	}
	return file, line
}

// join appends the sections of the base file that the text omits. It reads at most MaxFile bytes of the base file. It does not
// report syntax errors: the loader finds them in the joined text.
func join(path string, text string) (string, joined, *Error) {
	own := sections(text)
	like, present := own["like"]
	if !present {
		return text, joined{}, nil
	}
	value := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(like.text), "like:"))
	name, _, _ := strings.Cut(value, " #")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	fail := func(problem, hint string, cause error) *Error {
		return &Error{File: path, Line: like.number, Column: 1, Snippet: like.text, Problem: problem, Hint: hint, cause: cause}
	}
	if name == "" || name != filepath.Base(name) {
		return "", joined{}, fail("like needs the name of a file in the same folder", "write a name such as base.yaml, without a folder", nil)
	}
	other := filepath.Join(filepath.Dir(path), name)
	src, _, err := readFile(other)
	if err != nil {
		return "", joined{}, fail("the base file cannot be read", "write the name of a file in the same folder", err)
	}
	base := strings.ReplaceAll(string(src), "\r\n", "\n")
	if _, third := sections(base)["like"]; third {
		return "", joined{}, fail("the base file "+name+" has a like key itself", "write the name of a file without a like key", nil)
	}
	j := joined{other: other, own: strings.Count(text, "\n") + 1}
	var b strings.Builder
	b.WriteString(text)
	key := ""
	for i, line := range strings.Split(base, "\n") {
		if k, begins := topKey(line); begins {
			key = k
		}
		if _, overridden := own[key]; overridden || key == "" {
			continue
		}
		b.WriteString("\n" + line)
		j.lines = append(j.lines, i+1)
	}
	return b.String(), j, nil
}

// line is one line of a file and its number.
type line struct {
	number int
	text   string
}

// sections returns the first line of each top-level key of a text.
func sections(text string) map[string]line {
	out := map[string]line{}
	for i, l := range strings.Split(text, "\n") {
		key, begins := topKey(l)
		if _, again := out[key]; begins && !again {
			out[key] = line{i + 1, l}
		}
	}
	return out
}

// topKey returns the top-level key that begins on the line, if there is one.
func topKey(l string) (string, bool) {
	key, _, found := strings.Cut(l, ":")
	if !found || key == "" || strings.ContainsAny(key, " \t#\"'{[-") {
		return "", false
	}
	return key, true
}
