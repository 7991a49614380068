package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The files of a run's directory.
const (
	RecordFile  = "record.json"
	HTMLFile    = "report.html"
	SummaryFile = "summary.md"
	JUnitFile   = "junit.xml"
)

// rendering is one file of the run's directory and what writes it.
type rendering struct {
	name   string
	render func(io.Writer, *Record) error
}

// renderings lists the files in the order they are put in place: the record last, because a directory with a record
// is a complete run.
func renderings() []rendering {
	return []rendering{{HTMLFile, HTML}, {SummaryFile, Markdown}, {JUnitFile, JUnit}, {RecordFile, JSON}}
}

// Write normalises r and writes its four renderings into dir, which it creates where needed. All of them are
// rendered and stored under other names before the first gets its own. After an error dir holds no file half
// written and no rendering that disagrees with its record. An error about the record wraps ErrRecord.
func Write(dir string, r *Record) (err error) {
	Normalise(r)
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
		if temps[i], err = store(dir, f.name, b.Bytes()); err != nil {
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

// store writes data to a new file in dir and returns its path, "" when there is nothing to clean up.
func store(dir, name string, data []byte) (string, error) {
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return f.Name(), err
}

// JSON writes r as record.json holds it.
func JSON(w io.Writer, r *Record) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}
