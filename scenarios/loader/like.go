package loader

import (
	"os"
	"path/filepath"
	"strings"
)

// A file may say `like: other.yaml`: what it leaves out of the keys at its top is as in the other file, which stands
// beside it and is like no third one. So a family of scenarios, such as the drills, is written down once.

// joined is a text that came from two files: the lines after own are those of the other one.
type joined struct {
	other string // its path; "" where there is none
	own   int    // lines of the file itself
	lines []int  // of each line after them, its number in the other file
}

// place returns the file and line that a line of the whole text came from.
func (j joined) place(file string, line int) (string, int) {
	if i := line - j.own - 1; j.other != "" && i >= 0 && i < len(j.lines) {
		return j.other, j.lines[i]
	}
	return file, line
}

// join adds to a file's text what it has from the one that it is like. It reads no more than MaxFile of it. What is
// wrong with that is left to the loader: a text that it cannot take apart stays as it is.
func join(path string, text string) (string, joined, *Error) {
	own := sections(text)
	like, said := own["like"]
	if !said {
		return text, joined{}, nil
	}
	value := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(like[0].text), "like:"))
	name, _, _ := strings.Cut(value, " #")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	fail := func(problem, hint string, cause error) *Error {
		return &Error{File: path, Line: like[0].number, Column: 1, Snippet: like[0].text, Problem: problem, Hint: hint, cause: cause}
	}
	if name == "" || name != filepath.Base(name) {
		return "", joined{}, fail("like wants the name of a file beside this one", "write a name such as base.yaml, without a folder", nil)
	}
	other := filepath.Join(filepath.Dir(path), name)
	src, err := readFile(other)
	if err != nil {
		return "", joined{}, fail("the file that it is like cannot be read", "write the name of a file beside this one", err)
	}
	base := strings.ReplaceAll(string(src), "\r\n", "\n")
	if _, third := sections(base)["like"]; third {
		return "", joined{}, fail(name+" is like another file itself", "name a file that is whole", nil)
	}
	j := joined{other: other, own: strings.Count(text, "\n") + 1}
	var b strings.Builder
	b.WriteString(text)
	key := ""
	for i, line := range strings.Split(base, "\n") {
		if k, begins := topKey(line); begins {
			key = k
		}
		if _, mine := own[key]; mine || key == "" {
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

// sections returns the lines of each key at the top of a text.
func sections(text string) map[string][]line {
	out, key := map[string][]line{}, ""
	for i, l := range strings.Split(text, "\n") {
		if k, begins := topKey(l); begins {
			key = k
		}
		if key != "" {
			out[key] = append(out[key], line{i + 1, l})
		}
	}
	return out
}

// topKey returns the key that a line begins at the top of a file.
func topKey(l string) (string, bool) {
	key, _, found := strings.Cut(l, ":")
	if !found || key == "" || strings.ContainsAny(key, " \t#\"'{[-") {
		return "", false
	}
	return key, true
}

// readFile reads at most a little more than MaxFile of a file.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readBounded(file)
}
