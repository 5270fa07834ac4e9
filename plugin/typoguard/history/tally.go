package history

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// The lengths of the intervals that sums cover, in milliseconds.
const (
	hour = int64(time.Hour / time.Millisecond)
	day  = 24 * hour
)

// tallied is a change of the sums: a new event, a removed one (with negative events and queries), or more queries of one.
type tallied struct {
	first, last                int64
	policy, kind, action, mode string
	lookalike, client          int64
	events, queries            int64
}

// tallies accumulate changes of the sums.
type tallies struct {
	hours               map[hourKey]*sum
	lookalikes, clients map[spanKey]*sum
	left                []hourKey // which may have no events any more
}

type hourKey struct {
	start                      int64
	policy, kind, action, mode string
}

type spanKey struct{ span, start, number int64 }

// sum is one sum, by mode.
type sum struct {
	enforced, enforcedQueries, monitored, monitoredQueries, last int64
}

func newTallies() *tallies {
	return &tallies{hours: map[hourKey]*sum{}, lookalikes: map[spanKey]*sum{}, clients: map[spanKey]*sum{}}
}

// add adds a change.
func (t *tallies) add(c tallied) {
	addTo(t.hours, c.hour(), c)
	for _, span := range []int64{hour, day} {
		addTo(t.lookalikes, spanKey{span, floor(c.first, span), c.lookalike}, c)
		addTo(t.clients, spanKey{span, floor(c.first, span), c.client}, c)
	}
}

// hour returns which hourly sum the change is of.
func (c tallied) hour() hourKey {
	return hourKey{floor(c.first, hour), c.policy, c.kind, c.action, c.mode}
}

// replace replaces an event, as it was counted, by what it has become.
func (t *tallies) replace(before, after tallied) {
	if before.action == after.action && before.mode == after.mode {
		after.events, after.queries = 0, after.queries-before.queries
		t.add(after)
		return
	}
	t.left = append(t.left, before.hour())
	before.events, before.queries = -before.events, -before.queries
	t.add(before)
	t.add(after)
}

func addTo[K comparable](sums map[K]*sum, key K, c tallied) {
	s := sums[key]
	if s == nil {
		s = &sum{}
		sums[key] = s
	}
	if enforced(c.mode) {
		s.enforced += c.events
		s.enforcedQueries += c.queries
	} else {
		s.monitored += c.events
		s.monitoredQueries += c.queries
	}
	s.last = max(s.last, c.last)
}

func enforced(mode string) bool { return (&event.Event{Mode: mode}).Enforced() }

// floor returns the start of the interval that contains a time.
func floor(milliseconds, span int64) int64 { return milliseconds - milliseconds%span }

// tally applies changes to the sums in the database, in the same order on all resolvers to avoid deadlocks.
func (t *transaction) tally(ctx context.Context, sums *tallies) error {
	if len(sums.hours) == 0 {
		return nil
	}
	var hours rows
	for _, key := range slices.SortedFunc(maps.Keys(sums.hours), compareHours) {
		s := sums.hours[key]
		hours = append(hours, []any{key.start, key.policy, key.kind, key.action, key.mode, s.enforced + s.monitored, s.enforcedQueries + s.monitoredQueries})
	}
	values, args := hours.values()
	if _, err := t.exec(ctx, `INSERT INTO hour_tally (start, policy, kind, action, mode, events, queries) VALUES `+values+`
		ON CONFLICT (start, policy, kind, action, mode) DO UPDATE SET
		events = hour_tally.events + excluded.events, queries = hour_tally.queries + excluded.queries`, args...); err != nil {
		return fmt.Errorf("summing up hours: %w", err)
	}
	slices.SortFunc(sums.left, compareHours)
	for _, key := range sums.left {
		if _, err := t.exec(ctx, `DELETE FROM hour_tally WHERE start = $1 AND policy = $2 AND kind = $3 AND action = $4 AND mode = $5 AND events <= 0`,
			key.start, key.policy, key.kind, key.action, key.mode); err != nil {
			return fmt.Errorf("summing up hours: %w", err)
		}
	}
	if err := t.tallySpans(ctx, "lookalike_tally", sums.lookalikes); err != nil {
		return fmt.Errorf("summing up lookalikes: %w", err)
	}
	if err := t.tallySpans(ctx, "client_tally", sums.clients); err != nil {
		return fmt.Errorf("summing up clients: %w", err)
	}
	return nil
}

func (t *transaction) tallySpans(ctx context.Context, table string, spans map[spanKey]*sum) error {
	var rows rows
	for _, key := range slices.SortedFunc(maps.Keys(spans), compareSpans) {
		s := spans[key]
		rows = append(rows, []any{key.span, key.start, key.number, s.enforced, s.enforcedQueries, s.monitored, s.monitoredQueries, s.last})
	}
	values, args := rows.values()
	_, err := t.exec(ctx, `INSERT INTO `+table+` (span, start, number, enforced, enforced_queries, monitored, monitored_queries, last) VALUES `+values+`
		ON CONFLICT (span, start, number) DO UPDATE SET
		enforced = `+table+`.enforced + excluded.enforced, enforced_queries = `+table+`.enforced_queries + excluded.enforced_queries,
		monitored = `+table+`.monitored + excluded.monitored, monitored_queries = `+table+`.monitored_queries + excluded.monitored_queries,
		last = `+later(table, "last"), args...)
	return err
}

func compareHours(a, b hourKey) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.policy, b.policy), cmp.Compare(a.kind, b.kind),
		cmp.Compare(a.action, b.action), cmp.Compare(a.mode, b.mode))
}

func compareSpans(a, b spanKey) int {
	return cmp.Or(cmp.Compare(a.span, b.span), cmp.Compare(a.start, b.start), cmp.Compare(a.number, b.number))
}
