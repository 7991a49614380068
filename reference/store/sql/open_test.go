package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// template is a migrated, empty SQLite file, created once because suites open many stores.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "hongbao-sql")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	db, err := Open(context.Background(), Config{Driver: "sqlite", DSNs: []string{file}})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // closing the last connection copies the log into the file
		return nil, err
	}
	return os.ReadFile(file)
})

// inMemory is a folder that the kernel keeps in memory, or "" for the default. The tests commit thousands of times, and none
// of them cuts the power. The files are small.
var inMemory = func() string {
	const shm = "/dev/shm"
	dir, err := os.MkdirTemp(shm, "hongbao-sql")
	if err != nil {
		return ""
	}
	defer os.Remove(dir)
	return shm
}()

// sqliteFiles returns new, empty files for the given number of shards, removed after the test.
func sqliteFiles(t testing.TB, shards int) []string {
	t.Helper()
	empty, err := template()
	require.NoError(t, err)
	dir, err := os.MkdirTemp(inMemory, "hongbao-sql") // not t.TempDir, whose name contains characters that are not valid in URLs
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	files := make([]string, shards)
	for i := range files {
		files[i] = filepath.Join(dir, fmt.Sprintf("%d.db", i))
		require.NoError(t, os.WriteFile(files[i], empty, 0o600))
	}
	return files
}

// openSQLiteTest opens an empty SQLite store with the given number of shards, closed after the test.
func openSQLiteTest(t testing.TB, shards int) *DB {
	t.Helper()
	return openConfig(t, Config{Driver: "sqlite", DSNs: sqliteFiles(t, shards)})
}

// openConfig opens a store that is closed after the test.
func openConfig(t testing.TB, c Config) *DB {
	t.Helper()
	db, err := Open(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// openMySQLTest opens an empty store with the given number of databases on the server of HONGBAO_MYSQL, dropped after
// the test.
func openMySQLTest(t testing.TB, shards int) *DB {
	t.Helper()
	return openConfig(t, Config{Driver: "mysql", DSNs: mysqlDatabases(t, shards)})
}

// mysqlDatabases creates the given number of empty databases and returns their DSNs. It skips the test if there is no
// server.
func mysqlDatabases(t testing.TB, shards int) []string {
	t.Helper()
	server := os.Getenv("HONGBAO_MYSQL")
	if server == "" {
		t.Skip("HONGBAO_MYSQL is not set: run make real")
	}
	admin, err := sql.Open("mysql", server)
	require.NoError(t, err)
	t.Cleanup(func() { admin.Close() })
	cfg, err := mysql.ParseDSN(server)
	require.NoError(t, err)
	dsns := make([]string, shards)
	for i := range dsns {
		name := fmt.Sprintf("hongbao_test_%016x", rand.Uint64())
		_, err := admin.Exec("CREATE DATABASE " + name)
		require.NoError(t, err)
		t.Cleanup(func() { _, _ = admin.Exec("DROP DATABASE " + name) })
		cfg.DBName = name
		dsns[i] = cfg.FormatDSN()
	}
	return dsns
}

// eachStore runs a test on every kind of store: SQLite and MySQL, with one shard and with three. Opening a store takes
// longer than most tests of it, so open empties the same store where it can. A test uses one store at a time.
func eachStore(t *testing.T, run func(t *testing.T, open func(t *testing.T) *DB)) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("sqlite/%d", shards), func(t *testing.T) {
			if testing.Short() && shards == 1 {
				t.Skip("-short: three shards run the same code and more")
			}
			run(t, reuse(func() *DB { return openSQLiteTest(t, shards) }))
		})
		t.Run(fmt.Sprintf("mysql/%d", shards), func(t *testing.T) {
			db := openMySQLTest(t, shards)
			run(t, func(t *testing.T) *DB {
				for _, s := range db.shards {
					empty(t, s)
				}
				return db
			})
		})
	}
}

// reuse returns a function that opens an empty SQLite store: the last one emptied, or a new one where its rows are there
// to stay.
func reuse(open func() *DB) func(t *testing.T) *DB {
	var last *DB
	return func(t *testing.T) *DB {
		if last == nil || !emptySQLite(t, last) {
			last = open()
		}
		return last
	}
}

// emptySQLite deletes all rows of a SQLite store. It returns false, and the store is not to be used again, if a trigger
// forbids that.
func emptySQLite(t *testing.T, db *DB) bool {
	t.Helper()
	for _, s := range db.shards {
		var full []string
		var protected bool
		err := s.ask(t.Context(), filled(t, s), nil, func(r *sql.Rows) error {
			var table string
			var keeps bool
			err := r.Scan(&table, &keeps)
			full, protected = append(full, table), protected || keeps
			return err
		})
		require.NoError(t, err)
		if protected {
			return false
		}
		deletion := &kind{apply: func(ctx context.Context, tx *txn, _ []*job) error { // the committer has the only connection that writes
			for _, table := range full {
				if _, err := tx.exec(ctx, "DELETE FROM "+table); err != nil {
					return err
				}
			}
			return nil
		}}
		require.NoError(t, s.do(t.Context(), deletion, 1, nil))
	}
	return true
}

// filled returns the query for a SQLite shard's tables that have rows, each with whether a trigger keeps these.
func filled(t *testing.T, s *shard) string {
	t.Helper()
	var queries []string
	err := s.ask(t.Context(), "SELECT name, EXISTS (SELECT 1 FROM sqlite_schema t WHERE t.type = 'trigger' AND t.tbl_name = s.name)"+
		" FROM sqlite_schema s WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%version'", nil, func(r *sql.Rows) error {
		var table string
		var keeps bool
		err := r.Scan(&table, &keeps)
		queries = append(queries, fmt.Sprintf("SELECT '%s', %t WHERE EXISTS (SELECT 1 FROM %s)", table, keeps, table))
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, queries)
	return strings.Join(queries, " UNION ALL ")
}

// empty deletes all rows of a MySQL shard.
func empty(t *testing.T, s *shard) {
	t.Helper()
	var tables []string
	err := s.ask(t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE '%version'",
		nil, func(r *sql.Rows) error {
			tables = append(tables, "")
			return r.Scan(&tables[len(tables)-1])
		})
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	for _, table := range tables {
		_, err := s.writes.Exec("DELETE FROM " + table)
		require.NoError(t, err)
	}
}

func TestConfigRefusesNonsense(t *testing.T) {
	for why, c := range map[string]Config{
		"no driver":            {DSNs: []string{"a"}},
		"another driver":       {Driver: "postgres", DSNs: []string{"a"}},
		"no shard":             {Driver: "sqlite"},
		"an empty shard":       {Driver: "sqlite", DSNs: []string{""}},
		"a shard twice":        {Driver: "sqlite", DSNs: []string{"a", "a"}},
		"too many shards":      {Driver: "sqlite", DSNs: make([]string, maxShards+1)},
		"negative connections": {Driver: "sqlite", DSNs: []string{"a"}, MaxConns: -1},
		"negative timeout":     {Driver: "sqlite", DSNs: []string{"a"}, Timeout: -1},
		"no DSN":               {Driver: "mysql", DSNs: []string{"secret@@@"}},
		"no database":          {Driver: "mysql", DSNs: []string{"root:secret@tcp(127.0.0.1:1)/"}},
	} {
		db, err := Open(t.Context(), c)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
		require.NotContains(t, err.Error(), "secret", why)
		require.Nil(t, db, why)
	}
}

func TestOpenWithoutServerIsUnavailable(t *testing.T) {
	_, err := Open(t.Context(), Config{Driver: "mysql", DSNs: []string{"root:secret@tcp(127.0.0.1:1)/x"}})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.NotContains(t, err.Error(), "secret")
	_, err = Open(t.Context(), Config{Driver: "sqlite", DSNs: []string{"/nowhere/at/all.db"}})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
}

func TestOpenTwicePingWarm(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		db := open(t)
		require.NoError(t, db.Ping(t.Context()))
		require.NoError(t, db.Warm(t.Context(), 10))
		for _, s := range db.shards {
			require.GreaterOrEqual(t, s.reads.Stats().OpenConnections, 10)
		}
	})
}

// How long a test waits for another goroutine, and how often it checks.
const (
	eventually = 20 * time.Second
	tick       = 100 * time.Microsecond
)

// TestManyInstancesMigrateAtOnce starts several instances concurrently on empty databases.
func TestManyInstancesMigrateAtOnce(t *testing.T) {
	for name, config := range map[string]func(t *testing.T) Config{
		"sqlite": func(t *testing.T) Config {
			return Config{Driver: "sqlite", DSNs: []string{filepath.Join(filepath.Dir(sqliteFiles(t, 1)[0]), "new.db")}}
		},
		"mysql": func(t *testing.T) Config { return Config{Driver: "mysql", DSNs: mysqlDatabases(t, 1)} },
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			dbs, errs := make([]*DB, 6), make([]error, 6)
			var all sync.WaitGroup
			for i := range dbs {
				all.Go(func() {
					c := c
					c.Shadow = i%2 == 1
					dbs[i], errs[i] = Open(t.Context(), c)
				})
			}
			all.Wait()
			for i, db := range dbs {
				require.NoError(t, errs[i])
				_, err := NewLedger(db, storetest.NewClock(), 1).Post(t.Context(), won(int64(i), 1, 1))
				require.NoError(t, err)
			}
			for _, table := range []string{"hongbao_version", "shadow_hongbao_version"} {
				var all, different int
				require.NoError(t, dbs[0].shards[0].reads.QueryRow("SELECT COUNT(version_id), COUNT(DISTINCT version_id) FROM "+table).Scan(&all, &different))
				require.Equal(t, different, all, "each migration ran once")
			}
			for _, db := range dbs {
				require.NoError(t, db.Close())
			}
		})
	}
}

// TestVersionsAreRecordedOnce: SQLite refuses the second record of a migration. Records of earlier releases, which may exist
// twice, are kept once.
func TestVersionsAreRecordedOnce(t *testing.T) {
	c := Config{Driver: "sqlite", DSNs: []string{filepath.Join(filepath.Dir(sqliteFiles(t, 1)[0]), "new.db")}}
	db, err := Open(t.Context(), c)
	require.NoError(t, err)
	writes := db.shards[0].writes
	_, err = writes.Exec("INSERT INTO hongbao_version (version_id, is_applied) VALUES (116, 1)")
	require.ErrorContains(t, err, "UNIQUE")
	_, err = writes.Exec("DROP INDEX hongbao_version_once; INSERT INTO hongbao_version (version_id, is_applied) VALUES (116, 1)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	db, err = Open(t.Context(), c)
	require.NoError(t, err)
	var records int
	require.NoError(t, db.shards[0].reads.QueryRow("SELECT COUNT(*) FROM hongbao_version WHERE version_id = 116").Scan(&records))
	require.Equal(t, 1, records)
	require.NoError(t, db.Close())
}

// TestShadowDataIsApart (K2): live and shadow data are in one database and do not see each other.
func TestShadowDataIsApart(t *testing.T) {
	for name, config := range map[string]func(t *testing.T) Config{
		"sqlite": func(t *testing.T) Config { return Config{Driver: "sqlite", DSNs: sqliteFiles(t, 1)} },
		"mysql":  func(t *testing.T) Config { return Config{Driver: "mysql", DSNs: mysqlDatabases(t, 1)} },
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			live := openConfig(t, c)
			liveLedger := NewLedger(live, storetest.NewClock(), 1)
			_, err := liveLedger.Post(t.Context(), won(1, 3, 1))
			require.NoError(t, err)
			require.ErrorIs(t, live.Discard(t.Context()), wallet.ErrInvalid)
			c.Shadow = true
			shadow := openConfig(t, c)
			shadowLedger := NewLedger(shadow, storetest.NewClock(), 1)
			_, err = shadowLedger.Post(t.Context(), won(100, 10, 1))
			require.NoError(t, err)
			require.Equal(t, 3, entries(t, liveLedger))
			require.Equal(t, 10, entries(t, shadowLedger))
			require.NoError(t, shadow.Discard(t.Context()))
			require.Equal(t, 3, entries(t, liveLedger), "live data stays")
			again := NewLedger(openConfig(t, c), storetest.NewClock(), 1)
			require.Zero(t, entries(t, again))
			_, err = again.Post(t.Context(), won(100, 10, 1))
			require.NoError(t, err)
		})
	}
}

// TestFilesOfAnyName opens files whose names contain characters with a meaning in a URI.
func TestFilesOfAnyName(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"p%20c.db", "a?b.db", "a#b.db", "a b.db", "红包.db"} {
		db, err := Open(t.Context(), Config{Driver: "sqlite", DSNs: []string{filepath.Join(dir, name)}})
		require.NoError(t, err, name)
		require.NoError(t, db.Close())
		require.FileExists(t, filepath.Join(dir, name))
	}
}
