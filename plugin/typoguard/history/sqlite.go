package history

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// sqlitePermissions hide events from other users, because they show who writes to whom. SQLite's other files get the same ones.
const sqlitePermissions = 0o640

// sqliteFile is an SQLite database with a write-ahead log: readers do not block the writer, and committed events survive even a
// sudden end of the process. A crash of the host may undo the last seconds.
type sqliteFile struct {
	path string
	file os.FileInfo // of the open file
}

func (f *sqliteFile) open() (*handles, error) {
	created, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, sqlitePermissions)
	if err != nil {
		return nil, err
	}
	f.file, err = created.Stat()
	if err := created.Close(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	write, err := f.handle("_txlock=immediate&_auto_vacuum=incremental&_journal_mode=WAL&_synchronous=NORMAL&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := f.handle("_query_only=1")
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(readers)
	return &handles{read: read, write: write}, nil
}

// handle returns a handle with some options. The common options write nothing to the file, so that it can be read on a full disk,
// and need no directory for temporary files.
func (f *sqliteFile) handle(options string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: f.path, RawQuery: "_busy_timeout=5000&_foreign_keys=1&_pragma=cache_size(-32768)&_pragma=temp_store(memory)&" + options}
	driver, err := newDriver()
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(&connector{driver, name.String()}), nil
}

const (
	// migrateTries is how often a migration is tried, and migratePause how long to wait before the next try.
	migrateTries = 10
	migratePause = 50 * time.Millisecond
)

// migrate tries several times, because other stores of the same file, such as those of the page and of a digest, may be migrating at the same
// time: then one fails at each step that another one has just made.
func (f *sqliteFile) migrate(ctx, long context.Context, h *handles) (err error) {
	for range migrateTries {
		if err = migrate(ctx, long, h, f, goose.DialectSQLite3, "sqlite"); err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, migratePause)
	}
	return err
}

// moved reports whether the file has been removed or replaced, so that writes to the open file would be lost.
func (f *sqliteFile) moved() bool {
	named, err := os.Stat(f.path)
	return err != nil || !os.SameFile(named, f.file)
}

// sql converts placeholders to SQLite's, for which $1 is a name. Placeholders in order get no numbers, because SQLite looks
// numbered ones up in a list, which is slow for thousands of them.
func (f *sqliteFile) sql(statement string) string {
	var text strings.Builder
	for i, piece := range strings.Split(statement, "$") {
		if i == 0 {
			text.WriteString(piece)
			continue
		}
		rest, ok := strings.CutPrefix(piece, strconv.Itoa(i))
		if !ok || (rest != "" && rest[0] >= '0' && rest[0] <= '9') {
			return strings.ReplaceAll(statement, "$", "?")
		}
		text.WriteByte('?')
		text.WriteString(rest)
	}
	return text.String()
}

// hints are needed, because SQLite keeps no statistics by default, and only averages otherwise.
func (*sqliteFile) hints() bool { return true }

// size counts pages, except free ones.
func (f *sqliteFile) size(ctx context.Context, db *sql.DB) (int64, error) {
	pages, free, err := sqlitePages(ctx, db)
	if err != nil {
		return 0, err
	}
	pageSize, err := pragma(ctx, db, "page_size")
	return (pages - free) * pageSize, err
}

// shrink returns free pages to the file system, a bounded number at a time, unless they are so few that new events will use them.
func (f *sqliteFile) shrink(ctx context.Context, db *sql.DB) error {
	pages, free, err := sqlitePages(ctx, db)
	if err != nil || free < pages/4 {
		return err
	}
	rows, err := db.QueryContext(ctx, "PRAGMA incremental_vacuum(5000)")
	return scan(rows, err, func(*sql.Rows) error { return nil })
}

// sqlitePages returns the number of pages of a database, and of its free ones.
func sqlitePages(ctx context.Context, db *sql.DB) (pages, free int64, err error) {
	if pages, err = pragma(ctx, db, "page_count"); err != nil {
		return 0, 0, err
	}
	free, err = pragma(ctx, db, "freelist_count")
	return pages, free, err
}

// pragma reads a numeric pragma of a database.
func pragma(ctx context.Context, db *sql.DB, name string) (value int64, err error) {
	if err = db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value); err != nil {
		return 0, fmt.Errorf("reading pragma %s: %w", name, err)
	}
	return value, nil
}
