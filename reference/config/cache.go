package config

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Saver stores a text for the next process run.
type Saver interface {
	// Load returns the text that was saved last; nil: none was.
	Load() ([]byte, error)
	// Save replaces the text as a whole. An error: the former text stays.
	Save(text []byte) error
}

// Cache caches what was last read from a config centre: in memory for every request, and in a Saver for a restart while
// the centre is down. Safe for concurrent use.
type Cache struct {
	centre   wallet.ConfigCentre
	defaults wallet.Settings
	saver    Saver // nil: nothing is saved
	clock    wallet.Clock

	last atomic.Pointer[Reading] // replaced as a whole, so that readers never block

	mu    sync.Mutex // one Refresh at a time
	saved []byte     // the saved text
}

var _ wallet.ConfigCentre = (*Cache)(nil)

// Reading is the result of a read.
type Reading struct {
	On       map[wallet.Switch]bool // must not be written to
	Settings wallet.Settings
	At       wallet.Instant // when it was read from the centre; 0: never, these are the defaults
	FromFile bool           // an earlier process run has saved it, and the centre has not been reached since
}

// NewCache returns a cache of a centre. defaults are the settings until an operator changes them. saver stores the last
// reading; nil stores nothing.
func NewCache(centre wallet.ConfigCentre, defaults wallet.Settings, saver Saver, clock wallet.Clock) *Cache {
	c := &Cache{centre: centre, defaults: defaults, saver: saver, clock: clock}
	c.last.Store(&Reading{On: map[wallet.Switch]bool{}, Settings: defaults})
	return c
}

// Last returns the last reading. It does not block.
func (c *Cache) Last() Reading { return *c.last.Load() }

// Settings returns the last settings. It does not block.
func (c *Cache) Settings() wallet.Settings { return c.last.Load().Settings }

// savedReading is the format of a saved reading.
type savedReading struct {
	Switches []wallet.Switch  `json:"switches"`
	Settings *wallet.Settings `json:"settings,omitempty"` // absent: no operator has changed them
	At       wallet.Instant   `json:"at_us"`
}

// Load takes the reading that an earlier process run saved, until the centre responds. An error means that the text is
// invalid; the service can run without it.
func (c *Cache) Load() error {
	if c.saver == nil {
		return nil
	}
	text, err := c.saver.Load()
	if err == nil && text == nil {
		return nil
	}
	var k savedReading
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		err = d.Decode(&k)
	}
	to := c.defaults
	if err == nil && k.Settings != nil {
		to = *k.Settings
		err = to.Validate()
	}
	if err != nil {
		return fmt.Errorf("%w: config: the saved reading in %s: %w", wallet.ErrInvalid, c.saver, err)
	}
	on := make(map[wallet.Switch]bool, len(k.Switches))
	for _, s := range k.Switches {
		on[s] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saved = text
	c.last.Store(&Reading{On: on, Settings: to, At: k.At, FromFile: true})
	return nil
}

// Refresh reads the centre. If that fails the last reading stays. While the switch local-config is on, the settings
// stay and only the switches are updated.
func (c *Cache) Refresh(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	on, have, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if on[wallet.SwitchLocalConfig] {
		have = c.Settings()
	}
	c.last.Store(&Reading{On: on, Settings: have, At: c.clock.Now()})
	return nil
}

// Save saves the last reading for the next process run, if it differs from the saved one.
func (c *Cache) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.Last()
	if c.saver == nil || last.At == 0 {
		return nil
	}
	k := savedReading{Switches: slices.Sorted(maps.Keys(last.On)), At: last.At}
	if last.Settings.Version > 0 {
		k.Settings = &last.Settings
	}
	before := savedReading{}
	if json.Unmarshal(c.saved, &before) == nil {
		if before.At = k.At; reflect.DeepEqual(before, k) {
			return nil
		}
	}
	text, err := json.Marshal(k)
	if err == nil {
		err = c.saver.Save(text)
	}
	if err != nil {
		return fmt.Errorf("config: saving the last reading: %w", err)
	}
	c.saved = text
	return nil
}

// Read implements wallet.ConfigCentre: it reads the centre, and returns the defaults if no operator has changed
// the settings.
func (c *Cache) Read(ctx context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	on, have, err := c.centre.Read(ctx)
	if err == nil && have.Version == 0 {
		have = c.defaults
	}
	return on, have, err
}

// Set implements wallet.ConfigCentre. All instances, this one included, see the change at their next Refresh.
func (c *Cache) Set(ctx context.Context, s wallet.Switch, on bool) error {
	return c.centre.Set(ctx, s, on)
}

// Change implements wallet.ConfigCentre.
func (c *Cache) Change(ctx context.Context, s wallet.Settings) error { return c.centre.Change(ctx, s) }
