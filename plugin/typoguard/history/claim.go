package history

import (
	"context"
	"database/sql"
	"time"
)

const (
	// claimLease is how long a resolver has to send a digest before another one may take it on.
	claimLease = 10 * time.Minute
	// longestDigest is how far back a digest reaches, if those before it could not be sent.
	longestDigest = 35 * 24 * time.Hour
)

// Claim is who sends a digest.
type Claim struct {
	// Ours says that it is for the caller to send it now, and From where it begins: at the end of the one that was sent before.
	Ours bool
	From time.Time
	// Sent says that it needs not be sent: it was, or the series begins where it ends.
	Sent bool
}

// BeginDigest begins a series of digests at a time, as if one had been sent then, unless it has begun before.
func (s *Store) BeginDigest(ctx context.Context, name string, at, now time.Time) error {
	name = clean(name)
	return s.change(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, `INSERT INTO digest (name, until, host, claimed, sent)
			SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT), 0, CAST($4 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM digest WHERE name = $5)
			ON CONFLICT (name, until) DO NOTHING`, name, at.UnixMilli(), s.config.Host, now.UnixMilli(), name)
		return err
	})
}

// ClaimDigest decides who sends the digest of a series for the period that ends at a time: of all resolvers that share the database, the
// first to ask, and another one if that fails or takes too long.
func (s *Store) ClaimDigest(ctx context.Context, name string, until, now time.Time) (c Claim, err error) {
	err = s.change(ctx, func(tx *transaction) error {
		c, err = tx.claim(ctx, clean(name), s.config.Host, until, now)
		return err
	})
	return c, err
}

func (t *transaction) claim(ctx context.Context, name, host string, until, now time.Time) (Claim, error) {
	end, at := until.UnixMilli(), now.UnixMilli()
	if _, err := t.exec(ctx, `INSERT INTO digest (name, until, host, claimed, sent) VALUES ($1, $2, $3, 0, 0) ON CONFLICT (name, until) DO NOTHING`,
		name, end, host); err != nil {
		return Claim{}, err
	}
	lease := claimLease.Milliseconds()
	// A claim of the future was made by a wrong clock.
	result, err := t.exec(ctx, `UPDATE digest SET host = $1, claimed = $2 WHERE name = $3 AND until = $4 AND sent = 0 AND (claimed < $5 OR claimed > $6)`,
		host, at, name, end, at-lease, at+lease)
	if err != nil {
		return Claim{}, err
	}
	taken, err := result.RowsAffected()
	if err != nil {
		return Claim{}, err
	}
	c := Claim{Ours: taken > 0}
	if !c.Ours {
		return c, t.query(ctx, func(row *sql.Rows) error { return row.Scan(&c.Sent) }, `SELECT sent > 0 FROM digest WHERE name = $1 AND until = $2`, name, end)
	}
	var before int64
	err = t.query(ctx, func(row *sql.Rows) error { return row.Scan(&before) },
		`SELECT coalesce(max(until), 0) FROM digest WHERE name = $1 AND until < $2 AND sent > 0`, name, end)
	c.From = fromMillis(max(before, until.Add(-longestDigest).UnixMilli()))
	return c, err
}

// DigestSent records that a digest was sent.
func (s *Store) DigestSent(ctx context.Context, name string, until, now time.Time) error {
	return s.change(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, `UPDATE digest SET sent = $1 WHERE name = $2 AND until = $3`, now.UnixMilli(), clean(name), until.UnixMilli())
		return err
	})
}

// ReleaseDigest lets others send a digest that this resolver has claimed, and cannot send.
func (s *Store) ReleaseDigest(ctx context.Context, name string, until time.Time) error {
	return s.change(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, `UPDATE digest SET claimed = 0 WHERE name = $1 AND until = $2 AND host = $3`, clean(name), until.UnixMilli(), s.config.Host)
		return err
	})
}
