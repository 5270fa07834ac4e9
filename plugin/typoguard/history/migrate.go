package history

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrationTimeout is how long a migration of existing events may take, which is longer than a change.
const migrationTimeout = 10 * time.Minute

// migrate applies the migrations in a folder, and those in Go. It only reads if there is nothing to do, so it works on a full disk. A schema
// of a newer program is an error. If there are events, which take time, it may take until the end of the second context.
func migrate(ctx, long context.Context, h *handles, d database, dialect goose.Dialect, folder string, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	addParts := func(ctx context.Context, tx *sql.Tx) error { return (&transaction{tx, d}).addParts(ctx, folder) }
	options = append(options, goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(6, &goose.GoFunc{RunTx: addParts}, nil)))
	provider, err := goose.NewProvider(dialect, h.write, files, options...)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	target := sources[len(sources)-1].Version
	var current int64
	err = h.read.QueryRowContext(ctx, "SELECT max(version_id) FROM schema_version").Scan(&current)
	switch {
	case err == nil && current == target:
		return nil
	case err == nil && current > target:
		return fmt.Errorf("schema version %d was created by a newer typoguard; expected at most %d", current, target)
	case ctx.Err() != nil:
		return err
	case err == nil: // the database answers
		ctx = long
	}
	// The table is missing or older; if anything else is wrong, this fails too.
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating the schema: %w", err)
	}
	return nil
}
