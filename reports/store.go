package reports

import (
	"encoding/json"
	"io"
	"os"
)

const RecordFile = "record.json"

// Store writes data to a new file in dir and returns its path, "" when there is nothing to clean up.
func Store(dir, name string, data []byte) (string, error) {
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
