package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Allowance is a suffix that policies of a name pass although it looks like a protected one.
type Allowance struct {
	Policy, Suffix string
	// Owner is who answers for it, and Reason why.
	Owner, Reason string
	// Until is when it ends; zero means never.
	Until time.Time
	// Event and Lookalike are those at which it was granted.
	Event, Lookalike string
	// Granter is the person who granted it, if known.
	Granter string
	Granted time.Time
}

// Allow stores an allowance, instead of one for the same policy and suffix, and decides that its event was a false positive, and that its
// lookalike is one as long as it is allowed. The allowance's policy and lookalike are those of the event. It returns the number of events
// closed, or ErrUnknown if there is no such event.
func (s *Store) Allow(ctx context.Context, a Allowance) (closed int64, err error) {
	a.Granted = time.Now()
	err = s.change(ctx, func(tx *transaction) error {
		closed, err = tx.allow(ctx, a)
		return err
	})
	return closed, err
}

func (t *transaction) allow(ctx context.Context, a Allowance) (closed int64, err error) {
	review := Review{State: StateFalsePositive, Note: a.Reason, Reviewer: a.Granter, Lasts: true, Until: a.Until}
	a.Event = clean(a.Event)
	e, err := t.reviewable(ctx, a.Event)
	if err != nil {
		return 0, err
	}
	a.Policy, a.Lookalike, a.Event = e.policy, e.name, e.id
	if closed, err = t.review(ctx, a.Event, review, a.Granted); err != nil {
		return 0, err
	}
	before, err := t.allowance(ctx, a.Policy, a.Suffix)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `INSERT INTO allowance (policy, suffix, owner, reason, until, event, lookalike, granter, granted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (policy, suffix) DO UPDATE SET owner = excluded.owner, reason = excluded.reason, until = excluded.until, event = excluded.event,
		lookalike = excluded.lookalike, granter = excluded.granter, granted = excluded.granted`,
		a.Policy, clean(a.Suffix), clean(a.Owner), clean(a.Reason), toMillis(a.Until), a.Event, a.Lookalike, clean(a.Granter), toMillis(a.Granted))
	if err != nil {
		return 0, err
	}
	return closed, t.enter(ctx, &entry{
		at: a.Granted, who: a.Granter, what: WhatAllowance, policy: a.Policy, name: a.Suffix, event: a.Event, before: before.record(), after: a.record(),
	})
}

// Revoke removes the allowance of a policy for a suffix, and withdraws the decision that was made with it, so that the lookalike shows up
// again. It returns ErrUnknown if there is none.
func (s *Store) Revoke(ctx context.Context, policy, suffix, by string) error {
	now := time.Now()
	return s.change(ctx, func(tx *transaction) error {
		before, err := tx.allowance(ctx, clean(policy), clean(suffix))
		switch {
		case err != nil:
			return err
		case before == nil:
			return fmt.Errorf("%w of an allowance for %q in policy %q", ErrUnknown, suffix, policy)
		}
		d, _, err := tx.decision(ctx, &Decision{Policy: before.Policy, Lookalike: before.Lookalike})
		if err != nil {
			return err
		}
		if d != nil && d.State == StateFalsePositive {
			if _, err := tx.decide(ctx, Decision{Policy: d.Policy, Lookalike: d.Lookalike, State: StateOpen, Decider: by, Decided: now}, ""); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `DELETE FROM allowance WHERE policy = $1 AND suffix = $2`, before.Policy, before.Suffix); err != nil {
			return err
		}
		return tx.enter(ctx, &entry{at: now, who: by, what: WhatAllowance, policy: before.Policy, name: before.Suffix, before: before.record()})
	})
}

// allowance returns the stored allowance of a policy for a suffix, or nil.
func (t *transaction) allowance(ctx context.Context, policy, suffix string) (a *Allowance, err error) {
	err = t.query(ctx, func(row *sql.Rows) error {
		a, err = scanAllowance(row)
		return err
	}, `SELECT `+allowanceColumns+` FROM allowance WHERE policy = $1 AND suffix = $2`, policy, clean(suffix))
	return a, err
}

// allowanceColumns are the columns for scanAllowance.
const allowanceColumns = `policy, suffix, owner, reason, until, event, lookalike, granter, granted`

// scanAllowance returns the allowance in a row.
func scanAllowance(row *sql.Rows) (*Allowance, error) {
	var a Allowance
	var until, granted int64
	err := row.Scan(&a.Policy, &a.Suffix, &a.Owner, &a.Reason, &until, &a.Event, &a.Lookalike, &a.Granter, &granted)
	a.Until, a.Granted = fromMillis(until), fromMillis(granted)
	return &a, err
}

// Allowances returns the allowances of a policy, or of all for "", by policy and suffix.
func (s *Store) Allowances(ctx context.Context, policy string) (all []*Allowance, err error) {
	query, args := allowancesOf(policy)
	err = s.query(ctx, func(row *sql.Rows) error {
		a, err := scanAllowance(row)
		all = append(all, a)
		return err
	}, query, args...)
	return all, err
}

// allowancesOf returns the query for the allowances of a policy, or of all for "".
func allowancesOf(policy string) (query string, args []any) {
	var c conditions
	if policy != "" {
		c.add("policy = $", clean(policy))
	}
	return `SELECT ` + allowanceColumns + ` FROM allowance WHERE ` + c.where() + ` ORDER BY policy, suffix`, c.args
}

// AllowList returns allowances as a list for the option allow_file, which says who allowed what and why. The same allowances are the same
// list.
func AllowList(all []*Allowance) []byte {
	var text strings.Builder
	text.WriteString("# Allowed on the review page\n")
	for _, a := range all {
		text.WriteString(a.Suffix)
		if !a.Until.IsZero() {
			text.WriteString(" until=" + a.Until.UTC().Format(time.RFC3339))
		}
		fmt.Fprintf(&text, " # %s: %s (%s, event %s)\n", oneLine(a.Owner), oneLine(a.Reason), grantedText(a), oneLine(a.Event))
	}
	return []byte(text.String())
}

// grantedText says who granted an allowance, and on which day.
func grantedText(a *Allowance) string {
	day := a.Granted.UTC().Format(time.DateOnly)
	if a.Granter == "" {
		return day
	}
	return oneLine(a.Granter) + ", " + day
}

// oneLine returns text with blanks in place of anything that could end a line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
