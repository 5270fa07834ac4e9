package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// postgresServer is a database of PostgreSQL. Several resolvers may write to it.
type postgresServer struct {
	dsn string
}

func (p *postgresServer) open() (*handles, error) {
	db, err := sql.Open("pgx", p.dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &handles{read: db, write: db}, nil
}

// lostInLog returns nothing: PostgreSQL looks after its own log.
func (*postgresServer) lostInLog() walDamage { return walDamage{} }

// migrate waits for other resolvers that are migrating, and checks for them every second.
func (p *postgresServer) migrate(ctx, long context.Context, h *handles) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 15))
	if err != nil {
		return err
	}
	return migrate(ctx, long, h, p, goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker))
}

// moved applies only to files.
func (p *postgresServer) moved() bool { return false }

func (p *postgresServer) sql(statement string) string { return statement }

// hints are not needed, because PostgreSQL keeps statistics.
func (*postgresServer) hints() bool { return false }

func (*postgresServer) top(rows string) string {
	return fmt.Sprintf("SELECT number FROM %s GROUP BY number ORDER BY sum(enforced + monitored) DESC, number LIMIT %d", rows, topCount)
}

// within compares addresses as such only if they are some, because anything else would be an error. A $
// in the patterns would be a placeholder.
func (*postgresServer) within(column string) string {
	const ipv4, ipv6 = `^([0-9]{1,3}\.){3}[0-9]{1,3}\Z`, `^[0-9a-f]*:[0-9a-f:]*\Z`
	return fmt.Sprintf("CASE WHEN %[1]s ~ '%[2]s' OR %[1]s ~ '%[3]s' THEN CAST(%[1]s AS inet) <<= CAST(CAST($ AS text) AS inet) ELSE FALSE END", column, ipv4, ipv6)
}

func (p *postgresServer) size(ctx context.Context, db *sql.DB) (size int64, err error) {
	err = db.QueryRowContext(ctx, "SELECT CAST(coalesce(sum(pg_column_size(event)), 0) AS BIGINT) FROM event").Scan(&size)
	return size, err
}

// shrink does nothing, because PostgreSQL's autovacuum does it.
func (p *postgresServer) shrink(context.Context, *sql.DB) error { return nil }
