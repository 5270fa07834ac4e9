package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// maxOtherEvents is how many events of a lookalike are examined to find its other clients.
const maxOtherEvents = 1000

// others finds the clients that queried the lookalike of an event, under any policy.
func (s *Store) others(ctx context.Context, d *Detail) error {
	return s.query(ctx, func(row *sql.Rows) error {
		var c Client
		var last int64
		if err := row.Scan(&c.Address, &c.Enforced.Events, &c.Enforced.Queries, &c.Monitored.Events, &c.Monitored.Queries, &last); err != nil {
			return err
		}
		c.Last, c.Lookalikes = fromMillis(last), 1
		d.Others = append(d.Others, c)
		return nil
	}, fmt.Sprintf(`SELECT client.address,
		CAST(sum(CASE WHEN asked.mode <> 'monitor' THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(CASE WHEN asked.mode <> 'monitor' THEN asked.count ELSE 0 END) AS BIGINT),
		CAST(sum(CASE WHEN asked.mode = 'monitor' THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(CASE WHEN asked.mode = 'monitor' THEN asked.count ELSE 0 END) AS BIGINT),
		max(asked.last) AS latest
		FROM (SELECT client, mode, count, last FROM event WHERE lookalike IN (SELECT number FROM lookalike WHERE name = $1)
			ORDER BY first DESC LIMIT %d) AS asked JOIN client ON client.number = asked.client
		GROUP BY client.address ORDER BY latest DESC, client.address`, maxOtherEvents), d.Name)
}

// states counts the events of a lookalike by state.
func (s *Store) states(ctx context.Context, d *Detail, lookalike int64) error {
	return s.query(ctx, func(row *sql.Rows) error {
		var state State
		var n int64
		if err := row.Scan(&state, &n); err != nil {
			return err
		}
		d.States[state] = n
		return nil
	}, `SELECT state, count(*) FROM event WHERE lookalike = $1 GROUP BY state`, lookalike)
}

// Review stores a review, and returns the number of events changed. It returns ErrUnknown if there is no event with that id, and
// ErrReviewed if someone has reviewed the event since Seen.
func (s *Store) Review(ctx context.Context, id string, r Review) (changed int64, err error) {
	now, id := time.Now().UnixMilli(), clean(id)
	err = s.change(ctx, func(tx *transaction) error {
		condition, args := "id = $5", []any{string(r.State), clean(r.Note), clean(r.Reviewer), now, id}
		if r.Seen != nil {
			condition, args = condition+" AND reviewed = $6", append(args, toMillis(*r.Seen))
		}
		result, err := tx.exec(ctx, `UPDATE event SET state = $1, note = $2, reviewer = $3, reviewed = $4 WHERE `+condition, args...)
		if err != nil {
			return err
		}
		if changed, err = result.RowsAffected(); err != nil {
			return err
		}
		if changed == 0 {
			return tx.reasonUnchanged(ctx, id)
		}
		if !r.All || r.State == StateOpen {
			return nil
		}
		result, err = tx.exec(ctx, `UPDATE event SET state = $1, note = $2, reviewer = $3, reviewed = $4
			WHERE lookalike = (SELECT lookalike FROM event WHERE id = $5) AND state = 'open'`,
			string(r.State), clean(r.Note), clean(r.Reviewer), now, id)
		if err != nil {
			return err
		}
		others, err := result.RowsAffected()
		changed += others
		return err
	})
	return changed, err
}

// reasonUnchanged returns the reason why a review changed nothing.
func (t *transaction) reasonUnchanged(ctx context.Context, id string) error {
	reason := ErrUnknown
	err := t.query(ctx, func(*sql.Rows) error { reason = ErrReviewed; return nil }, `SELECT 1 FROM event WHERE id = $1`, id)
	return errors.Join(err, fmt.Errorf("%w: %q", reason, id))
}
