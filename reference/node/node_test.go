package node_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/node"
	"hongbao/reference/wallet"
)

func TestNewRefusesConfigurations(t *testing.T) {
	good := node.Config{Strategy: wallet.StrategyToken, Activity: tree(100, 10), Instances: 1, Batch: 1}
	for _, c := range []struct {
		why   string
		spoil func(*node.Config)
	}{
		{"an unknown strategy", func(c *node.Config) { c.Strategy = "both" }},
		{"an invalid tree", func(c *node.Config) { c.Activity.Parent = "" }},
		{"an empty batch", func(c *node.Config) { c.Batch = 0 }},
		{"no instance", func(c *node.Config) { c.Instances = 0 }},
	} {
		config := good
		c.spoil(&config)
		_, err := node.New(config, node.Ports{})
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
	for _, s := range wallet.Strategies {
		good.Strategy = s
		_, err := node.New(good, node.Ports{})
		require.NoError(t, err, s)
	}
}

// TestRequestsCarryBoundedTokens: at most MaxClientTokens tokens are accepted.
func TestRequestsCarryBoundedTokens(t *testing.T) {
	s := newRunner(t)
	s.run("open")
	caller := wallet.Caller{App: wallet.Douyin, User: 1}
	for _, n := range []int{wallet.MaxClientTokens, wallet.MaxClientTokens + 1} {
		tokens := make([][]byte, n)
		p, pageErr := s.node.Page(t.Context(), wallet.PageRequest{Caller: caller, Limit: 1, Tokens: tokens})
		_, withdrawErr := s.node.Withdraw(t.Context(), wallet.WithdrawRequest{Caller: caller, Request: 1, Amount: 1, Tokens: tokens})
		_, preparedErr := s.node.Page(t.Context(), wallet.PageRequest{Caller: caller, Limit: 1, Tokens: tokens, Withdraw: true})
		if n > wallet.MaxClientTokens {
			for _, err := range []error{pageErr, withdrawErr, preparedErr} {
				require.ErrorIs(t, err, wallet.ErrInvalid)
			}
			continue
		}
		require.NoError(t, pageErr)
		require.Len(t, p.Refused, n, "each is refused with its reason")
		require.ErrorIs(t, withdrawErr, wallet.ErrInsufficient)
		require.NoError(t, preparedErr)
	}
}
