package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// OpenToRead returns the store of a database that exists, of which it changes nothing: commands may read what a server writes. The schema must
// be that of this release.
func OpenToRead(dsn string) (*Store, error) {
	s, err := Open(historyconfig.Store{DSN: dsn})
	if err != nil {
		return nil, err
	}
	r := &readOnly{s.database, dsn, "postgres", "SELECT to_regclass('schema_version') IS NOT NULL"}
	if _, ok := ParseSQLite(dsn); ok {
		r.folder, r.exists = "sqlite", "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'schema_version'"
	}
	s.database = r
	return s, nil
}

// readOnly is a database that is neither created nor changed.
type readOnly struct {
	database
	dsn, folder string
	exists      string // a query for whether it has a schema of ours
}

func (r *readOnly) open() (*handles, error) {
	db, _, _, err := openToRead(r.dsn, nil)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetConnMaxIdleTime(time.Minute)
	return &handles{read: db, write: db}, nil
}

// lostInLog is for the server to say.
func (*readOnly) lostInLog() walDamage { return walDamage{} }

// migrate returns an error for another schema. That there is none is said only if the database says so, and not if it cannot be reached.
func (r *readOnly) migrate(ctx, _ context.Context, h *handles) error {
	wanted, err := latestVersion(r.folder)
	if err != nil {
		return err
	}
	var exists bool
	if err := h.read.QueryRowContext(ctx, r.exists).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		return errors.New("this is no history: it has no table schema_version")
	}
	var version int64
	if err := h.read.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM schema_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version < wanted:
		return fmt.Errorf("schema version %d; expected %d, to which a server of this release upgrades it", version, wanted)
	case version > wanted:
		return fmt.Errorf("schema version %d was created by a newer typoguard; expected %d: use the command of that release", version, wanted)
	}
	return nil
}

// moved reports false: nothing is written that could be lost.
func (*readOnly) moved() bool { return false }

// latestVersion returns the version of the schema that the migrations in a folder lead to.
func latestVersion(folder string) (version int64, err error) {
	files, err := fs.ReadDir(migrations, "migrations/"+folder)
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	return strconv.ParseInt(number, 10, 64)
}
