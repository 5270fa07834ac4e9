//go:build e2e

package soak_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/miekg/dns"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// lockTables locks all tables. It does so again if a transaction of the server has some of them, and waits for others.
const lockTables = `DO $$ DECLARE t text; BEGIN
	LOOP
		BEGIN
			FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'LOCK TABLE ' || t; END LOOP;
			EXIT;
		EXCEPTION WHEN deadlock_detected THEN NULL;
		END;
	END LOOP;
END $$`

// sinkFaults are those of what events are written to.
func (w *world) sinkFaults() []fault {
	file, tables := new(exclusive), new(exclusive)
	return []fault{
		{
			name: "disk full", rank: harmless, of: "disk",
			begin: func(context.Context, *storm) error { return w.fillDisk() },
			end:   func(context.Context, *storm) error { return os.Remove(w.filler()) },
		},
		{
			name: "SQLite locked", rank: harmless, of: "SQLite",
			begin: func(ctx context.Context, _ *storm) error {
				var failed *sqlite.Error
				err := file.take(ctx, "sqlite", w.databaseFile(), "BEGIN EXCLUSIVE")
				if errors.As(err, &failed) && (failed.Code() == sqlite3.SQLITE_FULL || failed.Code() == sqlite3.SQLITE_IOERR_SHMSIZE) {
					return nil // while the disk is full nobody can lock it
				}
				return err
			},
			end: func(context.Context, *storm) error { return file.release() },
		},
		{
			name: "SQLite damaged", rank: harmless, of: "SQLite",
			begin: func(_ context.Context, s *storm) error { return s.damageDatabase() },
		},
		{
			name: "PostgreSQL gone", rank: harmless, of: "PostgreSQL",
			begin: func(context.Context, *storm) error { return w.postgres.Stop() },
			end:   func(ctx context.Context, _ *storm) error { return w.postgres.Start(ctx) },
		},
		{
			name: "PostgreSQL locked", rank: harmless, of: "PostgreSQL",
			begin: func(ctx context.Context, _ *storm) error {
				return tables.take(ctx, "pgx", w.postgres.DSN("postgres"), "BEGIN", lockTables)
			},
			end: func(context.Context, *storm) error { return tables.release() },
		},
		{
			name: "syslog away", rank: harmless, of: "syslog",
			begin: func(context.Context, *storm) error { return w.syslog.stop() },
			end:   func(context.Context, *storm) error { return w.syslog.start() },
		},
		{
			name: "burst of lookalikes", rank: busy, of: "burst",
			begin: func(ctx context.Context, s *storm) error { s.burst(ctx); return nil },
		},
	}
}

// filler is the file that fills the small disk.
func (w *world) filler() string { return filepath.Join(w.disk, "filler") }

// fillDisk fills the small disk to the last byte.
func (w *world) fillDisk() (err error) {
	file, err := os.Create(w.filler())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for size := 1 << 20; size > 0; size /= 16 {
		for chunk := make([]byte, size); err == nil; {
			_, err = file.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

// damageDatabase writes nonsense over the pages of the SQLite database, its first one excepted. What is in it is lost.
func (s *storm) damageDatabase() error {
	file, err := os.OpenFile(s.databaseFile(), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // not begun again since it was last damaged
	} else if err != nil {
		return err
	}
	s.events.damage()
	const page = 4096
	info, err := file.Stat()
	for at := int64(page); err == nil && at < info.Size(); at += page {
		_, err = file.WriteAt([]byte(randomBytes(page)), at)
	}
	return errors.Join(err, file.Close())
}

// exclusive is a lock on a database that somebody else holds.
type exclusive struct {
	db   *sql.DB
	conn *sql.Conn
	held bool
}

// take takes the lock.
func (e *exclusive) take(ctx context.Context, driver, dsn string, statements ...string) (err error) {
	e.held = false
	if e.db, err = sql.Open(driver, dsn); err != nil {
		return err
	}
	if e.conn, err = e.db.Conn(ctx); err != nil {
		return err
	}
	if driver == "sqlite" {
		statements = append([]string{"PRAGMA busy_timeout = 10000"}, statements...)
	}
	for _, statement := range statements {
		if _, err := e.conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	e.held = true
	return nil
}

// release releases it, if it was taken.
func (e *exclusive) release() (err error) {
	if e.held {
		_, err = e.conn.ExecContext(context.Background(), "ROLLBACK")
	}
	return errors.Join(err, e.conn.Close(), e.db.Close())
}

// burstSize is more than a sink's queue holds.
const burstSize = 12_000

// burst asks the guarded server for many lookalikes, as fast as they are answered.
func (s *storm) burst(ctx context.Context) {
	var all sync.WaitGroup
	for i := range clients {
		a := &asker{random: newRandom(), prefix: fmt.Sprintf("b%d-%d-", rand.Uint32(), i)}
		all.Go(func() {
			conn, err := (&dns.Client{}).DialContext(ctx, guardedDNS)
			if err != nil {
				return
			}
			defer conn.Close()
			client := &dns.Client{Timeout: answerWithin}
			for range burstSize / clients {
				q := question{class: lookalike, network: "udp"}
				q.name, q.qtype = a.lookalike()
				a.count++
				reply, _, err := client.ExchangeWithConn(new(dns.Msg).SetQuestion(q.name, q.qtype), conn)
				switch q.judge(reply, err) {
				case leaked:
					s.violate("a lookalike was answered with a route", "in a burst: %s", reply)
				case right:
					s.expectEvent(q.name)
				case lost, wrong, hidden:
				}
			}
		})
	}
	all.Wait()
}
