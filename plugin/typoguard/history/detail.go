package history

import (
	"context"
	"database/sql"
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
// ErrReviewed if someone has reviewed the event since Seen, or at the same moment.
func (s *Store) Review(ctx context.Context, id string, r Review) (changed int64, err error) {
	now, id := time.Now(), clean(id)
	err = s.change(ctx, func(tx *transaction) error {
		changed, err = tx.review(ctx, id, r, now)
		return err
	})
	return changed, err
}

func (t *transaction) review(ctx context.Context, id string, r Review, now time.Time) (changed int64, err error) {
	e, err := t.reviewable(ctx, id)
	if err != nil {
		return 0, err
	}
	id = e.id
	if r.Seen != nil && toMillis(*r.Seen) != e.reviewed {
		return 0, fmt.Errorf("%w: %q", ErrReviewed, id)
	}
	if r.Lasts { // before the event, as writers of events lock them
		if _, err := t.lockLookalikes(ctx, decidedName{e.policy, e.name}); err != nil {
			return 0, err
		}
	}
	args := []any{string(r.State), clean(r.Note), clean(r.Reviewer), toMillis(now)}
	result, err := t.exec(ctx, `UPDATE event SET state = $1, note = $2, reviewer = $3, reviewed = $4 WHERE id = $5 AND reviewed = $6`, append(args, id, e.reviewed)...)
	if err != nil {
		return 0, err
	}
	if changed, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	if changed == 0 {
		return 0, fmt.Errorf("%w: %q", ErrReviewed, id)
	}
	if err := t.enter(ctx, &entry{
		at: now, who: r.Reviewer, what: WhatReview, policy: e.policy, name: e.name, event: id,
		before: reviewed{State(e.state), e.note, e.reviewer, optional(fromMillis(e.reviewed))}, after: reviewed{r.State, r.Note, r.Reviewer, optional(now)},
	}); err != nil {
		return 0, err
	}
	others := int64(0)
	switch {
	case r.Lasts:
		others, err = t.decide(ctx, Decision{
			Policy: e.policy, Lookalike: e.name, Network: r.Network, State: r.State, Note: r.Note, Decider: r.Reviewer, Decided: now, Until: r.Until,
		}, id)
	case r.All && r.State != StateOpen:
		result, err = t.exec(ctx, `UPDATE event SET state = $1, note = $2, reviewer = $3, reviewed = $4 WHERE lookalike = $5 AND state = 'open'`, append(args, e.lookalike)...)
		if err == nil {
			others, err = result.RowsAffected()
		}
	}
	return changed + others, err
}

// reviewable is what a review has to know of an event.
type reviewable struct {
	id, policy, name, state, note, reviewer string
	reviewed, lookalike                     int64
}

// reviewable returns what a review has to know of an event, or ErrUnknown.
func (t *transaction) reviewable(ctx context.Context, id string) (e *reviewable, err error) {
	err = t.query(ctx, func(row *sql.Rows) error {
		e = &reviewable{}
		return row.Scan(&e.id, &e.policy, &e.name, &e.state, &e.note, &e.reviewer, &e.reviewed, &e.lookalike)
	}, `SELECT event.id, lookalike.policy, lookalike.name, event.state, event.note, event.reviewer, event.reviewed, event.lookalike
		FROM event JOIN lookalike ON lookalike.number = event.lookalike WHERE event.number = `+numberOf("$1"), id)
	if err == nil && e == nil {
		err = fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	return e, err
}
