package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Bulk is one review of several events.
type Bulk struct {
	// IDs are the events, of which unknown ones are skipped.
	IDs []string
	// Alike adds all open events for the same lookalikes and policies.
	Alike bool
	// State is given to those events that are open, as others have been reviewed by someone else. StateOpen opens those that are not,
	// and ignores Alike.
	State State
	// Note replaces the notes of the events; "" keeps them.
	Note string
	// Reviewer is the person, if known.
	Reviewer string
}

// Batch is what a review of several events has changed.
type Batch struct {
	// At is the time at which the events were reviewed, which no other batch has.
	At       time.Time
	State    State
	Reviewer string
	// Events and Lookalikes count what was changed, and Name is one of these lookalikes.
	Events, Lookalikes int64
	Name               string
}

// ReviewBulk reviews several events, in one transaction.
func (s *Store) ReviewBulk(ctx context.Context, b Bulk) (*Batch, error) {
	made := &Batch{State: b.State, Reviewer: clean(b.Reviewer)}
	if len(b.IDs) == 0 {
		return made, nil
	}
	cleaned := make([]string, len(b.IDs))
	for i, id := range b.IDs {
		cleaned[i] = clean(id)
	}
	return made, s.change(ctx, func(tx *transaction) error {
		at, err := tx.reviewTime(ctx)
		if err != nil {
			return err
		}
		var c conditions
		c.add("state = $, note = CASE WHEN CAST($ AS TEXT) = '' THEN note ELSE $ END, reviewer = $, reviewed = $",
			string(b.State), clean(b.Note), clean(b.Note), made.Reviewer, at)
		change := c.where()
		c.text = nil
		text, values := b.events(cleaned)
		c.add(text, values...)
		result, err := tx.exec(ctx, "UPDATE event SET "+change+" WHERE "+c.where(), c.args...)
		if err != nil {
			return err
		}
		made.At = fromMillis(at)
		made.Events, err = result.RowsAffected()
		return err
	})
}

// events returns the condition for the events to change.
func (b *Bulk) events(ids []string) (text string, values []any) {
	for i, id := range ids {
		if i > 0 {
			text += ","
		}
		text, values = text+"$", append(values, id)
	}
	switch {
	case b.State == StateOpen:
		return "state <> 'open' AND id IN (" + text + ")", values
	case b.Alike:
		return "state = 'open' AND lookalike IN (SELECT lookalike FROM event WHERE id IN (" + text + "))", values
	default:
		return "state = 'open' AND id IN (" + text + ")", values
	}
}

// reviewTime returns the time of a review that is now, and later than all others.
func (t *transaction) reviewTime(ctx context.Context) (at int64, err error) {
	at = time.Now().UnixMilli()
	err = t.query(ctx, func(row *sql.Rows) error {
		var last int64
		err := row.Scan(&last)
		at = max(at, last+1)
		return err
	}, `SELECT reviewed FROM event WHERE reviewed >= $1 AND reviewed > 0 ORDER BY reviewed DESC LIMIT 1`, at)
	return at, err
}

// Batch returns what was reviewed at once at a time, as far as it has not been reviewed again. It returns ErrUnknown if nothing was.
func (s *Store) Batch(ctx context.Context, at time.Time) (*Batch, error) {
	var b *Batch
	err := s.query(ctx, func(row *sql.Rows) error {
		b = &Batch{At: at}
		return row.Scan(&b.State, &b.Reviewer, &b.Events, &b.Lookalikes, &b.Name)
	}, `SELECT event.state, event.reviewer, count(*), count(DISTINCT lookalike.name), min(lookalike.name)
		FROM event JOIN lookalike ON lookalike.number = event.lookalike
		WHERE event.reviewed = $1 AND event.reviewed > 0 GROUP BY event.state, event.reviewer`, toMillis(at))
	if err == nil && b == nil {
		err = fmt.Errorf("%w was reviewed at %s", ErrUnknown, at.UTC().Format(time.RFC3339Nano))
	}
	return b, err
}

// Undo opens what a reviewer reviewed at once at a time, but for the events that someone has reviewed since, as a batch of its own. Notes
// stay.
func (s *Store) Undo(ctx context.Context, at time.Time, reviewer string) (*Batch, error) {
	made := &Batch{State: StateOpen, Reviewer: clean(reviewer)}
	return made, s.change(ctx, func(tx *transaction) error {
		now, err := tx.reviewTime(ctx)
		if err != nil {
			return err
		}
		result, err := tx.exec(ctx, `UPDATE event SET state = 'open', reviewed = $1
			WHERE reviewed = $2 AND reviewed > 0 AND reviewer = $3 AND state <> 'open'`, now, toMillis(at), made.Reviewer)
		if err != nil {
			return err
		}
		made.At = fromMillis(now)
		made.Events, err = result.RowsAffected()
		return err
	})
}
