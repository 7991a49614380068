package service_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/service"
	"hongbao/reference/wallet"
)

// TestConfigIsChecked: a configuration that cannot work is refused, with the field's name and what is allowed.
func TestConfigIsChecked(t *testing.T) {
	ports := memoryPorts(t)
	require.NoError(t, memoryConfig().Validate())
	for _, c := range []struct {
		change func(*service.Config)
		want   string
	}{
		{func(c *service.Config) { c.Name = "" }, "Name is empty"},
		{func(c *service.Config) { c.Activity.Children = nil }, "there is no child"},
		{func(c *service.Config) { c.Strategy = "later" }, `Strategy is "later": use one of ["sync" "async" "token"]`},
		{func(c *service.Config) { c.Stock = "" }, `Stock is "": use one of`},
		{func(c *service.Config) { c.Instances = 0 }, "Instances is 0, not in 1..100000"},
		{func(c *service.Config) { c.Shards = 5000 }, "Shards is 5000, not in 1..4096"},
		{func(c *service.Config) { c.Batch = -1 }, "Batch is -1, not in 1..5000"},
		{func(c *service.Config) { c.SyncLimit = -1 }, "SyncLimit is -1"},
		{func(c *service.Config) { c.BudgetBlock = 0 }, "BudgetBlock is 0, not in 1.."},
		{func(c *service.Config) { c.Limits.Grants = -1 }, "Limits.Grants is -1, not in 0..1000000000"},
		{func(c *service.Config) { c.Limits.Pages = 2e9 }, "Limits.Pages is 2000000000"},
		{func(c *service.Config) { c.Limits.Withdrawals = -1 }, "Limits.Withdrawals is -1"},
		{func(c *service.Config) { c.CompensateAfter = 0 }, "CompensateAfter is 0s, not in 1s..24h0m0s"},
		{func(c *service.Config) { c.Chores = 5 }, "Chores is 5ns, not in 100ms..1h0m0s"},
		{func(c *service.Config) { c.PostRest = time.Hour }, "PostRest is 1h0m0s"},
		{func(c *service.Config) { c.Drain = 0 }, "Drain is 0s"},
		{func(c *service.Config) { c.RememberFor = -1 }, "RememberFor is -1ns, not in 0s.."},
	} {
		config := memoryConfig()
		c.change(&config)
		err := config.Validate()
		require.ErrorIs(t, err, wallet.ErrInvalid, c.want)
		require.ErrorContains(t, err, c.want)
		_, err = service.New(config, ports)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.want)
	}
}

// TestPortsAreChecked: a wallet without a required port is refused when it is composed, not at its first use.
func TestPortsAreChecked(t *testing.T) {
	optional := map[string]bool{"Backup": true, "Alarm": true, "Posted": true}
	all := reflect.TypeFor[service.Ports]()
	for i := range all.NumField() {
		name := all.Field(i).Name
		ports := memoryPorts(t)
		reflect.ValueOf(&ports).Elem().Field(i).SetZero()
		_, err := service.New(memoryConfig(), ports)
		if optional[name] {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, wallet.ErrInvalid, name)
		require.ErrorContains(t, err, name)
	}
	ports := memoryPorts(t)
	delete(ports.Downstreams, wallet.HeyteaCoupon)
	_, err := service.New(memoryConfig(), ports)
	require.ErrorContains(t, err, wallet.HeyteaCoupon.String())
}
