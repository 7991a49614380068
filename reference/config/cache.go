package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Cache is a config centre with what was last read of it at hand: in memory for every request, and in a file for a restart
// while the centre is down. It is safe for concurrent use.
type Cache struct {
	centre   wallet.ConfigCentre
	defaults wallet.Settings
	file     string
	clock    wallet.Clock

	last atomic.Pointer[Reading] // replaced whole: readers never wait

	mu    sync.Mutex // one Refresh at a time
	saved []byte     // what the file holds
}

var _ wallet.ConfigCentre = (*Cache)(nil)

// Reading is what was read of a centre.
type Reading struct {
	On       map[wallet.Switch]bool // must not be written to
	Settings wallet.Settings
	At       wallet.Instant // when it was read from the centre; 0: never, these are the defaults
	Kept     bool           // it comes from the file, and the centre was not reached since
}

// NewCache returns a cache of a centre. defaults are the settings while nobody has changed them. file is where the last
// reading is kept; "" keeps none.
func NewCache(centre wallet.ConfigCentre, defaults wallet.Settings, file string, clock wallet.Clock) *Cache {
	c := &Cache{centre: centre, defaults: defaults, file: file, clock: clock}
	c.last.Store(&Reading{On: map[wallet.Switch]bool{}, Settings: defaults})
	return c
}

// Last returns what was read last, at once.
func (c *Cache) Last() Reading { return *c.last.Load() }

// Settings returns the settings that were read last, at once.
func (c *Cache) Settings() wallet.Settings { return c.last.Load().Settings }

// kept is a reading in the file.
type kept struct {
	Switches []wallet.Switch  `json:"switches"`
	Settings *wallet.Settings `json:"settings,omitempty"` // none: nobody has changed them
	At       wallet.Instant   `json:"at_us"`
}

// Recall takes over the reading that an earlier life has kept, until the centre answers. An error says that the file is
// wrong; the service can go on without it.
func (c *Cache) Recall() error {
	if c.file == "" {
		return nil
	}
	text, err := readBounded(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var k kept
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
		return fmt.Errorf("%w: config: what an earlier life has kept in %s: %w", wallet.ErrInvalid, c.file, err)
	}
	on := make(map[wallet.Switch]bool, len(k.Switches))
	for _, s := range k.Switches {
		on[s] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saved = text
	c.last.Store(&Reading{On: on, Settings: to, At: k.At, Kept: true})
	return nil
}

// Refresh reads the centre. While it fails, what was read last holds. While operators have thrown local-config, the
// settings stay as they are and the switches alone are followed.
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

// Keep writes what was read last to the file, for another life, when it says something new.
func (c *Cache) Keep() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.Last()
	if c.file == "" || last.At == 0 {
		return nil
	}
	k := kept{Switches: slices.Sorted(maps.Keys(last.On)), At: last.At}
	if last.Settings.Version > 0 {
		k.Settings = &last.Settings
	}
	before := kept{}
	if json.Unmarshal(c.saved, &before) == nil {
		if before.At = k.At; reflect.DeepEqual(before, k) {
			return nil
		}
	}
	text, err := json.Marshal(k)
	if err == nil {
		err = replace(c.file, text)
	}
	if err != nil {
		return fmt.Errorf("config: keeping what was read: %w", err)
	}
	c.saved = text
	return nil
}

// Read implements wallet.ConfigCentre: it asks the centre, and returns the defaults where nobody has changed the settings.
func (c *Cache) Read(ctx context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	on, have, err := c.centre.Read(ctx)
	if err == nil && have.Version == 0 {
		have = c.defaults
	}
	return on, have, err
}

// Set implements wallet.ConfigCentre. This instance knows at its next Refresh, as the others do.
func (c *Cache) Set(ctx context.Context, s wallet.Switch, on bool) error {
	return c.centre.Set(ctx, s, on)
}

// Change implements wallet.ConfigCentre.
func (c *Cache) Change(ctx context.Context, s wallet.Settings) error { return c.centre.Change(ctx, s) }
