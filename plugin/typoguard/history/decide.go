package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Decision is one review of several events.
type Decision struct {
	// IDs are the events, of which unknown ones are skipped.
	IDs []string
	// Alike adds all open events for the same lookalikes and policies.
	Alike bool
	// State confirmed or false positive decides those events that are open; others have been decided by someone else. State open
	// opens those that are not, without Alike.
	State State
	// Note replaces the notes of the events; "" keeps them.
	Note string
	// Reviewer is the person, if known.
	Reviewer string
}

// Decided is a decision that was made.
type Decided struct {
	// At is the time at which its events were reviewed, which no other decision has.
	At       time.Time
	State    State
	Reviewer string
	// Events and Lookalikes count what it changed, and Name is one of these lookalikes.
	Events, Lookalikes int64
	Name               string
}

// Decide makes a decision, in one transaction.
func (s *Store) Decide(ctx context.Context, d Decision) (*Decided, error) {
	made := &Decided{State: d.State, Reviewer: clean(d.Reviewer)}
	if len(d.IDs) == 0 {
		return made, nil
	}
	cleaned := make([]string, len(d.IDs))
	for i, id := range d.IDs {
		cleaned[i] = clean(id)
	}
	return made, s.change(ctx, func(tx *transaction) error {
		at, err := tx.reviewTime(ctx)
		if err != nil {
			return err
		}
		var c conditions
		c.add("state = $, note = CASE WHEN CAST($ AS TEXT) = '' THEN note ELSE $ END, reviewer = $, reviewed = $",
			string(d.State), clean(d.Note), clean(d.Note), made.Reviewer, at)
		change := c.where()
		c.text = nil
		text, values := d.events(cleaned)
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

// events returns the condition for the events of a decision that it changes.
func (d *Decision) events(ids []string) (text string, values []any) {
	for i, id := range ids {
		if i > 0 {
			text += ","
		}
		text, values = text+"$", append(values, id)
	}
	switch {
	case d.State == StateOpen:
		return "state <> 'open' AND id IN (" + text + ")", values
	case d.Alike:
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

// Decided returns the decision that was made at a time, as far as its events still have it. It returns ErrUnknown if none has.
func (s *Store) Decided(ctx context.Context, at time.Time) (*Decided, error) {
	var d *Decided
	err := s.query(ctx, func(row *sql.Rows) error {
		d = &Decided{At: at}
		return row.Scan(&d.State, &d.Reviewer, &d.Events, &d.Lookalikes, &d.Name)
	}, `SELECT event.state, event.reviewer, count(*), count(DISTINCT lookalike.name), min(lookalike.name)
		FROM event JOIN lookalike ON lookalike.number = event.lookalike
		WHERE event.reviewed = $1 AND event.reviewed > 0 AND event.state <> 'open' GROUP BY event.state, event.reviewer`, toMillis(at))
	if err == nil && d == nil {
		err = fmt.Errorf("%w was decided at %s", ErrUnknown, at.UTC().Format(time.RFC3339Nano))
	}
	return d, err
}

// Undo opens the events again that a reviewer decided at a time, and returns their number: those that someone has reviewed since stay
// as they are. Notes stay.
func (s *Store) Undo(ctx context.Context, at time.Time, reviewer string) (changed int64, err error) {
	err = s.change(ctx, func(tx *transaction) error {
		now, err := tx.reviewTime(ctx)
		if err != nil {
			return err
		}
		result, err := tx.exec(ctx, `UPDATE event SET state = 'open', reviewed = $1
			WHERE reviewed = $2 AND reviewed > 0 AND reviewer = $3 AND state <> 'open'`, now, toMillis(at), clean(reviewer))
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}
