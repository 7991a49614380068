package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"hongbao/reference/wallet"
)

// migrationTries bounds the retries of an instance that lost the race to create a table. Each loss means that another
// instance completed one migration.
const migrationTries = 20

// migrationLock is how long an instance waits for the migrations of another one, in seconds.
const migrationLock = 60

// migrations are written once for both dialects, with placeholders for the differences: {p} before every table, {end}
// after every CREATE TABLE, {long}, {scene}, {blob} and {large} for types; INTEGER has 32 bits in both. A file whose
// name ends in .sqlite.sql or .mysql.sql is for that dialect only.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the missing migrations to a shard. Instances that start together take turns: on MySQL by a named
// lock, on SQLite by its transactions, where a second run of a migration cannot record its version, and a retry finds the
// version that the first instance wrote.
func (db *DB) migrate(ctx context.Context, s *shard) error {
	files, err := db.rendered()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(db.dialect.goose, s.writes, files,
		goose.WithTableName(db.prefix+"hongbao_version"), goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	unlock, err := db.lockMigrations(ctx, s)
	if err != nil {
		return err
	}
	defer unlock()
	for range migrationTries {
		if err = db.recordVersionsOnce(ctx, s, provider); err == nil {
			_, err = provider.Up(ctx)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%w: migrations: %w", wallet.ErrUnavailable, err)
	}
	return nil
}

// recordVersionsOnce makes SQLite refuse a second record of a version. Without it, instances that start together may both
// run a migration that only updates rows: it succeeds twice, and its version is on record twice.
func (db *DB) recordVersionsOnce(ctx context.Context, s *shard, provider *goose.Provider) error {
	if db.dialect.name != "sqlite" {
		return nil
	}
	if _, err := provider.GetDBVersion(ctx); err != nil { // creates the table of versions
		return err
	}
	table := db.prefix + "hongbao_version"
	_, err := s.writes.ExecContext(ctx, "DELETE FROM "+table+" WHERE id NOT IN (SELECT MIN(id) FROM "+table+" GROUP BY version_id); "+
		"CREATE UNIQUE INDEX IF NOT EXISTS "+table+"_once ON "+table+" (version_id)")
	return err
}

// lockMigrations holds the named lock on a separate connection until unlock is called.
func (db *DB) lockMigrations(ctx context.Context, s *shard) (unlock func(), err error) {
	if db.dialect.name != "mysql" {
		return func() {}, nil
	}
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wallet.ErrUnavailable, err)
	}
	var got sql.NullInt64
	name := db.prefix + "hongbao_version"
	for waited := 0; waited < migrationLock && got.Int64 != 1; waited++ { // one second each, below any read timeout
		if err = conn.QueryRowContext(ctx, "SELECT GET_LOCK(CONCAT(DATABASE(), '.', ?), 1)", name).Scan(&got); err != nil {
			break
		}
	}
	if err != nil || got.Int64 != 1 {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: another instance is still migrating, or the lock failed: %v", wallet.ErrUnavailable, err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "DO RELEASE_LOCK(CONCAT(DATABASE(), '.', ?))", name) // if this fails, closing the connection releases the lock
		_ = conn.Close()
	}, nil
}

// rendered returns the migrations of this dialect with its types and this DB's prefix.
func (db *DB) rendered() (fs.FS, error) {
	words := strings.NewReplacer("{p}", db.prefix, "{end}", db.dialect.tableEnd,
		"{long}", db.dialect.long, "{scene}", db.dialect.scene, "{blob}", db.dialect.blob, "{large}", db.dialect.large)
	all, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, f := range all {
		if part := strings.Split(f.Name(), "."); len(part) == 3 && part[1] != db.dialect.name {
			continue
		}
		text, err := fs.ReadFile(migrations, "migrations/"+f.Name())
		if err != nil {
			return nil, err
		}
		out[f.Name()] = &fstest.MapFile{Data: []byte(words.Replace(string(text)))}
	}
	return out, nil
}
