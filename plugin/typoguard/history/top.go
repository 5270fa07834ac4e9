package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// topCount is the number of lookalikes and clients in a summary.
const topCount = 10

// tallyPart is the part of a tally within a span. Queries list its starts one by one, because for a range a database reads all
// rows to find a few numbers.
type tallyPart struct {
	table  string
	unit   int64   // the length of what is summed up
	from   int64   // the first start
	starts []int64 // all of them
}

// tallyPart returns the part of a tally since a time. It finds each start by one step in the index.
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

// topSums returns a query, with its values, for the sums of the most frequent numbers of a tally since a time; "" if there are none.
func (s *Store) topSums(ctx context.Context, table string, unit, from int64) (query string, args []any, err error) {
	part, err := s.tallyPart(ctx, table, unit, from)
	if err != nil {
		return "", nil, err
	}
	var numbers []int64
	found := false
	if table == "lookalike_tally" && len(part.starts) > 0 {
		if numbers, found, err = s.topOfMost(ctx, part); err != nil {
			return "", nil, err
		}
	}
	if !found {
		numbers, err = s.top(ctx, part)
	}
	if err != nil || len(numbers) == 0 {
		return "", nil, err
	}
	query, args = part.sums(numbers)
	return query, args, nil
}

// of returns the conditions that select some numbers.
func (p *tallyPart) of(numbers []int64) *conditions {
	c := &conditions{}
	c.add("span = $", p.unit)
	in(c, "start", p.starts)
	in(c, "number", numbers)
	return c
}

// in adds the condition that a column has one of the values.
func in[T any](c *conditions, column string, values []T) {
	_, args := list(values)
	c.add(column+" IN ($"+strings.Repeat(", $", len(values)-1)+")", args...)
}

// top returns the numbers with the most events; of equally frequent ones, the lowest.
func (s *Store) top(ctx context.Context, p *tallyPart) (numbers []int64, err error) {
	err = s.query(ctx, func(row *sql.Rows) error {
		var number int64
		err := row.Scan(&number)
		numbers = append(numbers, number)
		return err
	}, s.database.top(p.table+" WHERE span = $1 AND start >= $2"), p.unit, p.from)
	return numbers, err
}

// sums returns a query, with its values, for the sums of some numbers.
func (p *tallyPart) sums(numbers []int64) (query string, args []any) {
	c := p.of(numbers)
	return fmt.Sprintf(`SELECT number, CAST(sum(enforced) AS BIGINT) AS e, CAST(sum(enforced_queries) AS BIGINT) AS eq,
		CAST(sum(monitored) AS BIGINT) AS m, CAST(sum(monitored_queries) AS BIGINT) AS mq, max(last) AS latest, sum(enforced + monitored) AS events
		FROM %s WHERE %s GROUP BY number`, p.table, c.where()), c.args
}
