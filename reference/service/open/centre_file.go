package open

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"hongbao/reference/wallet"
)

// fileCentre is a config centre in a YAML file, for an instance that does not share it. People may edit the file while the
// service runs: each Read checks its content. An invalid file is refused as a whole, and Set and Change drop its
// comments. Safe for concurrent use.
type fileCentre struct {
	name string

	mu   sync.Mutex
	text []byte // the text of doc; nil: nothing was read yet
	doc  centreDocument
}

var _ wallet.ConfigCentre = (*fileCentre)(nil)

// newFileCentre returns the centre in a file. The file may be absent: then nothing was changed.
func newFileCentre(name string) *fileCentre { return &fileCentre{name: name} }

// centreDocument is the file's format.
type centreDocument struct {
	Switches []wallet.Switch `yaml:"switches"` // those that are on
	Settings *centreSettings `yaml:"settings,omitempty"`
}

// centreSettings is wallet.Settings in the file.
type centreSettings struct {
	Version        int64         `yaml:"version"`
	Release        centreRelease `yaml:"release"`
	WithdrawPerDay wallet.Money  `yaml:"withdraw_per_day_fen"`
	WithdrawTimes  int           `yaml:"withdraw_times"`
	ShortPage      int           `yaml:"short_page"`
}

type centreRelease struct {
	Num       int64          `yaml:"num"`
	Den       int64          `yaml:"den"`
	WhiteList []wallet.ActID `yaml:"white_list,omitempty"`
}

func (d centreDocument) wallet() wallet.Settings {
	if d.Settings == nil {
		return wallet.Settings{}
	}
	s := d.Settings
	return wallet.Settings{Version: s.Version, Release: wallet.Release(s.Release), WithdrawPerDay: s.WithdrawPerDay,
		WithdrawTimes: s.WithdrawTimes, ShortPage: s.ShortPage}
}

// Read implements wallet.ConfigCentre. ErrUnavailable: the file cannot be read. ErrInvalid: it is invalid; the error
// gives the position.
func (f *fileCentre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
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
func (f *fileCentre) read() error {
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
	doc, err := parseCentre(text)
	if err != nil {
		return fmt.Errorf("%w: config: %s: %s", wallet.ErrInvalid, f.name, err)
	}
	f.text, f.doc = text, doc
	return nil
}

// parseCentre parses a file strictly.
func parseCentre(text []byte) (centreDocument, error) {
	var doc centreDocument
	err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return centreDocument{}, nil
	}
	if err != nil {
		return centreDocument{}, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	all := wallet.AllSwitches()
	for i, s := range doc.Switches {
		if !slices.Contains(all, s) {
			return centreDocument{}, fmt.Errorf("unknown switch %q", s)
		}
		if slices.Contains(doc.Switches[:i], s) {
			return centreDocument{}, fmt.Errorf("switch %q is listed twice", s)
		}
	}
	if doc.Settings == nil {
		return doc, nil
	}
	if doc.Settings.Version < 1 {
		return centreDocument{}, errors.New("the settings have no version: begin with 1")
	}
	return doc, doc.wallet().Validate()
}

// Set implements wallet.ConfigCentre. ErrInvalid: unknown switch, or the file is invalid. ErrUnavailable: the file
// cannot be read or written; nothing was changed.
func (f *fileCentre) Set(_ context.Context, s wallet.Switch, on bool) error {
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
func (f *fileCentre) Change(_ context.Context, to wallet.Settings) error {
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
	doc.Settings = &centreSettings{to.Version + 1, centreRelease(to.Release), to.WithdrawPerDay, to.WithdrawTimes, to.ShortPage}
	doc.Settings.Release.WhiteList = slices.Clone(to.Release.WhiteList)
	return f.write(doc)
}

// write replaces the file. The caller holds the lock.
func (f *fileCentre) write(doc centreDocument) error {
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
