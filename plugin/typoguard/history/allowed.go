package history

import (
	"bytes"
	"context"
	"crypto/fips140"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Lookup returns the addresses of a host.
type Lookup = func(ctx context.Context, host string) ([]netip.Addr, error)

// ReadAllowed returns the list of what a policy allows according to a history, or all policies for "". It changes nothing, and leaves nothing
// open. The error wraps fs.ErrNotExist if nothing was ever allowed there: a database that was begun anew, because the one before was
// damaged or is on a disk that is not mounted, must not look as if somebody had revoked everything. The lookup, if it is not nil, finds a
// database server that the host's own resolver does not know.
func ReadAllowed(ctx context.Context, dsn, policy string, lookup Lookup) (_ []byte, err error) {
	db, d, exists, err := openToRead(dsn, lookup)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var begun bool
	if err := db.QueryRowContext(ctx, exists).Scan(&begun); err != nil {
		return nil, err
	}
	if !begun {
		return nil, errNeverAllowed
	}
	var all []*Allowance
	query, args := allowancesOf(policy)
	rows, err := db.QueryContext(ctx, d.sql(query), args...)
	if err := scan(rows, err, func(row *sql.Rows) error {
		a, err := scanAllowance(row)
		all = append(all, a)
		return err
	}); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		if err := db.QueryRowContext(ctx, everAllowed).Scan(&begun); err != nil {
			return nil, err
		}
	}
	if !begun {
		return nil, errNeverAllowed
	}
	return AllowList(all), nil
}

// errNeverAllowed is the error for a history in which nothing was ever allowed.
var errNeverAllowed = fmt.Errorf("nothing was ever allowed in the history: %w", fs.ErrNotExist)

// everAllowed asks whether anything was ever allowed in a history that has no allowances now.
const everAllowed = `SELECT EXISTS (SELECT 1 FROM journal WHERE what = '` + WhatAllowance + `')`

// openToRead opens a database, which it does not create, and returns a query for whether it has a table of allowances.
func openToRead(dsn string, lookup Lookup) (db *sql.DB, d database, exists string, err error) {
	path, ok := ParseSQLite(dsn)
	if !ok {
		config, err := postgresConfig(dsn, lookup)
		if err != nil {
			return nil, nil, "", err
		}
		return stdlib.OpenDB(*config), &postgresServer{dsn: dsn}, `SELECT to_regclass('allowance') IS NOT NULL`, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil, "", err
	}
	f := &sqliteFile{path: path}
	db, err = f.handle("mode=rw&_query_only=1")
	return db, f, `SELECT count(*) > 0 FROM sqlite_master WHERE name = 'allowance'`, err
}

// postgresConfig returns how to connect to a server.
func postgresConfig(dsn string, lookup Lookup) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(withDefaults(dsn, fips140.Enforced()))
	if err != nil {
		return nil, errors.New("invalid PostgreSQL URL") // Check has said more
	}
	if lookup == nil {
		return config, nil
	}
	config.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		found, err := net.DefaultResolver.LookupHost(ctx, host)
		if err == nil {
			return found, nil
		}
		addresses, other := lookup(ctx, host)
		if other != nil || len(addresses) == 0 {
			return nil, errors.Join(err, other)
		}
		for _, a := range addresses {
			found = append(found, a.String())
		}
		return found, nil
	}
	return config, nil
}

// closePostgres closes a connection that has only read. A server that does not answer is not waited for long.
func closePostgres(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // there is nothing to lose
}

const (
	// watchInterval is how often a file is read for changes, and how soon a server that is away is tried again at first.
	watchInterval = time.Second
	// aliveInterval is how often a connection that says nothing is tested, and how seldom a server that is away is tried.
	aliveInterval = 30 * time.Second
	// aliveTimeout is how long connecting and testing may take.
	aliveTimeout = 10 * time.Second
)

// WatchAllowed calls changed at the beginning, and whenever the allowances in a history have changed, or may have, until the context ends:
// PostgreSQL notifies, and a file is read every second. What goes wrong is tried again, and not told: reading the list tells it.
func WatchAllowed(ctx context.Context, dsn string, changed func()) {
	if _, ok := ParseSQLite(dsn); ok {
		watchSQLite(ctx, dsn, changed)
		return
	}
	for wait := watchInterval; ctx.Err() == nil; wait = min(2*wait, aliveInterval) {
		if listened := listen(ctx, dsn, changed); listened {
			wait = watchInterval
		}
		pause(ctx, wait-rand.N(wait/2)) //nolint:gosec // not a secret; many resolvers must not come back in step
	}
}

// watchSQLite reads a file again and again.
func watchSQLite(ctx context.Context, dsn string, changed func()) {
	before, _ := ReadAllowed(ctx, dsn, "", nil)
	changed()
	for {
		pause(ctx, watchInterval)
		if ctx.Err() != nil {
			return
		}
		content, err := ReadAllowed(ctx, dsn, "", nil)
		if err == nil && !bytes.Equal(content, before) {
			before = content
			changed()
		}
	}
}

// listen calls changed at the beginning, because nobody has listened before, and for every notification, until the connection or the context
// ends. It reports whether there was a connection.
func listen(ctx context.Context, dsn string, changed func()) (listened bool) {
	connecting, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	config, err := postgresConfig(dsn, nil)
	if err != nil {
		return false
	}
	conn, err := pgx.ConnectConfig(connecting, config)
	if err != nil {
		return false
	}
	defer closePostgres(ctx, conn)
	if _, err := conn.Exec(connecting, `LISTEN typoguard_allowance`); err != nil {
		return false
	}
	changed()
	for {
		waiting, cancel := context.WithTimeout(ctx, aliveInterval)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			changed()
		case ctx.Err() != nil, !isAlive(ctx, conn):
			return true
		}
	}
}

// isAlive reports whether the other end of a connection still answers.
func isAlive(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
