package open

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hongbao/reference/config"
)

// maxSmallFile bounds a file in bytes: a full white list takes 200 KB.
const maxSmallFile = 1 << 20

// savedReading is the file of what was last read from the config centre.
type savedReading struct{ name string }

var _ config.Saver = savedReading{}

// Load implements config.Saver.
func (f savedReading) Load() ([]byte, error) {
	text, err := readBounded(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// Save implements config.Saver.
func (f savedReading) Save(text []byte) error { return replace(f.name, text) }

// String returns the name of the file.
func (f savedReading) String() string { return f.name }

// readBounded returns a file's content.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSmallFile+1))
	if err == nil && len(text) > maxSmallFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxSmallFile)
	}
	return text, err
}

// replace writes a file atomically.
func replace(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
