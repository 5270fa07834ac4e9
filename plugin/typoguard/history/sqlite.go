package history

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqlitePermissions keep events, which tell who writes to whom, from others. SQLite gives its other files the same.
const sqlitePermissions = 0o640

// sqliteFile is a database of SQLite, with a write-ahead log: pages are read while events are written, and what was
// committed survives the end of the process, however sudden. A crash of the host may take back the last seconds.
type sqliteFile struct {
	path string
	file os.FileInfo // that is open
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

// handle returns a handle with some options. Those that all have change nothing in the file, so that it can be read on a disk
// that is full, and need no directory for temporary files.
func (f *sqliteFile) handle(options string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: f.path, RawQuery: "_busy_timeout=5000&_foreign_keys=1&_pragma=cache_size(-32768)&_pragma=temp_store(memory)&" + options}
	return sql.Open("sqlite", name.String())
}

// migrate tries twice: another store of the same file may be at it, such as that of the page beside that of the events, and
// where one of them fails the other has succeeded.
func (f *sqliteFile) migrate(ctx context.Context, h *handles) error {
	err := migrate(ctx, h, goose.DialectSQLite3, "sqlite")
	if err != nil {
		err = migrate(ctx, h, goose.DialectSQLite3, "sqlite")
	}
	return err
}

// moved reports whether somebody has removed the file, or put another one into its place: what is written into the one that
// is open would be lost.
func (f *sqliteFile) moved() bool {
	named, err := os.Stat(f.path)
	return err != nil || !os.SameFile(named, f.file)
}

// sql makes the placeholders those of SQLite, to which $1 is a name. If they come in order they need no numbers: SQLite looks
// these up in a list, which takes long if they are thousands.
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

// hints are wanted: SQLite keeps no statistics unless it is told to, and these are averages.
func (*sqliteFile) hints() bool { return true }

// size counts pages, without those that are free.
func (f *sqliteFile) size(ctx context.Context, db *sql.DB) (int64, error) {
	pages, free, err := sqlitePages(ctx, db)
	if err != nil {
		return 0, err
	}
	octets, err := pragma(ctx, db, "page_size")
	return (pages - free) * octets, err
}

// shrink gives free pages back to the file system, a bounded number at a time, if they are many: new events will need some.
func (f *sqliteFile) shrink(ctx context.Context, db *sql.DB) error {
	pages, free, err := sqlitePages(ctx, db)
	if err != nil || free < pages/4 {
		return err
	}
	rows, err := db.QueryContext(ctx, "PRAGMA incremental_vacuum(5000)")
	return scan(rows, err, func(*sql.Rows) error { return nil })
}

// sqlitePages returns how many pages a database has, and how many of them are free.
func sqlitePages(ctx context.Context, db *sql.DB) (pages, free int64, err error) {
	if pages, err = pragma(ctx, db, "page_count"); err != nil {
		return 0, 0, err
	}
	free, err = pragma(ctx, db, "freelist_count")
	return pages, free, err
}

// pragma returns a number that SQLite tells of a database.
func pragma(ctx context.Context, db *sql.DB, name string) (value int64, err error) {
	if err = db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value); err != nil {
		return 0, fmt.Errorf("reading pragma %s: %w", name, err)
	}
	return value, nil
}
