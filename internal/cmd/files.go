package cmd

import (
	"io"
	"os"
)

// readFile reads a file, but at most limit bytes and one.
func readFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit+1))
}

// readAtMost reads a file of at most limit bytes.
func readAtMost(name string, limit int) ([]byte, error) {
	b, err := readFile(name, int64(limit))
	if err != nil {
		return nil, usage("%w", err)
	}
	if len(b) > limit {
		return nil, usage("%s is larger than %d bytes", name, limit)
	}
	return b, nil
}
