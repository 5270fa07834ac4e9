package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

const (
	// topCount is how many of the most frequent there are.
	topCount = 10
	// headCount is how many of the greatest sums of a tally are looked at first.
	headCount = 1000
)

// tallyPart is what a tally has of a span. It is looked up by its starts, since a database that is told of a range instead
// reads all of it to find a few numbers.
type tallyPart struct {
	table  string
	unit   int64   // the length of what is summed up
	from   int64   // the first start
	starts []int64 // all of them
}

// tallyPart returns what a tally has since a time, finding each start by a step in the index.
func (s *Store) tallyPart(ctx context.Context, table string, unit, from int64) (*tallyPart, error) {
	p := &tallyPart{table: table, unit: unit, from: from}
	err := s.query(ctx, func(row *sql.Rows) error {
		var start int64
		err := row.Scan(&start)
		p.starts = append(p.starts, start)
		return err
	}, fmt.Sprintf(`WITH RECURSIVE part (start) AS (SELECT min(start) FROM %[1]s WHERE span = $1 AND start >= $2
			UNION ALL SELECT (SELECT min(start) FROM %[1]s WHERE span = $1 AND start > part.start) FROM part WHERE part.start IS NOT NULL)
		SELECT start FROM part WHERE start IS NOT NULL`, table), unit, from)
	return p, err
}

// topSums returns the query for all sums of the most frequent of a tally since a time, and its values; "" if there is nothing.
func (s *Store) topSums(ctx context.Context, table string, unit, from int64) (query string, args []any, err error) {
	part, err := s.tallyPart(ctx, table, unit, from)
	if err != nil {
		return "", nil, err
	}
	numbers, err := s.top(ctx, part)
	if err != nil || len(numbers) == 0 {
		return "", nil, err
	}
	query, args = part.sums(numbers)
	return query, args, nil
}

// of returns the conditions for some numbers.
func (p *tallyPart) of(numbers []int64) *conditions {
	c := &conditions{}
	c.add("span = $", p.unit)
	c.in("start", p.starts)
	c.in("number", numbers)
	return c
}

// in adds the condition that a column has one of some values.
func (c *conditions) in(column string, values []int64) {
	_, args := list(values)
	c.add(column+" IN ($"+strings.Repeat(", $", len(values)-1)+")", args...)
}

// top returns the numbers that have the most events, of those with as many the lowest.
//
// To sum up all numbers takes most of the time of a page. So we look at the greatest sums alone, which those who are
// frequent have some of, and sum up their numbers. Any other number has at each start at most as many events as the least of
// these; if ten have more than it could have in all, they are the most frequent. If not, since nobody stands out, all are summed
// up after all.
func (s *Store) top(ctx context.Context, p *tallyPart) ([]int64, error) {
	heads, least, err := s.heads(ctx, p)
	if err != nil || len(heads) == 0 {
		return nil, err
	}
	numbers, fewest, err := s.mostOf(ctx, p, p.of(heads))
	if err != nil || least == 0 || (len(numbers) == topCount && fewest > least*int64(len(p.starts))) {
		return numbers, err
	}
	all := &conditions{}
	all.add("span = $ AND start >= $", p.unit, p.from)
	numbers, _, err = s.mostOf(ctx, p, all)
	return numbers, err
}

// heads returns the numbers that have the greatest sums, and the least of these sums; 0 if there are no others.
func (s *Store) heads(ctx context.Context, p *tallyPart) (numbers []int64, least int64, err error) {
	err = s.query(ctx, func(row *sql.Rows) error {
		var number int64
		err := row.Scan(&number, &least)
		numbers = append(numbers, number)
		return err
	}, fmt.Sprintf(`SELECT number, enforced + monitored AS events FROM %s WHERE span = $1 AND start >= $2
		ORDER BY events DESC LIMIT %d`, p.table, headCount), p.unit, p.from)
	if len(numbers) < headCount {
		least = 0
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), least, err
}

// mostOf returns the numbers that have the most events of those that meet conditions, and how many the last of them has.
func (s *Store) mostOf(ctx context.Context, p *tallyPart, c *conditions) (numbers []int64, fewest int64, err error) {
	err = s.query(ctx, func(row *sql.Rows) error {
		var number int64
		err := row.Scan(&number, &fewest)
		numbers = append(numbers, number)
		return err
	}, fmt.Sprintf(`SELECT number, CAST(sum(enforced + monitored) AS BIGINT) AS events FROM %s WHERE %s
		GROUP BY number ORDER BY events DESC, number LIMIT %d`, p.table, c.where(), topCount), c.args...)
	return numbers, fewest, err
}

// sums returns the query for all sums of some numbers, and its values.
func (p *tallyPart) sums(numbers []int64) (query string, args []any) {
	c := p.of(numbers)
	return fmt.Sprintf(`SELECT number, CAST(sum(enforced) AS BIGINT) AS e, CAST(sum(enforced_queries) AS BIGINT) AS eq,
		CAST(sum(monitored) AS BIGINT) AS m, CAST(sum(monitored_queries) AS BIGINT) AS mq, max(last) AS latest, sum(enforced + monitored) AS events
		FROM %s WHERE %s GROUP BY number`, p.table, c.where()), c.args
}
