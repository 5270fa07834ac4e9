package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Bulk is one review of several events.
type Bulk struct {
	// IDs are the events, of which unknown ones are skipped.
	IDs []string
	// Alike adds all open events for the same lookalikes and policies, and decides about these for good, so that new ones do not open.
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
		cleaned, err := tx.mainIDs(ctx, cleaned)
		if err != nil {
			return err
		}
		at, err := tx.reviewTime(ctx)
		if err != nil {
			return err
		}
		if made.At = fromMillis(at); b.Alike && b.State != StateOpen {
			made.Events, err = tx.decideBulk(ctx, &b, made, cleaned)
		} else {
			made.Events, err = tx.reviewBulk(ctx, &b, made, cleaned)
		}
		return err
	})
}

// reviewBulk reviews the events of a bulk, and writes each into the journal.
func (t *transaction) reviewBulk(ctx context.Context, b *Bulk, made *Batch, ids []string) (changed int64, err error) {
	var c conditions
	text, values := b.events(ids)
	c.add(text, values...)
	var entries []*entry
	err = t.query(ctx, func(row *sql.Rows) error {
		var id, policy, name string
		var before reviewed
		var at int64
		if err := row.Scan(&id, &policy, &name, &before.State, &before.Note, &before.Reviewer, &at); err != nil {
			return err
		}
		before.Reviewed = optional(fromMillis(at))
		after := reviewed{b.State, cmp.Or(b.Note, before.Note), made.Reviewer, optional(made.At)}
		entries = append(entries, &entry{made.At, made.Reviewer, WhatReview, policy, name, id, before, after})
		return nil
	}, `SELECT event.id, lookalike.policy, lookalike.name, event.state, event.note, event.reviewer, event.reviewed
		FROM event JOIN lookalike ON lookalike.number = event.lookalike WHERE `+c.where()+` ORDER BY event.id`, c.args...)
	if err != nil {
		return 0, err
	}
	if changed, err = t.updateBulk(ctx, b, made, ids); err != nil {
		return 0, err
	}
	for _, e := range entries {
		if err := t.enter(ctx, e); err != nil {
			return 0, err
		}
	}
	return changed, nil
}

// decideBulk reviews the open events for the lookalikes of a bulk, and decides about these.
func (t *transaction) decideBulk(ctx context.Context, b *Bulk, made *Batch, ids []string) (changed int64, err error) {
	var names []decidedName
	in, args := list(ids)
	err = t.query(ctx, func(row *sql.Rows) error {
		var name decidedName
		err := row.Scan(&name.policy, &name.lookalike)
		names = append(names, name)
		return err
	}, `SELECT DISTINCT lookalike.policy, lookalike.name FROM event JOIN lookalike ON lookalike.number = event.lookalike WHERE event.id IN `+in, args...)
	if err != nil || len(names) == 0 {
		return 0, err
	}
	if _, err := t.lockLookalikes(ctx, names...); err != nil {
		return 0, err
	}
	if changed, err = t.updateBulk(ctx, b, made, ids); err != nil {
		return 0, err
	}
	for _, name := range names {
		others, err := t.decide(ctx, Decision{
			Policy: name.policy, Lookalike: name.lookalike, State: b.State, Note: b.Note, Decider: made.Reviewer, Decided: made.At,
		}, "")
		if err != nil {
			return 0, err
		}
		changed += others
	}
	return changed, nil
}

// updateBulk changes the events of a bulk.
func (t *transaction) updateBulk(ctx context.Context, b *Bulk, made *Batch, ids []string) (changed int64, err error) {
	var c conditions
	c.add("state = $, note = CASE WHEN CAST($ AS TEXT) = '' THEN note ELSE $ END, reviewer = $, reviewed = $",
		string(b.State), clean(b.Note), clean(b.Note), made.Reviewer, toMillis(made.At))
	change := c.where()
	c.text = nil
	text, values := b.events(ids)
	c.add(text, values...)
	result, err := t.exec(ctx, "UPDATE event SET "+change+" WHERE "+c.where(), c.args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
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
		return "event.state <> 'open' AND event.id IN (" + text + ")", values
	case b.Alike:
		return "event.state = 'open' AND event.lookalike IN (SELECT lookalike FROM event WHERE id IN (" + text + "))", values
	default:
		return "event.state = 'open' AND event.id IN (" + text + ")", values
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

// Undo opens what a reviewer reviewed at once at a time, but for the events that someone has reviewed since, as a batch of its own, and
// withdraws the decisions that were made with it. Notes stay.
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
		if made.Events, err = result.RowsAffected(); err != nil {
			return err
		}
		opened, err := tx.withdrawAt(ctx, at, made)
		made.Events += opened
		return err
	})
}

// withdrawAt withdraws what a reviewer decided at a time, and writes into the journal that the batch was taken back.
func (t *transaction) withdrawAt(ctx context.Context, at time.Time, made *Batch) (opened int64, err error) {
	var decisions []*Decision
	if err := t.query(ctx, func(row *sql.Rows) error {
		d, _, err := scanDecision(row)
		decisions = append(decisions, d)
		return err
	}, `SELECT `+decisionColumns+` FROM decision WHERE decided = $1 AND decider = $2 ORDER BY number`, toMillis(at), made.Reviewer); err != nil {
		return 0, err
	}
	for _, d := range decisions {
		d.State, d.Decider, d.Decided = StateOpen, made.Reviewer, made.At
		more, err := t.decide(ctx, *d, "")
		if err != nil {
			return 0, err
		}
		opened += more
	}
	if made.Events+opened == 0 {
		return 0, nil
	}
	return opened, t.enter(ctx, &entry{at: made.At, who: made.Reviewer, what: WhatUndo, before: reviewed{Reviewed: optional(at)}, after: reviewed{State: StateOpen}})
}
