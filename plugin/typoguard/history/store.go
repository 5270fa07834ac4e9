package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// What is wrong with a question, or with a review, and not with the database.
var (
	// ErrUnknown is returned for an event that is not there.
	ErrUnknown = errors.New("no such event")
	// ErrReviewed is returned for an event of which somebody else has said something meanwhile.
	ErrReviewed = errors.New("the event was reviewed in the meantime")
	// ErrCursor is returned for a cursor that no page of this order has.
	ErrCursor = errors.New("unknown page cursor")
)

const (
	// patience is how long the database may take to do what the queue asks of it. Then it counts as dead, and is tried again.
	patience = 15 * time.Second
	// readers is how many questions the database is asked at a time: the page shares the machine with the resolver.
	readers = 4
)

// Config says where events are kept, and for how long.
type Config struct {
	// DSN is as for Check.
	DSN string
	// Age is for how long events are kept; 0 is for ever.
	Age time.Duration
	// Size is how many octets the events may take; 0 is for no bound. In PostgreSQL it counts the rows of events, and neither
	// their indexes nor what VACUUM has yet to clear.
	Size int64
	// Host is the resolver that reports.
	Host string
	// Logger is told when the removal of old events fails, and works again; nil for nobody.
	Logger *slog.Logger
}

// Store is a database of events. Any number of goroutines may use it.
type Store struct {
	config   Config
	database database

	lock   chan struct{} // has room for one, who alone may use what follows; held while the database is opened
	opened *handles      // nil until the first use, and after a failure

	stop context.CancelFunc
	done sync.WaitGroup
}

// handles are the ways to an open database. For SQLite, which has one writer at a time, they are two.
type handles struct {
	read, write *sql.DB
}

func (h *handles) close() error {
	if h.read == h.write {
		return h.read.Close()
	}
	return errors.Join(h.read.Close(), h.write.Close())
}

// database is what differs between SQLite and PostgreSQL, beside the migrations.
type database interface {
	// open returns handles on the database, which need not be reachable.
	open() (*handles, error)
	// migrate brings the schema up to date.
	migrate(ctx context.Context, h *handles) error
	// moved reports whether the database that is open is not the one of that name any more.
	moved() bool
	// sql returns a statement, with the placeholders $1, $2…, in the words of this database.
	sql(statement string) string
	// hints reports whether queries must say which index is best.
	hints() bool
	// size returns how many octets the events take.
	size(ctx context.Context, db *sql.DB) (int64, error)
	// shrink gives back what removed events took.
	shrink(ctx context.Context, db *sql.DB) error
}

// Open returns the store of a database, which it reaches for only when it is first used, and again after every failure.
// If the configuration bounds what is kept, a goroutine removes the rest, until Close.
func Open(config Config) (*Store, error) {
	if _, err := Check(config.DSN); err != nil {
		return nil, err
	}
	s := &Store{config: config, lock: make(chan struct{}, 1)}
	if path, ok := ParseSQLite(config.DSN); ok {
		s.database = &sqliteFile{path: path}
	} else {
		s.database = &postgresServer{dsn: config.DSN}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if config.Age > 0 || config.Size > 0 {
		s.done.Go(func() { s.retain(ctx) })
	}
	return s, nil
}

// Close ends what the store does, and gives the database back.
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

// acquire waits for the lock, until the context ends: a database that says nothing keeps whoever opens it for long, and a
// process that is to end cannot wait for that.
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

// ready returns the handles of the open database, with its schema up to date.
func (s *Store) ready(ctx context.Context) (*handles, error) {
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	defer s.release()
	if s.opened != nil && !s.database.moved() {
		return s.opened, nil
	}
	s.forget()
	h, err := s.database.open()
	if err != nil {
		return nil, err
	}
	if err := s.database.migrate(ctx, h); err != nil {
		return nil, errors.Join(err, h.close())
	}
	s.opened = h
	return h, nil
}

// forget has the database opened anew at the next use. The lock is held.
func (s *Store) forget() {
	if h := s.opened; h != nil {
		s.opened = nil
		s.done.Go(func() { _ = h.close() }) // when those who use it have ended; what it has to say matters no more
	}
}

// failed takes an error that came by some handles for a sign that the database may be another one the next time, unless it
// only says that somebody has no more time.
func (s *Store) failed(ctx context.Context, h *handles, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrReviewed) {
		return
	}
	if s.acquire(ctx) != nil {
		return // somebody opens it anew already
	}
	defer s.release()
	if s.opened == h {
		s.forget()
	}
}

// change does something in one transaction, all of it or nothing.
func (s *Store) change(ctx context.Context, do func(*transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
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
		_ = tx.Rollback() // the error that led here says more
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

// query asks the database, and calls each with every row of the answer.
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

// scan calls each with every row, and closes them.
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
