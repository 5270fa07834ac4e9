package history

import (
	"context"
	"crypto/fips140"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// Errors of a request, as opposed to errors of the database.
var (
	// ErrUnknown is returned if the event does not exist.
	ErrUnknown = errors.New("no such event")
	// ErrReviewed is returned if someone else has reviewed the event in the meantime.
	ErrReviewed = errors.New("the event was reviewed in the meantime")
	// ErrCursor is returned for an invalid cursor.
	ErrCursor = errors.New("unknown page cursor")
)

const (
	// changeTimeout is how long a change may take. After that the database counts as dead, and the queue retries.
	changeTimeout = 15 * time.Second
	// readers is the number of concurrent queries: the page shares the machine with the resolver.
	readers = 4
)

// Store is a database of events, safe for concurrent use.
type Store struct {
	config   historyconfig.Store
	database database
	writer   string // tells what this store writes from what others write
	many     int    // manyEvents, or fewer in a test

	lock   chan struct{} // guards opened, also while the database is being opened; a channel, so that waiting can end
	opened *handles      // nil until the first use, and after a failure

	ctx  context.Context // until Close
	stop context.CancelFunc
	done sync.WaitGroup
}

// handles are the connections to an open database: two pools for SQLite, which allows only one writer at a time.
type handles struct {
	read, write *sql.DB
}

func (h *handles) close() error {
	if h.read == h.write {
		return h.read.Close()
	}
	return errors.Join(h.read.Close(), h.write.Close())
}

// database abstracts the differences between SQLite and PostgreSQL, besides the migrations.
type database interface {
	// open returns handles for the database, which need not be reachable.
	open() (*handles, error)
	// lostInLog returns what cannot be used of a write-ahead log, before the database is opened.
	lostInLog() walDamage
	// migrate updates the schema. Existing events may take until the end of a second context.
	migrate(ctx, long context.Context, h *handles) error
	// moved reports whether the open database no longer has its name.
	moved() bool
	// sql returns a statement with the placeholders $1, $2… in the dialect of this database.
	sql(statement string) string
	// hints reports whether queries must choose the index.
	hints() bool
	// top returns a query for the numbers with the most events among some rows of a tally; of equally frequent ones, the lowest.
	top(rows string) string
	// within returns the condition that the address in a column is in a network, whose placeholder is $.
	within(column string) string
	// size returns the size of the events in bytes.
	size(ctx context.Context, db *sql.DB) (int64, error)
	// shrink releases the room of removed events.
	shrink(ctx context.Context, db *sql.DB) error
}

// Open returns the store of a database. The store connects at the first use, and again after every failure. If the configuration
// limits age or size, a goroutine removes old events until Close.
func Open(config historyconfig.Store) (*Store, error) {
	if _, err := Check(config.DSN); err != nil {
		return nil, err
	}
	s := &Store{config: config, writer: rand.Text(), many: manyEvents, lock: make(chan struct{}, 1)}
	if path, ok := ParseSQLite(config.DSN); ok {
		s.database = &sqliteFile{path: path}
	} else {
		s.database = &postgresServer{dsn: withDefaults(config.DSN, fips140.Enforced())}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if config.Age > 0 || config.Size > 0 {
		s.done.Go(func() { s.retain(s.ctx) })
	}
	return s, nil
}

// Close stops the store and closes the database.
func (s *Store) Close() error {
	s.stop()
	s.done.Wait()
	_ = s.acquire(context.Background()) // which does not end
	defer s.release()
	if s.opened == nil {
		return nil
	}
	h := s.opened
	s.opened = nil
	return h.close()
}

// acquire waits for the lock until the context ends: opening an unresponsive database takes long, and a process that is shutting
// down cannot wait for that.
func (s *Store) acquire(ctx context.Context) error {
	select {
	case s.lock <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the database connection: %w", ctx.Err())
	}
}

func (s *Store) release() { <-s.lock }

// ready returns the handles of the database, after opening it and updating its schema if necessary. That may take far longer than the
// caller can wait, and goes on without it until the store is closed.
func (s *Store) ready(ctx context.Context) (*handles, error) {
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	if h := s.opened; h != nil && !s.database.moved() {
		s.release()
		return h, nil
	}
	var h *handles
	opened := make(chan error, 1)
	s.done.Go(func() {
		defer s.release()
		var err error
		h, err = s.open()
		opened <- err
	})
	select {
	case err := <-opened:
		return h, err
	case <-ctx.Done():
		return nil, fmt.Errorf("opening the database, which takes long while its schema is updated: %w", ctx.Err())
	}
}

// open opens the database. The caller holds the lock.
func (s *Store) open() (*handles, error) {
	long, cancel := context.WithTimeout(s.ctx, migrationTimeout)
	defer cancel()
	ctx, cancel := context.WithTimeout(long, changeTimeout)
	defer cancel()
	s.closeLater()
	lost := s.database.lostInLog()
	h, err := s.database.open()
	if err != nil {
		return nil, err
	}
	if err := s.database.migrate(ctx, long, h); err != nil {
		s.rescue(err, false)
		return nil, errors.Join(err, h.close())
	}
	s.opened = h
	s.reportLost(long, h, lost)
	return h, nil
}

// closeLater makes the next use reopen the database. The caller holds the lock.
func (s *Store) closeLater() {
	if h := s.opened; h != nil {
		s.opened = nil
		s.done.Go(func() { _ = h.close() }) // once its users are done; its error no longer matters
	}
}

// failed makes the next use reopen the database after an error of some handles, unless the error only says that a caller has
// given up.
func (s *Store) failed(ctx context.Context, h *handles, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrReviewed) {
		return
	}
	if s.acquire(ctx) != nil {
		return // another caller is already reopening it
	}
	defer s.release()
	if s.opened == h {
		s.rescue(err, true)
		s.closeLater()
	}
}

// change runs do in one transaction.
func (s *Store) change(ctx context.Context, do func(*transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	h, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if err := s.transact(ctx, h, do); err != nil {
		s.failed(ctx, h, err)
		return err
	}
	return nil
}

func (s *Store) transact(ctx context.Context, h *handles, do func(*transaction) error) error {
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(&transaction{tx, s.database}); err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	return tx.Commit()
}

// transaction runs statements with the placeholders $1, $2….
type transaction struct {
	*sql.Tx
	database database
}

func (t *transaction) exec(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	return t.ExecContext(ctx, t.database.sql(statement), args...)
}

func (t *transaction) query(ctx context.Context, each func(*sql.Rows) error, statement string, args ...any) error {
	rows, err := t.QueryContext(ctx, t.database.sql(statement), args...)
	return scan(rows, err, each)
}

// query runs a query, and calls each with every row.
func (s *Store) query(ctx context.Context, each func(*sql.Rows) error, statement string, args ...any) error {
	h, err := s.ready(ctx)
	if err != nil {
		return err
	}
	rows, err := h.read.QueryContext(ctx, s.database.sql(statement), args...)
	if err = scan(rows, err, each); err != nil {
		s.failed(ctx, h, err)
	}
	return err
}

// scan calls each with every row, and closes the rows.
func scan(rows *sql.Rows, err error, each func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
