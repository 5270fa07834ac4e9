package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Backlog is what waits to be reviewed.
type Backlog struct {
	// Open is the number of open events. If there are many, not all are counted: AtLeast then says that there may be more.
	Open    int
	AtLeast bool
	// Oldest is when the oldest of them first happened; zero if there is none.
	Oldest time.Time
}

// Backlog returns what waits to be reviewed.
func (s *Store) Backlog(ctx context.Context) (*Backlog, error) {
	b := &Backlog{}
	var n int
	if err := s.query(ctx, func(row *sql.Rows) error { return row.Scan(&n) },
		fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM event WHERE state = 'open' LIMIT %d) AS found", s.many+1)); err != nil {
		return nil, err
	}
	b.Open, b.AtLeast = min(n, s.many), n > s.many
	return b, s.query(ctx, func(row *sql.Rows) error {
		var first int64
		err := row.Scan(&first)
		b.Oldest = fromMillis(first)
		return err
	}, "SELECT first FROM event WHERE state = 'open' ORDER BY first LIMIT 1")
}

// Newest returns the id of the event that was stored last; "" if there is none.
func (s *Store) Newest(ctx context.Context) (id string, err error) {
	err = s.query(ctx, func(row *sql.Rows) error { return row.Scan(&id) }, "SELECT id FROM event ORDER BY number DESC LIMIT 1")
	return id, err
}

// Beside returns the ids of the events before and after an event in a list, also if the filter does not select that event itself; ""
// if there is none. It returns ErrUnknown if the event does not exist.
func (s *Store) Beside(ctx context.Context, f Filter, p Page, id string) (previous, next string, err error) {
	if p.Order == "" {
		p.Order = ByTime
	}
	e, n, err := s.find(ctx, id)
	if err != nil {
		return "", "", err
	}
	if none, err := s.isEmpty(ctx, &f); none || err != nil {
		return "", "", err
	}
	plan, err := s.plan(ctx, &f)
	if err != nil {
		return "", "", err
	}
	for _, side := range []struct {
		id      *string
		reverse bool
	}{{&previous, !p.Reverse}, {&next, p.Reverse}} {
		events, _, err := s.fetch(ctx, plan, p.Order, side.reverse, n.values(p.Order, e), 1)
		if err != nil {
			return "", "", err
		}
		for _, e := range events {
			*side.id = e.ID
		}
	}
	return previous, next, nil
}
