// Package render writes a record as an HTML page that opens offline, a Markdown summary, a JUnit file and tables for a terminal.
// All renderings show the same view of the record. The package changes no verdict and no figure.
package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hongbao/reports"
)

// The files in the folder of a run, besides reports.RecordFile.
const (
	htmlFile    = "report.html"
	summaryFile = "summary.md"
	junitFile   = "junit.xml"
)

// rendering is one file in the folder of a run, with the function that writes it.
type rendering struct {
	name   string
	render func(io.Writer, *reports.Record) error
}

// renderings returns the files in the order in which they are put in place. The record is last, because a folder with a record
// counts as a complete run.
func renderings() []rendering {
	return []rendering{{htmlFile, writeHTML}, {summaryFile, writeMarkdown}, {junitFile, writeJUnit}, {reports.RecordFile, reports.JSON}}
}

// Write normalises r and writes its four files into dir, which it creates if needed. All files are written under temporary
// names before the first is renamed. After an error dir contains no partial file and no rendering that disagrees with its
// record. An error about the record wraps reports.ErrRecord. Write is idempotent.
func Write(dir string, r *reports.Record) (err error) {
	reports.Normalise(r)
	if err := r.Validate(); err != nil {
		return err
	}
	files := renderings()
	temps := make([]string, len(files))
	placed := 0
	defer func() {
		if err == nil {
			return
		}
		// A rendering must not stay next to the record of another run. A missing one can be rendered again.
		for _, f := range files[:placed] {
			temps = append(temps, filepath.Join(dir, f.name))
		}
		for _, t := range temps {
			if t != "" {
				_ = os.Remove(t) // the first error is reported
			}
		}
	}()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("reports: write: %w", err)
	}
	for i, f := range files {
		var b bytes.Buffer
		if err := f.render(&b, r); err != nil {
			return fmt.Errorf("reports: render %s: %w", f.name, err)
		}
		if temps[i], err = reports.WriteTemp(dir, f.name, b.Bytes()); err != nil {
			return fmt.Errorf("reports: write %s: %w", f.name, err)
		}
	}
	for i, f := range files {
		if err := os.Rename(temps[i], filepath.Join(dir, f.name)); err != nil {
			return fmt.Errorf("reports: write %s: %w", f.name, err)
		}
		temps[i] = ""
		placed++
	}
	return nil
}
