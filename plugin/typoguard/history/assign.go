package history

import (
	"context"
	"database/sql"
	"time"
)

// assigned is who has an event as the journal has it.
type assigned struct {
	Assignee string `json:"assignee"`
}

// record returns who has an event as the journal has it; nil for nobody.
func (a assigned) record() any {
	if a.Assignee == "" {
		return nil
	}
	return a
}

// Assign has a person look into an event, or nobody (""), instead of whoever did, and writes that into the journal. It returns ErrUnknown if there
// is no event with that id.
func (s *Store) Assign(ctx context.Context, id, assignee, by string) error {
	return s.change(ctx, func(tx *transaction) error {
		e, err := tx.reviewable(ctx, clean(id))
		if err != nil {
			return err
		}
		var before, after = assigned{}, assigned{clean(assignee)}
		if err := tx.query(ctx, func(row *sql.Rows) error { return row.Scan(&before.Assignee) }, `SELECT assignee FROM event WHERE id = $1`, e.id); err != nil {
			return err
		}
		if before == after {
			return nil
		}
		if _, err := tx.exec(ctx, `UPDATE event SET assignee = $1 WHERE id = $2`, after.Assignee, e.id); err != nil {
			return err
		}
		return tx.enter(ctx, &entry{
			at: time.Now(), who: by, what: WhatAssignment, policy: e.policy, name: e.name, event: e.id, before: before.record(), after: after.record(),
		})
	})
}
