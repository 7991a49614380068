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

	// budgetBlock is small beside the budget, so that each kill strands a part of it.
	budgetBlock = wallet.Money(2_000)
	// stuckAfter is when an open order counts as stuck; the wait for the last ones is a few times that.
	stuckAfter = 5 * time.Second
	// stopWithin is how long an instance may take to leave in order: above its own drain.
	stopWithin = 60 * time.Second
	drain      = 30 * time.Second
	// deadline is an instance's own for a request, below the client's.
	deadline = 3 * time.Second
)

// city is the servers of one run.
type city struct {
	redis     *rig.Redis
	mariadb   *rig.MariaDB
	dsns      []string
	instances []*instance
	keys      auth.Keys
	scenario  *scenarios.Scenario
}

// instance is one hongbao serve.
type instance struct {
	*rig.Program
	api string // host:port
}

// newCity builds the program and starts the stores and the instances.
func newCity(t *testing.T, activity wallet.Activity) *city {
	dir := logs(t)
	c := &city{keys: auth.Generate()}
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

// logs returns a folder that outlives a failure, whose reader wants the logs in it.
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

func (c *city) createDatabases(t *testing.T) {
	db, err := sql.Open("mysql", c.mariadb.DSN())
	require.NoError(t, err)
	defer db.Close()
	for i := range databases {
		_, err := db.Exec(fmt.Sprintf("CREATE DATABASE hongbao_%d", i))
		require.NoError(t, err)
		c.dsns = append(c.dsns, fmt.Sprintf("%shongbao_%d", c.mariadb.DSN(), i))
	}
}

// newInstance writes an instance's configuration. Its address stays the same over restarts.
func (c *city) newInstance(t *testing.T, dir, binary, scenario, name string) *instance {
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

// start runs the instance and waits until it says that it is ready.
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

// stop stops all instances in order: each must end well.
func (c *city) stop(t *testing.T) {
	for _, i := range c.instances {
		require.NoError(t, i.Stop(stopWithin))
	}
}

// start starts all instances.
func (c *city) start(t *testing.T) {
	for _, i := range c.instances {
		require.NoError(t, i.start())
	}
}

// doors returns a client of each instance.
func (c *city) doors(t *testing.T) []door {
	var doors []door
	for _, i := range c.instances {
		doors = append(doors, newDoor(t, "http://"+i.api, c.keys))
	}
	return doors
}

// newDoor returns a client that tries once: the crowd repeats by itself, and tells of each try.
func newDoor(t *testing.T, url string, keys auth.Keys) *client.Client {
	session := func(who wallet.Caller) string {
		return auth.Session(keys.SessionKey, who.App, who.User, time.Now().Add(time.Hour))
	}
	d, err := client.New(client.Config{BaseURL: url, Key: keys.Callers[0].Key, Session: session, Timeout: tryWithin, Tries: 1})
	require.NoError(t, err)
	t.Cleanup(d.CloseIdle)
	return d
}

// waitFor polls until done returns true, at most until ctx ends, and says whether it did.
func waitFor(ctx context.Context, done func() bool) bool {
	for !done() {
		if ctx.Err() != nil {
			return false
		}
		pause(ctx, pollEvery)
	}
	return true
}
