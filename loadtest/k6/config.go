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

// Config is the argument of festival(), as JSON.
type Config struct {
	// Scenario is the path of the scenario file, relative to the working directory of k6. The service must serve the same
	// file (hongbao serve --scenario).
	Scenario string `json:"scenario"`

	// Target is the service's URL.
	Target string `json:"target"`

	// Keys is the path of the keys file, as created by hongbao serve and used by hongbao sign.
	Keys string `json:"keys"`

	Caller   string `json:"caller"`   // the caller that signs grants; "" = demo
	Operator string `json:"operator"` // the operator (an auditor) that reads the service's state; "" = auditor

	// Window is the window to run, by name or slug; "" = the first of Play, or else the peak.
	Window string `json:"window"`

	// Play is the play whose first official window is run, if Window is not given.
	Play string `json:"play"`

	// Peak is the highest rate of the window, such as "500/s"; "" = the scenario's own.
	Peak rate `json:"peak"`

	// Duration is the length to which the window is scaled; 0 = its own length.
	Duration span `json:"duration"`

	// Seed determines who the people are and what they win. 0 = drawn from the clock, and printed. Instances of the same
	// test need the same seed. With a seed that was used before, people win nothing more.
	Seed seed `json:"seed"`

	// LoadTest puts the load-test mark on every request, so that the service uses its shadow wallet (K2). Absent = true.
	LoadTest *bool `json:"loadTest"`
	unmarked bool  // the inverse of LoadTest, which is nil after reading, so that equal configurations compare as equal

	// Keep leaves the load-test data in place after the audit. An instance that runs a part of a test always does.
	Keep bool `json:"keep"`

	// Shared reports that others change the service's live data meanwhile, so that a change there is not a violation.
	Shared bool `json:"shared"`

	Timeout span `json:"timeout"` // of one try; 0 = the scenario's
	Tries   int  `json:"tries"`   // of one call; 0 = the scenario's
}

// maxConfigText bounds the configuration, in bytes.
const maxConfigText = 1 << 16

// maxSeed is the largest integer that JavaScript represents exactly together with its neighbours.
const maxSeed = 1<<53 - 1

var errConfig = errors.New("hongbao.festival")

// parseConfig reads and checks the configuration of a script. The error is for the script's author.
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

// strict reads one JSON value into v and refuses unknown field names.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("pass one object only")
	}
	return nil
}

// focus loads the scenario file and returns the window as a separate scenario.
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
	// Hedged second tries and double taps outlast an iteration, and k6 ends everything that belongs to one with it.
	client.Hedge.Num, client.Repeat.Num = 0, 0
	return s.StockedAs(whole), nil
}

// rate is a rate as in scenario files, or a plain number per second.
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
		return fmt.Errorf("peak %q: the rate must be above zero", text)
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

// seed is an integer, as a number in a script or as text from an environment variable.
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

// plain returns a JSON string without its quotes, or a number unchanged; "" for null.
func plain(b []byte) string {
	var text string
	if json.Unmarshal(b, &text) == nil {
		return strings.TrimSpace(text)
	}
	return string(b)
}

// maxSpan bounds durations: below a day, k6's integer rates give exact totals (see stagesOf).
const maxSpan = 24 * time.Hour
