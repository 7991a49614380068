package crash

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/token"
	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
)

// scenarioText is a scenario for hongbao serve, which reads only stages and rewards; the other required keys have
// dummy values.
const scenarioText = `title: The crash suite's festival
title_zh: 崩溃测试
activity: PARENT
stages:
  - {stage: official, id: CHILD, from: FROM, to: TO, budget_fen: BUDGET, single_cap_fen: CAP}
rewards:
  - {type: cash, reward: red-packet, scenes: [{id: SCENE, compensate: true, reconcile: true}]}
people: {count: 1, app_shares: {douyin: 1}, apps_held: [1], phone_bound: 0, keep_tokens: 1}
after_win: {look: 1, look_delay: 1s..5s}
client: {timeout: 3s, tries: 5, backoff: 200ms..2s}
withdraw: {release: 1}
capacity: {node_instances: 3, ledger_instances: 1, ledger_rate: 100/s, posting_batch: 20, poster_shards: 4, ledger_queue: 1s}
latency:
  client: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  identity: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  orders: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  budget: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  tokens: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  backlog: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  ledger: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  withdrawals: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
  bank: {min: 1ms, p50: 2ms, p90: 3ms, p99: 4ms, max: 5ms}
crypto_real_share: 1
drain: 10m
windows:
  - {name: Rain, play: rain, stage: official, scene: SCENE, rain: 1, start: START, rate: [0/s at 0s, 1/s at 1s, 0/s at 2s], amount_fen: [1..CAP weight 1], people: 1}
`

// scenarioFile writes the activity's only stage and scene as a scenario.
func scenarioFile(a wallet.Activity) []byte {
	child := a.Children[0]
	at := func(i wallet.Instant) string { return i.Time().UTC().Format(time.RFC3339) }
	return []byte(strings.NewReplacer("PARENT", string(a.Parent), "CHILD", string(child.ID), "SCENE", string(scene),
		"FROM", at(child.From), "TO", at(child.To), "START", at(child.From.Add(time.Minute)),
		"BUDGET", fmt.Sprint(int64(child.Budget)), "CAP", fmt.Sprint(int64(child.SingleCap))).Replace(scenarioText))
}

func saveTokenKeys(t *testing.T, name string) {
	keys, err := token.NewKeyring(rand.Reader)
	require.NoError(t, err)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, keys.Save(f))
	require.NoError(t, f.Close())
}

func TestScenarioFileSaysTheActivity(t *testing.T) {
	a := festivalActivity(1000, 10)
	s, err := loader.Parse("crash.yaml", scenarioFile(a))
	require.NoError(t, err)
	got := s.Activity
	require.Equal(t, a.Parent, got.Parent)
	require.Len(t, got.Children, 1)
	require.Equal(t, a.Children[0].Budget, got.Children[0].Budget)
	require.Equal(t, a.Children[0].SingleCap, got.Children[0].SingleCap)
	require.Equal(t, a.Children[0].Stage, got.Children[0].Stage)
	require.Equal(t, a.Children[0].From, got.Children[0].From)
	require.True(t, got.Children[0].Rewards[0].Rewards[0].Scenes[0].Compensate)
}
