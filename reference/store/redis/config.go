package redis

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// ConfigCentre stores the degrade switches, one hash of those that are on, and the settings, one hash of a version and
// a JSON document. When its Redis is lost, all switches are off and the settings have version 0, as before any change.
// Its data does not expire.
type ConfigCentre struct{ c *Client }

var _ wallet.ConfigCentre = (*ConfigCentre)(nil)

// NewConfigCentre returns the config centre at c.
func NewConfigCentre(c *Client) *ConfigCentre { return &ConfigCentre{c: c} }

func (s *ConfigCentre) switches() string { return s.c.prefix + "switches" }
func (s *ConfigCentre) settings() string { return s.c.prefix + "settings" }

// Read implements wallet.ConfigCentre, in one round trip.
func (s *ConfigCentre) Read(ctx context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	b := s.c.r.B()
	m, err := s.c.pipeline(ctx, reading, "read config", rueidis.Commands{
		b.Hkeys().Key(s.switches()).Build(), b.Hget().Key(s.settings()).Field("body").Build()})
	if err != nil {
		return nil, wallet.Settings{}, err
	}
	names, err := m[0].AsStrSlice()
	if err != nil {
		return nil, wallet.Settings{}, fmt.Errorf("redis: read switches: %w", err)
	}
	on := make(map[wallet.Switch]bool, len(names))
	for _, n := range names {
		on[wallet.Switch(n)] = true
	}
	var have wallet.Settings
	if m[1].IsNil() {
		return on, have, nil
	}
	body, err := m[1].AsBytes()
	if err == nil {
		err = json.Unmarshal(body, &have)
	}
	if err == nil {
		err = have.Validate()
	}
	if err != nil {
		return nil, wallet.Settings{}, fmt.Errorf("redis: read settings: %w", err)
	}
	return on, have, nil
}

// Set implements wallet.ConfigCentre.
func (s *ConfigCentre) Set(ctx context.Context, name wallet.Switch, on bool) error {
	cmd := s.c.r.B().Hdel().Key(s.switches()).Field(string(name)).Build()
	if on {
		cmd = s.c.r.B().Hset().Key(s.switches()).FieldValue().FieldValue(string(name), "1").Build()
	}
	_, err := s.c.do(ctx, writing, "set switch", cmd)
	return err
}

const changeScript = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'body', ARGV[3])
return 1
`

// Change implements wallet.ConfigCentre.
func (s *ConfigCentre) Change(ctx context.Context, to wallet.Settings) error {
	if err := to.Validate(); err != nil {
		return err
	}
	was := to.Version
	to.Version++
	body, err := json.Marshal(to)
	if err != nil {
		return fmt.Errorf("redis: change settings: %w", err)
	}
	changed, err := s.c.number(ctx, writing, "change settings", changeScript, []string{s.settings()}, text(was), text(to.Version), string(body))
	if err == nil && changed == 0 {
		err = fmt.Errorf("%w: settings of version %d", wallet.ErrStale, was)
	}
	return err
}
