package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// What changes are about.
const (
	WhatReview     = "review"
	WhatDecision   = "decision"
	WhatAllowance  = "allowance"
	WhatUndo       = "undo"
	WhatAssignment = "assignment"
)

// Change is an entry of the journal. The database refuses to change or to remove entries.
type Change struct {
	Number int64
	At     time.Time
	// Who changed it, if known.
	Who string
	// What is what was changed, of which policy and name.
	What, Policy, Name string
	// Event is the event at which it was done, if any.
	Event string
	// Before and After are what it was and became, as JSON; "" for nothing.
	Before, After string
}

// entry is a change to be written to the journal.
type entry struct {
	at                             time.Time
	who, what, policy, name, event string
	before, after                  any // nil for nothing
}

// enter writes an entry, in the transaction of what it is about.
func (t *transaction) enter(ctx context.Context, e *entry) error {
	before, err := toText(e.before)
	if err != nil {
		return err
	}
	after, err := toText(e.after)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO journal (at, who, what, policy, name, event, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		toMillis(e.at), clean(e.who), e.what, clean(e.policy), clean(e.name), clean(e.event), before, after); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// toText returns a value as JSON; "" for nil.
func toText(value any) (string, error) {
	if value == nil {
		return "", nil
	}
	text, err := json.Marshal(value)
	return clean(string(text)), err
}

// record returns the decision as the journal has it.
func (d *Decision) record() any {
	return struct {
		Network string     `json:"network,omitempty"`
		State   State      `json:"state"`
		Note    string     `json:"note,omitempty"`
		Decider string     `json:"decider,omitempty"`
		Decided time.Time  `json:"decided"`
		Until   *time.Time `json:"until,omitempty"`
	}{networkText(d.Network), d.State, d.Note, d.Decider, d.Decided.UTC().Truncate(time.Millisecond), optional(d.Until)}
}

// record returns the allowance as the journal has it; nil for nil.
func (a *Allowance) record() any {
	if a == nil {
		return nil
	}
	return struct {
		Owner     string     `json:"owner"`
		Reason    string     `json:"reason"`
		Until     *time.Time `json:"until,omitempty"`
		Event     string     `json:"event"`
		Lookalike string     `json:"lookalike"`
		Granter   string     `json:"granter,omitempty"`
		Granted   time.Time  `json:"granted"`
	}{a.Owner, a.Reason, optional(a.Until), a.Event, a.Lookalike, a.Granter, a.Granted.UTC().Truncate(time.Millisecond)}
}

// optional returns a time for JSON, which omits it if it is zero.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// reviewed is the review of an event as the journal has it.
type reviewed struct {
	State    State      `json:"state,omitempty"`
	Note     string     `json:"note,omitempty"`
	Reviewer string     `json:"reviewer,omitempty"`
	Reviewed *time.Time `json:"reviewed,omitempty"`
}

// maxChanges is the number of changes that Journal returns at most.
const maxChanges = 1000

// Journal returns changes, the latest first: those with a number below one, or the latest if it is 0.
func (s *Store) Journal(ctx context.Context, below int64, limit int) (all []Change, err error) {
	c := &conditions{}
	if below > 0 {
		c.add("number < $", below)
	}
	err = s.query(ctx, func(row *sql.Rows) error {
		var change Change
		var at int64
		err := row.Scan(&change.Number, &at, &change.Who, &change.What, &change.Policy, &change.Name, &change.Event, &change.Before, &change.After)
		change.At = fromMillis(at)
		all = append(all, change)
		return err
	}, fmt.Sprintf(`SELECT number, at, who, what, policy, name, event, before, after FROM journal WHERE %s ORDER BY number DESC LIMIT %d`,
		c.where(), min(limit, maxChanges)), c.args...)
	return all, err
}
