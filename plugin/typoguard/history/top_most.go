package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// mostCounts are how many of the lookalikes with the most events in all are examined for those with the most in a span: first few, which
// are usually enough, and then more. Beyond that, it is faster to read the sums of all.
var mostCounts = []int{64, 256}

// numbered is a lookalike with a number of events.
type numbered struct{ number, events int64 }

// compare orders the most frequent first, and equally frequent ones by number.
func (n numbered) compare(other numbered) int {
	return cmp.Or(cmp.Compare(other.events, n.events), cmp.Compare(n.number, other.number))
}

// topOfMost returns what top does for lookalikes, if it is found without reading the sums of all: none has more events in a span than in all.
func (s *Store) topOfMost(ctx context.Context, p *tallyPart) (numbers []int64, found bool, err error) {
	for _, count := range mostCounts {
		most, err := s.most(ctx, p, count)
		if err != nil {
			return nil, false, err
		}
		top, err := s.sumsOf(ctx, p, most)
		if err != nil {
			return nil, false, err
		}
		top = top[:min(len(top), topCount)]
		if len(most) == count && (len(top) < topCount || top[topCount-1].compare(most[count-1]) > 0) {
			continue // one of the others may be among the top
		}
		for _, n := range top {
			numbers = append(numbers, n.number)
		}
		return numbers, true, nil
	}
	return nil, false, nil
}

// most returns those of the lookalikes with an event since the beginning of a part that have the most events in all.
// The plus keeps SQLite from reading all of these, by another index, and sorting them.
func (s *Store) most(ctx context.Context, p *tallyPart, count int) (most []numbered, err error) {
	err = s.query(ctx, func(row *sql.Rows) error {
		var n numbered
		err := row.Scan(&n.number, &n.events)
		most = append(most, n)
		return err
	}, fmt.Sprintf(`SELECT number, events FROM lookalike WHERE +latest >= $1 ORDER BY events DESC, number LIMIT %d`, count), floor(p.from, hour))
	return most, err
}

// sumsOf returns how many events of some lookalikes there are in a part, those with the most first.
func (s *Store) sumsOf(ctx context.Context, p *tallyPart, of []numbered) (sums []numbered, err error) {
	if len(of) == 0 {
		return nil, nil
	}
	numbers := make([]int64, len(of))
	for i, n := range of {
		numbers[i] = n.number
	}
	query, args := p.sums(numbers)
	err = s.query(ctx, func(row *sql.Rows) error {
		var n numbered
		err := row.Scan(&n.number, &n.events)
		if n.events > 0 {
			sums = append(sums, n)
		}
		return err
	}, `SELECT number, events FROM (`+query+`) AS sums`, args...)
	slices.SortFunc(sums, numbered.compare)
	return sums, err
}
