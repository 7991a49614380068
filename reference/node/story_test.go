package node_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the stories tell now into their files")

// TestStories tells every story of testdata. A line that begins with "> " is a command, the lines below it are what it
// says; "#" begins a comment. The commands are those of teller.tell. After a change that is meant, tell them anew with
// -update and read the difference.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			told := tell(t, string(text))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(told), 0o644))
				return
			}
			require.Equal(t, string(text), told)
		})
	}
}

// tell returns the story with what its commands say now.
func tell(t *testing.T, story string) string {
	var out strings.Builder
	teller := newTeller(t)
	answer := false // within what the last command said
	for line := range strings.Lines(story) {
		command, ok := strings.CutPrefix(line, "> ")
		switch {
		case ok:
			out.WriteString(line)
			out.WriteString(teller.tell(strings.TrimSpace(command)))
		case answer && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "":
			continue
		default:
			out.WriteString(line)
		}
		answer = ok || answer && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != ""
	}
	require.Empty(t, teller.faults.list, "faults that nothing met")
	return out.String()
}
