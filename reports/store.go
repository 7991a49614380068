package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// RecordFile is the name of the record in the folder of a run.
const RecordFile = "record.json"

// MaxRecordBytes bounds a record file. The largest record that Validate accepts stays below it.
const MaxRecordBytes = 256 << 20

// Read returns the record at path: a record.json, or the folder of a run. It is strict: an unknown field, data after the
// record, a file above MaxRecordBytes or a record that Validate rejects is an error that wraps ErrRecord. Errors of the
// file system are wrapped.
func Read(path string) (*Record, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, RecordFile)
	}
	data, err := ReadFile(path, MaxRecordBytes+1)
	if err != nil {
		return nil, fmt.Errorf("reports: read record: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// ReadFile returns the first most bytes of the file at path.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// Decode decodes data, which holds one record, with the errors of Read. It checks the schema first, so that a record of
// another version gives an error about the schema and not about unknown fields.
func Decode(data []byte) (*Record, error) {
	if len(data) > MaxRecordBytes {
		return nil, bad("more than %d bytes", MaxRecordBytes)
	}
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("%w: not a JSON object: %w", ErrRecord, err)
	}
	if version.Schema != Schema {
		return nil, bad("schema %q, want %q", version.Schema, Schema)
	}
	r := new(Record)
	if err := DecodeStrict(data, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	Normalise(r)
	return r, nil
}

// DecodeStrict decodes JSON into v. An unknown field is an error.
func DecodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

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
