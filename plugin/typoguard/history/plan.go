package history

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// manyEvents is the highest number of events to count, and to sort for a page. Tests of a Store set it lower, so as not to write so
// many events.
const manyEvents = 10_000

// plan says how SQLite should find the events that match a filter. SQLite has an index for each part of a filter, considers them all
// equally good, and would sort half a million events to show fifty of them. So we count the matches of each part, up to a bound,
// and make SQLite use the part with the fewest. If every part has many, matching events are frequent, and a scan in the requested
// order soon finds the first ones.
//
// PostgreSQL keeps statistics and plans by itself. But it cannot know how many lookalikes contain a text, so we make it start from
// these if they are few.
type plan struct {
	parts []part
	hints bool   // SQLite
	best  string // the column of the part with the fewest matches; "" if there is no part
	many  bool   // the best part compares its column with several values
	few   bool   // few enough to sort
	total int    // how many events match all parts, as count counts them; -1 if not yet known
}

// plan returns the plan for a filter.
func (s *Store) plan(ctx context.Context, f *Filter) (*plan, error) {
	p := &plan{parts: f.parts(), hints: s.database.hints(), total: -1}
	if f.After != "" {
		_, n, err := s.find(ctx, f.After)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part{numberColumn, "%s > $", []any{n.event}, false})
	}
	if err := s.addSearch(ctx, p, f); err != nil {
		return nil, err
	}
	if !p.hints {
		return p, s.preferLookalikes(ctx, p)
	}
	fewest := math.MaxInt
	for i, candidate := range p.parts {
		if i > 0 && candidate.column == p.parts[i-1].column { // both ends of a time
			continue
		}
		alone, _ := p.split(candidate.column)
		n, err := s.count(ctx, alone)
		if err != nil {
			return nil, err
		}
		if len(alone.parts) == len(p.parts) {
			p.total = n
		}
		if n < fewest {
			fewest, p.best, p.many = n, candidate.column, candidate.several
		}
	}
	p.few = fewest <= s.many
	return p, nil
}

// split returns the parts that the index of a column covers, which includes the time, and the other parts.
func (p *plan) split(column string) (indexed, others *plan) {
	indexed, others = &plan{hints: p.hints, best: column}, &plan{hints: p.hints}
	for _, part := range p.parts {
		side := others
		if part.column == column || part.column == firstColumn {
			side = indexed
		}
		side.parts = append(side.parts, part)
	}
	return indexed, others
}

// fewLookalikes is the highest number of lookalikes from which PostgreSQL should start.
const fewLookalikes = 1000

// preferLookalikes makes the plan start from lookalikes if they are few.
func (s *Store) preferLookalikes(ctx context.Context, p *plan) error {
	for _, part := range p.parts {
		if part.column != lookalikeColumn {
			continue
		}
		var c conditions
		c.add(strings.Replace(part.format, "%s", "lookalike.number", 1), part.values...)
		var n int
		if err := s.query(ctx, func(row *sql.Rows) error { return row.Scan(&n) },
			fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM lookalike WHERE %s LIMIT %d) AS found", c.where(), fewLookalikes+1), c.args...); err != nil {
			return err
		}
		if n <= fewLookalikes {
			p.best, p.many = lookalikeColumn, true
		}
	}
	return nil
}

// isEmpty reports whether the sums show that no event matches a filter. If two parts have many matches each but none in common, a
// database would otherwise have to examine all of them to find out.
func (s *Store) isEmpty(ctx context.Context, f *Filter) (none bool, err error) {
	c := &conditions{}
	for _, column := range []struct{ name, value string }{{"policy", f.Policy}, {"kind", f.Kind}, {"action", f.Action}, {"mode", f.Mode}} {
		if column.value != "" {
			c.add(column.name+" = $", clean(column.value))
		}
	}
	if f.Blocked {
		c.add("mode = $ AND action <> $", "enforce", event.SMTPRefused)
	}
	if len(c.text) < 2 {
		return false, nil
	}
	if !f.From.IsZero() {
		c.add("start >= $", floor(f.From.UnixMilli(), hour))
	}
	if !f.Until.IsZero() {
		c.add("start < $", f.Until.UnixMilli())
	}
	err = s.query(ctx, func(row *sql.Rows) error { return row.Scan(&none) },
		"SELECT NOT EXISTS (SELECT 1 FROM hour_tally WHERE "+c.where()+")", c.args...)
	return none, err
}

// count counts the events of a plan, up to one more than s.many.
func (s *Store) count(ctx context.Context, p *plan) (n int, err error) {
	c := p.conditions(p.best, true)
	err = s.query(ctx, func(row *sql.Rows) error { return row.Scan(&n) },
		fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM event WHERE %s LIMIT %d) AS found", c.where(), s.many+1), c.args...)
	return n, err
}

// countBounded counts the events of a plan among the first matches of its best part, and reports whether these are all matches.
// Filtering all matches of one condition by another may take longer than the rest of a page.
func (s *Store) countBounded(ctx context.Context, p *plan) (n int, all bool, err error) {
	indexed, others := p.split(p.best)
	c := indexed.conditions(p.best, true)
	where := c.where()
	c.text = nil
	for _, part := range others.parts {
		c.add(strings.Replace(part.format, "%s", part.column, 1), part.values...)
	}
	var looked int
	err = s.query(ctx, func(row *sql.Rows) error { return row.Scan(&looked, &n) },
		fmt.Sprintf("SELECT count(*), coalesce(sum(found), 0) FROM (SELECT %s AS found FROM event WHERE %s LIMIT %d) AS some", c.where(), where, s.many+1), c.args...)
	return n, looked <= s.many, err
}

// conditions returns the conditions of all parts. They let the database use only the index of one column, and of the time if
// requested.
func (p *plan) conditions(lookUp string, times bool) *conditions {
	var c conditions
	for _, part := range p.parts {
		column := part.column
		if p.hints && column != lookUp && (column != firstColumn || !times) {
			column = "+" + column
		}
		condition := strings.Replace(part.format, "%s", column, 1)
		if !p.hints && column == lookalikeColumn && lookUp == lookalikeColumn {
			condition = strings.Replace(condition, "IN (SELECT", "= ANY (ARRAY(SELECT", 1) + ")"
		}
		c.add(condition, part.values...)
	}
	return &c
}

// list returns the part of a page's query between the columns and the order: the tables, joined so that events need no sorting
// unless they are few, and the conditions.
func (p *plan) list(order Order) (from string, c *conditions) {
	join, first := "JOIN", "event"
	if p.hints {
		join = "CROSS JOIN" // which SQLite leaves in this order
	}
	lookUp, times := p.best, true
	if !p.few {
		if p.many { // events of several come in no order
			lookUp = ""
		}
		switch order {
		case ByName:
			first, lookUp = "lookalike", ""
		case ByClient:
			first, lookUp = "client", ""
		case ByCount:
			lookUp, times = "", false
		}
	}
	const lookalike, client = "lookalike.number = event.lookalike", "client.number = event.client"
	switch first {
	case "lookalike":
		from = fmt.Sprintf("FROM lookalike %[1]s event ON %[2]s %[1]s client ON %[3]s", join, lookalike, client)
	case "client":
		from = fmt.Sprintf("FROM client %[1]s event ON %[3]s %[1]s lookalike ON %[2]s", join, lookalike, client)
	default:
		from = fmt.Sprintf("FROM event %[1]s lookalike ON %[2]s %[1]s client ON %[3]s", join, lookalike, client)
	}
	return from, p.conditions(lookUp, times)
}
