package reports

import (
	"encoding/json"
	"io"
	"os"
)

// RecordFile is the name of the record in the folder of a run.
const RecordFile = "record.json"

// WriteTemp writes data to a new temporary file in dir and returns its path. The caller renames or removes it, also after an
// error unless the path is "".
func WriteTemp(dir, name string, data []byte) (string, error) {
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

// JSON writes r in the format of record.json.
func JSON(w io.Writer, r *Record) error { return EncodeJSON(w, r) }

// EncodeJSON writes v as JSON for people: indented, and without escapes for HTML.
func EncodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(v)
}
