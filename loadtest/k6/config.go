package k6

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// Config is what a script passes to festival(), as JSON.
type Config struct {
	// Scenario is the path of the scenario file, from the folder that k6 runs in. The service must grant by the same
	// file (hongbao serve --scenario).
	Scenario string `json:"scenario"`

	// Target is the service's URL.
	Target string `json:"target"`

	// Keys is the path of the keys file, as hongbao serve makes it and hongbao sign uses it.
	Keys string `json:"keys"`

	Caller   string `json:"caller"`   // who signs grants; "" = demo
	Operator string `json:"operator"` // who asks how the service stands, an auditor; "" = auditor

	// Window is the window to play, by name or slug; "" = the first of Play, or else the peak.
	Window string `json:"window"`

	// Play is the play whose first official window is played, where Window is not given.
	Play string `json:"play"`

	// Peak is the highest rate of the window, such as "500/s"; "" = the scenario's own.
	Peak rate `json:"peak"`

	// Duration is what the window is stretched to; 0 = its own.
	Duration span `json:"duration"`

	// Seed decides who the people are and what they win. 0 = one drawn from the clock, and printed. Instances that share
	// a test need the same one. People who have won once win nothing more under the same seed.
	Seed seed `json:"seed"`

	// LoadTest marks every request, so that the service keeps its live wallet out of it (K2). Left out = true.
	LoadTest *bool `json:"loadTest"`
	unmarked bool  // what LoadTest said; it is nil once read, so that equal configurations are equal

	// Keep leaves the marked data where it is after the audit. An instance that plays a part of a test always does.
	Keep bool `json:"keep"`

	// Shared says that others move the service's live data meanwhile, so that a change there is not held against the run.
	Shared bool `json:"shared"`

	Timeout span `json:"timeout"` // of one try; 0 = the scenario's
	Tries   int  `json:"tries"`   // of one call; 0 = the scenario's
}

// maxConfigText bounds what festival() reads, in bytes.
const maxConfigText = 1 << 16

// maxSeed is the largest whole number that JavaScript tells from its neighbours.
const maxSeed = 1<<53 - 1

var errConfig = errors.New("hongbao.festival")

// parseConfig reads and checks what a script passed. The error is for the script's author.
func parseConfig(text []byte) (Config, error) {
	var c Config
	if len(text) > maxConfigText {
		return c, fmt.Errorf("%w: more than %d bytes of configuration", errConfig, maxConfigText)
	}
	if err := strict(text, &c); err != nil {
		return c, fmt.Errorf("%w: %w", errConfig, err)
	}
	c.unmarked, c.LoadTest = c.LoadTest != nil && !*c.LoadTest, nil
	for _, missing := range []struct{ name, have string }{{"scenario", c.Scenario}, {"target", c.Target}, {"keys", c.Keys}} {
		if missing.have == "" {
			return c, fmt.Errorf("%w: %s is missing", errConfig, missing.name)
		}
	}
	if c.Window != "" && c.Play != "" {
		return c, fmt.Errorf("%w: name a window or a play, not both", errConfig)
	}
	if c.Caller == "" {
		c.Caller = "demo"
	}
	if c.Operator == "" {
		c.Operator = "auditor"
	}
	return c, nil
}

// strict reads one JSON value into v and refuses names that v has no field for.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("one object is all it takes")
	}
	return nil
}

// focus loads the scenario file and returns the window as a scenario of its own.
func (c *Config) focus() (*scenarios.Scenario, error) {
	whole, err := loader.Load(c.Scenario)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	name := c.Window
	if c.Play != "" {
		if name, err = firstOf(whole, scenarios.Play(c.Play)); err != nil {
			return nil, err
		}
	}
	s, err := scenarios.Focus(whole, name, c.Peak.Ratio, time.Duration(c.Duration))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	client := &s.People.Client
	client.Timeout, client.Tries = cmp.Or(time.Duration(c.Timeout), client.Timeout), cmp.Or(c.Tries, client.Tries)
	// Impatient second tries and double taps outlast an iteration, and k6 ends whatever belongs to one with it.
	client.Hedge.Num, client.Repeat.Num = 0, 0
	return s.StockedAs(whole), nil
}

// rate is a rate as scenario files write it, or a plain number a second.
type rate struct{ scenarios.Ratio }

// UnmarshalJSON implements json.Unmarshaler.
func (r *rate) UnmarshalJSON(b []byte) (err error) {
	text := plain(b)
	if text == "" {
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "/s"
	}
	if r.Ratio, err = loader.ParseRate(text); err != nil {
		return fmt.Errorf("peak: %w", err)
	}
	if r.Num <= 0 {
		return fmt.Errorf("peak %q: a rate above zero", text)
	}
	return nil
}

// span is a duration such as "30s", or a number of seconds.
type span time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (s *span) UnmarshalJSON(b []byte) error {
	text := plain(b)
	if text == "" {
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxSpan {
		return fmt.Errorf("%q is not a duration such as 30s, of at most %v", text, maxSpan)
	}
	*s = span(d)
	return nil
}

// seed is a whole number, as a script's number or as the text that an environment has.
type seed uint64

// UnmarshalJSON implements json.Unmarshaler.
func (s *seed) UnmarshalJSON(b []byte) error {
	text := plain(b)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > maxSeed {
		return fmt.Errorf("seed %q is not a whole number from 0 to %d", text, int64(maxSeed))
	}
	*s = seed(n)
	return nil
}

// plain returns a JSON text without its quotes, or a number as it stands; "" for null.
func plain(b []byte) string {
	var text string
	if json.Unmarshal(b, &text) == nil {
		return strings.TrimSpace(text)
	}
	return string(b)
}

// maxSpan bounds durations: below a day, k6's whole numbers give exact totals (see stages).
const maxSpan = 24 * time.Hour
