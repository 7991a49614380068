package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"hongbao/reference/wallet"
)

// maxFile bounds a file in bytes: a full white list takes 200 KB.
const maxFile = 1 << 20

// File is a config centre in a YAML file, for an instance that does not share it. People may edit the file while the
// service runs: each Read checks its content. An invalid file is refused as a whole, and Set and Change drop its
// comments. Safe for concurrent use.
type File struct {
	name string

	mu   sync.Mutex
	text []byte // the text of doc; nil: nothing was read yet
	doc  document
}

var _ wallet.ConfigCentre = (*File)(nil)

// NewFile returns the centre in a file. The file may be absent: then nothing was changed.
func NewFile(name string) *File { return &File{name: name} }

// document is the file's format.
type document struct {
	Switches []wallet.Switch `yaml:"switches"` // those that are on
	Settings *settings       `yaml:"settings,omitempty"`
}

// settings is wallet.Settings in the file.
type settings struct {
	Version        int64        `yaml:"version"`
	Release        release      `yaml:"release"`
	WithdrawPerDay wallet.Money `yaml:"withdraw_per_day_fen"`
	WithdrawTimes  int          `yaml:"withdraw_times"`
	ShortPage      int          `yaml:"short_page"`
}

type release struct {
	Num       int64          `yaml:"num"`
	Den       int64          `yaml:"den"`
	WhiteList []wallet.ActID `yaml:"white_list,omitempty"`
}

func (d document) wallet() wallet.Settings {
	if d.Settings == nil {
		return wallet.Settings{}
	}
	s := d.Settings
	return wallet.Settings{Version: s.Version, Release: wallet.Release(s.Release), WithdrawPerDay: s.WithdrawPerDay,
		WithdrawTimes: s.WithdrawTimes, ShortPage: s.ShortPage}
}

// Read implements wallet.ConfigCentre. ErrUnavailable: the file cannot be read. ErrInvalid: it is invalid; the error
// gives the position.
func (f *File) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.read(); err != nil {
		return nil, wallet.Settings{}, err
	}
	on := make(map[wallet.Switch]bool, len(f.doc.Switches))
	for _, s := range f.doc.Switches {
		on[s] = true
	}
	have := f.doc.wallet()
	have.Release.WhiteList = slices.Clone(have.Release.WhiteList)
	return on, have, nil
}

// read loads the file if its content has changed. The caller holds the lock.
func (f *File) read() error {
	text, err := readBounded(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte{}, nil
	}
	if err != nil {
		return fmt.Errorf("%w: config: %w", wallet.ErrUnavailable, err)
	}
	if f.text != nil && bytes.Equal(f.text, text) {
		return nil
	}
	doc, err := parse(text)
	if err != nil {
		return fmt.Errorf("%w: config: %s: %s", wallet.ErrInvalid, f.name, err)
	}
	f.text, f.doc = text, doc
	return nil
}

// readBounded returns a file's content.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return text, err
}

// parse parses a file strictly.
func parse(text []byte) (document, error) {
	var doc document
	err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return document{}, nil
	}
	if err != nil {
		return document{}, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	all := wallet.AllSwitches()
	for i, s := range doc.Switches {
		if !slices.Contains(all, s) {
			return document{}, fmt.Errorf("unknown switch %q", s)
		}
		if slices.Contains(doc.Switches[:i], s) {
			return document{}, fmt.Errorf("switch %q is listed twice", s)
		}
	}
	if doc.Settings == nil {
		return doc, nil
	}
	if doc.Settings.Version < 1 {
		return document{}, errors.New("the settings have no version: begin with 1")
	}
	return doc, doc.wallet().Validate()
}

// Set implements wallet.ConfigCentre. ErrInvalid: unknown switch, or the file is invalid. ErrUnavailable: the file
// cannot be read or written; nothing was changed.
func (f *File) Set(_ context.Context, s wallet.Switch, on bool) error {
	if !slices.Contains(wallet.AllSwitches(), s) {
		return fmt.Errorf("%w: config: unknown switch %q", wallet.ErrInvalid, s)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.read(); err != nil {
		return err
	}
	at := slices.Index(f.doc.Switches, s)
	if on == (at >= 0) {
		return nil
	}
	doc := f.doc
	if on {
		doc.Switches = append(slices.Clone(doc.Switches), s)
	} else {
		doc.Switches = slices.Delete(slices.Clone(doc.Switches), at, at+1)
	}
	return f.write(doc)
}

// Change implements wallet.ConfigCentre. ErrUnavailable: the file cannot be read or written; nothing was changed.
func (f *File) Change(_ context.Context, to wallet.Settings) error {
	if err := to.Validate(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.read(); err != nil {
		return err
	}
	if have := f.doc.wallet().Version; have != to.Version {
		return fmt.Errorf("%w: config: settings are based on version %d, the current one is %d", wallet.ErrStale, to.Version, have)
	}
	doc := f.doc
	doc.Settings = &settings{to.Version + 1, release(to.Release), to.WithdrawPerDay, to.WithdrawTimes, to.ShortPage}
	doc.Settings.Release.WhiteList = slices.Clone(to.Release.WhiteList)
	return f.write(doc)
}

// write replaces the file. The caller holds the lock.
func (f *File) write(doc document) error {
	text, err := yaml.Marshal(doc)
	if err == nil {
		err = replace(f.name, text)
	}
	if err != nil {
		return fmt.Errorf("%w: config: %w", wallet.ErrUnavailable, err)
	}
	f.text, f.doc = text, doc
	return nil
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
