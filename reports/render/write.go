// Package render turns a record into its files: an HTML page that opens offline, a Markdown summary, a JUnit file, and the
// tables of the terminal. Every rendering shows the same view of the record.
package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hongbao/reports"
)

// The files of a run's directory.
const (
	HTMLFile    = "report.html"
	SummaryFile = "summary.md"
	JUnitFile   = "junit.xml"
)

// rendering is one file of the run's directory and what writes it.
type rendering struct {
	name   string
	render func(io.Writer, *reports.Record) error
}

// renderings lists the files in the order they are put in place: the record last, because a directory with a record
// is a complete run.
func renderings() []rendering {
	return []rendering{{HTMLFile, HTML}, {SummaryFile, Markdown}, {JUnitFile, JUnit}, {reports.RecordFile, reports.JSON}}
}

// Write normalises r and writes its four renderings into dir, which it creates where needed. All of them are
// rendered and stored under other names before the first gets its own. After an error dir holds no file half
// written and no rendering that disagrees with its record. An error about the record wraps ErrRecord.
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
		// A rendering beside the record of another run would mislead; one that is missing can be rendered again.
		for _, f := range files[:placed] {
			temps = append(temps, filepath.Join(dir, f.name))
		}
		for _, t := range temps {
			if t != "" {
				_ = os.Remove(t) // the error that led here is the one to report
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
		if temps[i], err = reports.Store(dir, f.name, b.Bytes()); err != nil {
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
