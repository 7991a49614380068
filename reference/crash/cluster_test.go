package crash

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"hongbao/internal/rig"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

const (
	instances = 3
	databases = 2 // the ledger's shards, of one server
	shards    = 8 // of the backlog
	batch     = 200

	// budgetBlock is small compared with the budget, so that each kill orphans a part of it.
	budgetBlock = wallet.Money(2_000)
	// stuckAfter is the age at which an open order counts as stuck; the wait for the last ones is a few times that.
	stuckAfter = 5 * time.Second
	// stopWithin bounds the graceful shutdown of an instance: more than its drain timeout.
	stopWithin = 60 * time.Second
	drain      = 30 * time.Second
	// deadline is an instance's bound for a request, below the client's.
	deadline = 3 * time.Second
)

// cluster is the servers of one run.
type cluster struct {
	redis     *rig.Redis
	mariadb   *rig.MariaDB
	dsns      []string
	instances []*instance
	keys      auth.Keys
	scenario  *scenarios.Scenario
}

// instance is one process of hongbao serve.
type instance struct {
	*rig.Program
	api string // host:port
}

// newCluster builds the program and starts the stores and the instances.
func newCluster(t *testing.T, activity wallet.Activity) *cluster {
	dir := logs(t)
	c := &cluster{keys: auth.Generate()}
	binary := filepath.Join(t.TempDir(), "hongbao")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	c.redis, err = rig.StartRedis(dir, rig.RedisOptions{})
	require.NoError(t, err)
	t.Cleanup(c.redis.Stop)
	c.mariadb, err = rig.StartMariaDB(dir, rig.MariaDBOptions{})
	require.NoError(t, err)
	t.Cleanup(c.mariadb.Stop)
	c.createDatabases(t)

	scenario := filepath.Join(dir, "scenario.yaml")
	require.NoError(t, os.WriteFile(scenario, scenarioFile(activity), 0o644))
	c.scenario, err = loader.Load(scenario)
	require.NoError(t, err)
	require.NoError(t, auth.Save(filepath.Join(dir, "keys.json"), c.keys))
	saveTokenKeys(t, filepath.Join(dir, "token-keys.json"))
	for i := range instances {
		c.instances = append(c.instances, c.newInstance(t, dir, binary, scenario, fmt.Sprintf("instance-%d", i+1)))
	}
	for _, i := range c.instances {
		require.NoError(t, i.start())
	}
	return c
}

// logs returns a directory that is kept after a failure, because of the logs in it.
func logs(t *testing.T) string {
	dir, err := os.MkdirTemp("", "hongbao-crash-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the servers' logs are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

func (c *cluster) createDatabases(t *testing.T) {
	db, err := sql.Open("mysql", c.mariadb.DSN())
	require.NoError(t, err)
	defer db.Close()
	for i := range databases {
		_, err := db.Exec(fmt.Sprintf("CREATE DATABASE hongbao_%d", i))
		require.NoError(t, err)
		c.dsns = append(c.dsns, fmt.Sprintf("%shongbao_%d", c.mariadb.DSN(), i))
	}
}

// newInstance writes an instance's configuration. Its address is the same after restarts.
func (c *cluster) newInstance(t *testing.T, dir, binary, scenario, name string) *instance {
	port, err := rig.FreePort()
	require.NoError(t, err)
	i := &instance{api: fmt.Sprintf("127.0.0.1:%d", port)}
	text, err := yaml.Marshal(map[string]any{
		"listen": i.api, "debug": "", "data": filepath.Join(dir, name), "instance": name, "strategy": string(wallet.StrategyToken),
		"scenario": scenario, "load_test": false, "keys": filepath.Join(dir, "keys.json"), "token_keys": filepath.Join(dir, "token-keys.json"),
		"redis":  map[string]any{"main": map[string]any{"addrs": []string{c.redis.Addr()}}},
		"mysql":  map[string]any{"dsns": c.dsns},
		"shards": shards, "batch": batch, "instances": instances, "budget_block_fen": int64(budgetBlock),
		"deadline": deadline.String(), "compensate_after": stuckAfter.String(), "chores": "1s", "drain": drain.String(),
	})
	require.NoError(t, err)
	file := filepath.Join(dir, name+".yaml")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	i.Program, err = rig.NewProgram(dir, name, binary, "serve", "--config", file)
	require.NoError(t, err)
	t.Cleanup(i.Kill)
	return i
}

// start starts the instance and waits until it is ready.
func (i *instance) start() error {
	return i.Start(func() error {
		answer, err := http.Get("http://" + i.api + "/readyz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("ready: %s", answer.Status)
		}
		return nil
	})
}

// stop stops all instances gracefully.
func (c *cluster) stop(t *testing.T) {
	for _, i := range c.instances {
		require.NoError(t, i.Stop(stopWithin))
	}
}

// start starts all instances.
func (c *cluster) start(t *testing.T) {
	for _, i := range c.instances {
		require.NoError(t, i.start())
	}
}

// clients returns a client of each instance.
func (c *cluster) clients(t *testing.T) []instanceClient {
	var clients []instanceClient
	for _, i := range c.instances {
		clients = append(clients, newClient(t, "http://"+i.api, c.keys))
	}
	return clients
}

// newClient returns a client that tries once: the crowd repeats calls itself, and records each try.
func newClient(t *testing.T, url string, keys auth.Keys) *client.Client {
	session := func(who wallet.Caller) string {
		return auth.Session(keys.SessionKey, who.App, who.User, time.Now().Add(time.Hour))
	}
	d, err := client.New(client.Config{BaseURL: url, Key: keys.Callers[0].Key, Session: session, Timeout: tryWithin, Tries: 1})
	require.NoError(t, err)
	t.Cleanup(d.CloseIdle)
	return d
}

// waitFor polls until done returns true or ctx ends, and reports whether done did.
func waitFor(ctx context.Context, done func() bool) bool {
	for !done() {
		if ctx.Err() != nil {
			return false
		}
		pause(ctx, pollEvery)
	}
	return true
}
