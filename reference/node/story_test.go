package node_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the present output of the stories into their files")

// TestStories runs every story of testdata. A line that begins with "> " is a command, and the lines below it are its
// output; "#" begins a comment. The commands are listed in storyRunner.commands. After an intended change run with
// -update and read the diff.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			output := runStory(t, string(text))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(output), 0o644))
				return
			}
			require.Equal(t, string(text), output)
		})
	}
}

// runStory returns the story with the present output of its commands.
func runStory(t *testing.T, story string) string {
	var out strings.Builder
	runner := newRunner(t)
	answer := false // within the output of the last command
	for line := range strings.Lines(story) {
		command, ok := strings.CutPrefix(line, "> ")
		switch {
		case ok:
			out.WriteString(line)
			out.WriteString(runner.run(strings.TrimSpace(command)))
		case answer && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "":
			continue
		default:
			out.WriteString(line)
		}
		answer = ok || answer && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != ""
	}
	require.Empty(t, runner.faults.list, "faults that no call met")
	return out.String()
}
