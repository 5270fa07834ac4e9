package history

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Decision is what a person has decided about a lookalike for a policy. Open events of both are then closed, and new ones come in closed
// and are counted, unless they show something new: see decide.
type Decision struct {
	Policy, Lookalike string
	// Network restricts the decision to clients in it, as events show them; the zero Prefix means all clients.
	Network netip.Prefix
	// State is what events become. StateOpen withdraws the decision.
	State State
	Note  string
	// Decider is the person, if known.
	Decider string
	Decided time.Time
	// Until is when the decision ends; zero means never.
	Until time.Time
	// Counted is the number of events that have come in closed.
	Counted int64
}

// InForce reports whether the decision has not ended at a time.
func (d *Decision) InForce(now time.Time) bool { return d.Until.IsZero() || now.Before(d.Until) }

// networkText returns a network as columns store it.
func networkText(network netip.Prefix) string {
	if !network.IsValid() {
		return ""
	}
	return network.Masked().String()
}

// Decide stores a decision, instead of one for the same policy, lookalike and network, and returns how many events were closed; with
// StateOpen it withdraws that decision, and opens the events again that were closed with it. It returns ErrUnknown for a lookalike that
// no event has.
func (s *Store) Decide(ctx context.Context, d Decision) (changed int64, err error) {
	d.Decided = time.Now()
	err = s.change(ctx, func(tx *transaction) error {
		changed, err = tx.decide(ctx, d, "")
		return err
	})
	return changed, err
}

// decide stores a decision, made at an event if id is not "".
func (t *transaction) decide(ctx context.Context, d Decision, id string) (changed int64, err error) {
	d.Policy, d.Lookalike, d.Note, d.Decider = clean(d.Policy), clean(d.Lookalike), clean(d.Note), clean(d.Decider)
	lookalikes, err := t.lockLookalikes(ctx, decidedName{d.Policy, d.Lookalike})
	if err != nil {
		return 0, err
	}
	before, number, err := t.decision(ctx, &d)
	if err != nil {
		return 0, err
	}
	entry := entry{at: d.Decided, who: d.Decider, what: WhatDecision, policy: d.Policy, name: d.Lookalike, event: id}
	if before != nil {
		entry.before = before.record()
	}
	switch {
	case d.State == StateOpen && before == nil:
		return 0, nil
	case d.State == StateOpen:
		changed, err = t.withdraw(ctx, before, number, &d, lookalikes)
	case before == nil && len(lookalikes) == 0:
		return 0, fmt.Errorf("%w of %q for policy %q", ErrUnknown, d.Lookalike, d.Policy)
	default:
		entry.after = d.record()
		changed, err = t.put(ctx, &d, lookalikes)
	}
	if err != nil {
		return 0, err
	}
	return changed, t.enter(ctx, &entry)
}

// lockLookalikes returns the row numbers of policies' lookalikes of some names. Until the transaction ends nobody stores events of them, which
// would otherwise come in open while the decision is being made.
func (t *transaction) lockLookalikes(ctx context.Context, names ...decidedName) (numbers []int64, err error) {
	type found struct {
		digest []byte
		number int64
	}
	var all []found
	for _, name := range names {
		if err := t.query(ctx, func(row *sql.Rows) error {
			var f found
			err := row.Scan(&f.digest, &f.number)
			all = append(all, f)
			return err
		}, `SELECT digest, number FROM lookalike WHERE name = $1 AND policy = $2`, name.lookalike, name.policy); err != nil {
			return nil, err
		}
	}
	// In the order of writers of events, to avoid deadlocks.
	slices.SortFunc(all, func(a, b found) int { return bytes.Compare(a.digest, b.digest) })
	for _, f := range all {
		if _, err := t.exec(ctx, `UPDATE lookalike SET latest = latest WHERE number = $1`, f.number); err != nil {
			return nil, err
		}
		numbers = append(numbers, f.number)
	}
	return numbers, nil
}

// decision returns the stored decision for the same policy, lookalike and network, and its row number; nil if there is none.
func (t *transaction) decision(ctx context.Context, like *Decision) (d *Decision, number int64, err error) {
	err = t.query(ctx, func(row *sql.Rows) error {
		d, number, err = scanDecision(row)
		return err
	}, `SELECT `+decisionColumns+` FROM decision WHERE lookalike = $1 AND policy = $2 AND network = $3`, like.Lookalike, like.Policy, networkText(like.Network))
	return d, number, err
}

// decisionColumns are the columns for scanDecision.
const decisionColumns = `number, policy, lookalike, network, state, note, decider, decided, until, counted`

// scanDecision returns the decision in a row, and its number. Further columns go into more.
func scanDecision(row *sql.Rows, more ...any) (*Decision, int64, error) {
	var d Decision
	var number, decided, until int64
	var network string
	if err := row.Scan(append([]any{&number, &d.Policy, &d.Lookalike, &network, &d.State, &d.Note, &d.Decider, &decided, &until, &d.Counted}, more...)...); err != nil {
		return nil, 0, err
	}
	d.Decided, d.Until = fromMillis(decided), fromMillis(until)
	if network == "" {
		return &d, number, nil
	}
	var err error
	d.Network, err = netip.ParsePrefix(network)
	return &d, number, err
}

// put stores a decision, and closes the open events that it applies to.
func (t *transaction) put(ctx context.Context, d *Decision, lookalikes []int64) (closed int64, err error) {
	habit, err := t.habit(ctx, lookalikes, d.Decided)
	if err != nil {
		return 0, err
	}
	var number int64
	err = t.query(ctx, func(row *sql.Rows) error { return row.Scan(&number) },
		`INSERT INTO decision (policy, lookalike, network, state, note, decider, decided, until, counted, daily, day, today)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0, 0)
			ON CONFLICT (lookalike, policy, network) DO UPDATE SET state = excluded.state, note = excluded.note, decider = excluded.decider,
			decided = excluded.decided, until = excluded.until, counted = 0, daily = excluded.daily, day = 0, today = 0
			RETURNING number`,
		d.Policy, d.Lookalike, networkText(d.Network), string(d.State), d.Note, d.Decider, toMillis(d.Decided), toMillis(d.Until), habit.daily)
	if err != nil {
		return 0, err
	}
	if !d.Network.IsValid() {
		if err := t.addNetworks(ctx, number, habit.networks); err != nil {
			return 0, err
		}
	}
	return t.setStates(ctx, d, lookalikes, "state = 'open'")
}

// withdraw removes a decision, and opens the events that were closed with it. Those that came in closed stay so: they may be very many.
func (t *transaction) withdraw(ctx context.Context, d *Decision, number int64, by *Decision, lookalikes []int64) (opened int64, err error) {
	if _, err := t.exec(ctx, `DELETE FROM decision WHERE number = $1`, number); err != nil {
		return 0, err
	}
	if len(lookalikes) == 0 {
		return 0, nil
	}
	numbers, args := list(lookalikes)
	n := len(args)
	args = append(args, string(StateOpen), by.Note, by.Decider, toMillis(by.Decided), string(d.State), toMillis(d.Decided))
	result, err := t.exec(ctx, fmt.Sprintf(`UPDATE event SET state = $%d, note = $%d, reviewer = $%d, reviewed = $%d
		WHERE lookalike IN %s AND state = $%d AND reviewed = $%d AND first <= $%[7]d`, n+1, n+2, n+3, n+4, numbers, n+5, n+6), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// setStates gives the events of some lookalikes that a decision applies to, and that meet a condition, its state.
func (t *transaction) setStates(ctx context.Context, d *Decision, lookalikes []int64, condition string) (changed int64, err error) {
	if len(lookalikes) == 0 {
		return 0, nil
	}
	column, numbers := "lookalike", lookalikes
	if d.Network.IsValid() {
		if numbers, err = t.eventsFrom(ctx, d.Network, lookalikes, condition); err != nil {
			return 0, err
		}
		column = "number"
	}
	for chunk := range slices.Chunk(numbers, writeBatch) {
		some, args := list(chunk)
		n := len(args)
		args = append(args, string(d.State), d.Note, d.Decider, toMillis(d.Decided))
		result, err := t.exec(ctx, fmt.Sprintf(`UPDATE event SET state = $%d, note = $%d, reviewer = $%d, reviewed = $%d WHERE %s IN %s AND %s`,
			n+1, n+2, n+3, n+4, column, some, condition), args...)
		if err != nil {
			return 0, err
		}
		rows, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		changed += rows
	}
	return changed, nil
}

// eventsFrom returns the row numbers of the events of some lookalikes whose clients are in a network, and that meet a condition.
func (t *transaction) eventsFrom(ctx context.Context, network netip.Prefix, lookalikes []int64, condition string) (numbers []int64, err error) {
	of, args := list(lookalikes)
	err = t.query(ctx, func(row *sql.Rows) error {
		var number int64
		var address string
		if err := row.Scan(&number, &address); err != nil {
			return err
		}
		if contains(network, address) {
			numbers = append(numbers, number)
		}
		return nil
	}, `SELECT event.number, client.address FROM event JOIN client ON client.number = event.client WHERE event.lookalike IN `+of+` AND event.`+condition, args...)
	return numbers, err
}

// contains reports whether an address as stored is in a network.
func contains(network netip.Prefix, address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && network.Contains(a.Unmap().WithZone(""))
}

// maxDecisions is the number of decisions that Decisions returns at most.
const maxDecisions = 1000

// Decisions returns the decisions for a policy and a lookalike, the latest first; "" means any.
func (s *Store) Decisions(ctx context.Context, policy, lookalike string) (all []Decision, err error) {
	c := &conditions{}
	for _, column := range []struct{ name, value string }{{"lookalike", lookalike}, {"policy", policy}} {
		if column.value != "" {
			c.add(column.name+" = $", clean(column.value))
		}
	}
	err = s.query(ctx, func(row *sql.Rows) error {
		d, _, err := scanDecision(row)
		if err == nil {
			all = append(all, *d)
		}
		return err
	}, fmt.Sprintf(`SELECT %s FROM decision WHERE %s ORDER BY decided DESC, number DESC LIMIT %d`, decisionColumns, c.where(), maxDecisions), c.args...)
	return all, err
}
