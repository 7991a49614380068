package render

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
)

// TestGoldens compares each rendering of each record with its golden file. After an intended change run
// go test ./reports/render -run Goldens -update and review the difference.
func TestGoldens(t *testing.T) {
	renderings := map[string]func(io.Writer, *reports.Record) error{
		"json":       reports.JSON,
		"md":         writeMarkdown,
		"xml":        writeJUnit,
		"txt":        func(w io.Writer, r *reports.Record) error { return Table(w, r, false) },
		"colour.txt": func(w io.Writer, r *reports.Record) error { return Table(w, r, true) },
		"html.txt":   pageText,
	}
	for name, record := range recordtest.All() {
		for ending, render := range renderings {
			t.Run(name+"."+ending, func(t *testing.T) {
				r := record()
				reports.Normalise(r)
				require.NoError(t, r.Validate())
				var b bytes.Buffer
				require.NoError(t, render(&b, r))
				recordtest.Golden(t, name+"."+ending, b.Bytes())
			})
		}
	}
}

// pageText writes the text of the page in both languages, one element per line, without the curves, because their last digits
// depend on the processor.
func pageText(w io.Writer, r *reports.Record) error {
	var b bytes.Buffer
	if err := writeHTML(&b, r); err != nil {
		return err
	}
	_, body, _ := strings.Cut(b.String(), "<body>")
	text := regexp.MustCompile(`</?(span|b|small|i|dt|label)\b[^>]*>`).ReplaceAllString(body, " ")
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, "\n")
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			if _, err := io.WriteString(w, strings.Join(words, " ")+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}
