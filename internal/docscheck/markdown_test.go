//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fences turns ”' into ```, which a raw string cannot hold.
func fences(s string) string { return strings.ReplaceAll(s, "'''", "```") }

func TestParse(t *testing.T) {
	blocks, faults := parse(fences(`# Title

'''sh
make build
'''

'''console
scenarios/rain-peak.yaml  A rain
'''

- in a list:

  '''bash exit=3
  ./hongbao sim broken.yaml
    --seed 1
  '''

~~~sh serve
./hongbao serve
~~~

'''sh container
docker compose up
'''

~~~~sh
echo '~~~'
~~~~
`), false)
	require.Empty(t, faults)
	var commands []block
	for _, b := range blocks {
		if b.commands() {
			commands = append(commands, b)
		}
	}
	require.Equal(t, []block{
		{line: 4, text: "make build\n", lang: "sh"},
		{line: 14, text: "./hongbao sim broken.yaml\n  --seed 1\n", lang: "bash", exit: 3},
		{line: 19, text: "./hongbao serve\n", lang: "sh", serve: true, ports: []int{8080, 8081}},
		{line: 23, text: "docker compose up\n", lang: "sh", marker: "container"},
		{line: 27, text: "echo '~~~'\n", lang: "sh"},
	}, commands)
	require.Len(t, blocks, len(commands)+1, "the transcript is a block too")
}

// TestFaults has one document for each fault, and the harmless neighbours of some.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"'''\nmake test\n'''\n", "1: line 1 of the block looks like a command"},
		{"'''\n\nhongbao load x\n'''\n", "1: line 2 of the block looks like a command"},
		{"'''text\ncurl -s http://127.0.0.1\n'''\n", "looks like a command"},
		{"'''\ngo run . sim x\n'''\n", "looks like a command"},
		{"'''\n./hongbao serve\n'''\n", "looks like a command"},
		{"'''\n$ make demo\n'''\n", "looks like a command"},
		{"'''\nhongbao: nothing was offered\n'''\n", ""},                       // a message of the program
		{"'''\nsim ─→ sim/fault\n'''\n", ""},                                   // a drawing
		{"'''yaml\nmake: 1\n'''\n", ""},                                        // another language
		{"'''console\n$ make demo\n'''\n", "looks like a command"},             // a transcript, which would never run
		{"'''console\nPASS\n'''\n", ""},                                        // output
		{"text\n\n    make test\n", "3: a command in indented code"},           //
		{"- a\n\n    make of things what you like\n", "a command in indented"}, // no way to tell: write it otherwise
		{"- a\n    make of it what you like\n", ""},                            // a paragraph goes on
		{"'''shell\nls\n'''\n", "use ```sh"},                                   //
		{"'''sh\nls\n", "1: the fence is not closed"},                          //
		{"'''sh network\nls\n'''\n", `"network": want one of`},                 // the list of markers is closed
		{"'''sh container cluster\nls\n'''\n", `"cluster": want one of`},       //
		{"'''sh exit=0\nls\n'''\n", "is not an exit code"},                     // that is the default
		{"'''sh exit=256\nls\n'''\n", "is not an exit code"},                   //
		{"'''sh exit\nls\n'''\n", `"exit": want one of`},                       //
		{"'''sh serve exit=3\n./hongbao serve\n'''\n", "exclude each other"},   //
		{"'''sh serve\n./other\n'''\n", "no port is known"},                    // another program
		{"'''sh serve\n./hongbao serve --config a.yaml\n'''\n", "no port is"},  // the file may name others
		{"'''sh serve=x\n./other\n'''\n", "no port is known"},                  //
		{"'''sh serve=9000\n./other\n'''\n", ""},                               //
		{"'''sh\n./hongbao serve &\nls\n'''\n", "use a separate fence"},        //
		{"'''sh\n./hongbao serve & # now\n'''\n", "use a separate fence"},      //
		{"'''sh\ntrue &&\n  true\n'''\n", ""},                                  //
		{"'''sh container\ndocker run x &\n'''\n", ""},                         // it is not run
	} {
		_, faults := parse(fences(c.text), false)
		if c.want == "" {
			require.Empty(t, faults, c.text)
			continue
		}
		require.Len(t, faults, 1, c.text)
		require.Contains(t, faults[0], c.want)
	}
	_, faults := parse(fences("'''sh container\nls\n'''\n"), true)
	require.Len(t, faults, 1)
	require.Contains(t, faults[0], "every command of this document must run")
}

func TestListens(t *testing.T) {
	for text, want := range map[string][]int{
		"./hongbao serve":                                       {8080, 8081},
		"go run . serve --scenario x":                           {8080, 8081},
		"./hongbao serve --listen 127.0.0.1:18431 --debug \"\"": {18431},
		"./hongbao serve --listen=:1 --debug=127.0.0.1:2":       {1, 2},
		"./naive --listen 127.0.0.1:8090 --keys k.json":         {8090},
		"./naive":                                nil,
		"make build && ./hongbao serve --data x": {8080, 8081},
		"./hongbao serve --config x.yaml":        nil,
		"./hongbao load --target http://127.0.0.1:8080 --peak 500/s #": nil,
	} {
		require.Equal(t, want, listens(text), text)
	}
}
