//go:build unix

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// block is a fenced code block of a document.
type block struct {
	line   int    // of the first line in the fence, counted from 1
	text   string // without the fences and without the indentation of the fence
	lang   string // first word of the info string
	marker string // why the block is not run: one of markers, or ""
	serve  bool   // a long-running command
	ports  []int  // with serve: the ports that it listens on
	exit   int    // the expected exit code
}

// markers returns the reasons for which a command block is not run.
func markers() []string { return []string{"container", "cluster", "browser"} }

// commands reports whether the block holds shell commands.
func (b block) commands() bool { return b.lang == "sh" || b.lang == "bash" }

// commandLine matches a line that is meant to be typed into a shell.
var commandLine = regexp.MustCompile(`^\s*(\$ )?(hongbao|go|make|curl|docker|kubectl|k6|xk6|\./\S+)( |$)`)

// background matches a line that ends with a single &.
var background = regexp.MustCompile(`(?m)[^&]&\s*(#.*)?$`)

var fence = regexp.MustCompile("^(\\s*)(```+|~~~+)\\s*([^`]*)$")

// parse returns the code blocks of a Markdown document, and its faults as "line: fault".
func parse(text string, noMarkers bool) (blocks []block, faults []string) {
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%d: ", line)+fmt.Sprintf(format, args...))
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			if indentedCode(lines, i) && commandLine.MatchString(lines[i]) {
				fault(i+1, "a command in indented code: put it into a fence of ```sh")
			}
			continue
		}
		at, b := i+1, block{line: i + 2}
		var body []string
		for i++; i < len(lines) && !closes(lines[i], open[2]); i++ {
			body = append(body, strings.TrimPrefix(lines[i], open[1]))
		}
		if i == len(lines) {
			fault(at, "the fence is not closed")
			return blocks, faults
		}
		b.text = strings.Join(body, "\n") + "\n"
		for _, f := range b.info(strings.Fields(open[3])) {
			fault(at, "%s", f)
		}
		if b.marker != "" && noMarkers {
			fault(at, "every command of this document must run: the marker %q is not allowed here", b.marker)
		}
		blocks = append(blocks, b)
	}
	return blocks, faults
}

// indentedCode reports whether line i begins Markdown's other form of a code block: four spaces after an empty line.
func indentedCode(lines []string, i int) bool {
	return i > 0 && strings.TrimSpace(lines[i-1]) == "" && (strings.HasPrefix(lines[i], "    ") || strings.HasPrefix(lines[i], "\t"))
}

func closes(line, open string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(open) && strings.Trim(line, open[:1]) == ""
}

// info reads the words after the opening fence and returns the faults in them.
func (b *block) info(words []string) (faults []string) {
	if len(words) > 0 {
		b.lang, words = words[0], words[1:]
	}
	switch b.lang {
	case "sh", "bash":
	case "shell", "zsh":
		return []string{fmt.Sprintf("```%s is not checked: use ```sh", b.lang)}
	case "", "text", "txt", "plain", "plaintext", "console":
		for i, line := range strings.Split(b.text, "\n") {
			if commandLine.MatchString(line) {
				return []string{fmt.Sprintf("line %d of the block looks like a command: begin the fence with ```sh; write output without its command", i+1)}
			}
		}
		return nil
	default:
		return nil
	}
	exits := false
	for _, w := range words {
		key, value, hasValue := strings.Cut(w, "=")
		switch {
		case slices.Contains(markers(), w) && b.marker == "":
			b.marker = w
		case key == "serve" && !b.serve:
			b.serve = true
			if hasValue {
				b.ports = numbers(value, 65535)
			} else {
				b.ports = listens(b.text)
			}
			if len(b.ports) == 0 {
				faults = append(faults, "serve: no port is known: write serve=PORT or serve=PORT,PORT")
			}
		case key == "exit" && hasValue && !exits:
			exits = true
			if code := numbers(value, 255); len(code) == 1 {
				b.exit = code[0]
				break
			}
			faults = append(faults, fmt.Sprintf("%q is not an exit code from 1 to 255", value))
		default:
			faults = append(faults, fmt.Sprintf("%q: want one of serve, serve=PORT, exit=CODE, %s, each once", w, strings.Join(markers(), ", ")))
		}
	}
	if b.marker == "" && background.MatchString(b.text) {
		faults = append(faults, "a command with & keeps running: use a separate fence with ```sh serve")
	}
	if b.serve && exits {
		faults = append(faults, "serve and exit exclude each other")
	}
	return faults
}

// numbers reads whole numbers from 1 to highest with commas between them; nil if one of them is not.
func numbers(s string, highest int) []int {
	var all []int
	for _, f := range strings.Split(s, ",") {
		n, err := strconv.Atoi(f)
		if err != nil || n < 1 || n > highest {
			return nil
		}
		all = append(all, n)
	}
	return all
}

// The ports that hongbao serve listens on by default, for the API and for metrics.
const (
	apiPort   = 8080
	debugPort = 8081
)

var (
	listenFlag = regexp.MustCompile(`--listen[ =]\S*?:(\d+)`)
	debugFlag  = regexp.MustCompile(`--debug[ =](?:\S*?:(\d+)|"")`)
	serveCall  = regexp.MustCompile(`\bhongbao serve\b|go run \. serve\b`)
)

// listens returns the ports of the command in text, or nil if they cannot be read from it.
func listens(text string) []int {
	var ports []int
	listen, debug := listenFlag.FindStringSubmatch(text), debugFlag.FindStringSubmatch(text)
	ours := serveCall.MatchString(text)
	switch {
	case ours && strings.Contains(text, "--config"):
		return nil
	case listen != nil:
		ports = numbers(listen[1], 65535)
	case ours:
		ports = []int{apiPort}
	}
	switch {
	case debug != nil && debug[1] != "":
		ports = append(ports, numbers(debug[1], 65535)...)
	case debug == nil && ours:
		ports = append(ports, debugPort)
	}
	return ports
}
