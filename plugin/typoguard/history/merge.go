package history

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// merger finds out which of the events that a store writes are of mistakes that the database has already: it has their ids, or another store
// has written an event of the same client, lookalike and policy, that began within event.Window of them. A mail server may ask one resolver, and
// be refused by the listener of another; or the resolver was restarted in between. What one store writes under several ids is never merged:
// the resolver knew that it is not the same.
type merger struct {
	store      *Store
	lookalikes map[[sha256.Size]byte]int64
	clients    map[string]int64

	byID map[string]*stored
	same map[pair][]*stored

	rows    rows              // to write
	aliases rows              // further ids, with the numbers of their events
	merged  map[int64]int64   // how many events of a lookalike were counted as new, but are not
	later   map[pair]bool     // those with such an event of a later hour than the one that it is part of
	changed map[int64]*stored // by row number
	sums    *tallies
}

func newMerger() *merger {
	return &merger{merged: map[int64]int64{}, later: map[pair]bool{}, changed: map[int64]*stored{}, sums: newTallies()}
}

// pair is a lookalike and a client, by their row numbers.
type pair struct{ lookalike, client int64 }

// stored is an event that the database has.
type stored struct {
	*Event
	before                    tallied // as it is counted so far
	number, lookalike, client int64
	writer                    string
}

// storedColumns are the columns for scanStored.
const storedColumns = selected + ", event.client, event.writer"

func scanStored(row *sql.Rows) (*stored, error) {
	var s stored
	e, n, err := scanEvent(row, &s.client, &s.writer)
	if err != nil {
		return nil, err
	}
	s.Event, s.number, s.lookalike = e, n.event, n.lookalike
	s.before = s.tallied()
	return &s, nil
}

// tallied returns the event as the sums count it.
func (s *stored) tallied() tallied {
	return tallied{
		first: s.First.UnixMilli(), last: s.Last.UnixMilli(), policy: s.Policy, kind: s.Kind, action: s.Action, mode: s.Mode,
		lookalike: s.lookalike, client: s.client, events: 1, queries: int64(s.Count),
	}
}

// read reads the events in the database that some may be part of.
func (m *merger) read(ctx context.Context, t *transaction, events []*event.Event, known map[string]int64) error {
	m.byID, m.same = map[string]*stored{}, map[pair][]*stored{}
	byNumber := map[int64]*stored{}
	if len(known) > 0 {
		c := &conditions{}
		in(c, numberColumn, slices.Compact(slices.Sorted(maps.Values(known))))
		if err := t.stored(ctx, c, func(s *stored) { byNumber[s.number] = s }); err != nil {
			return err
		}
	}
	first, last, pairs := int64(0), int64(0), map[pair]bool{}
	for _, e := range events {
		if number, ok := known[e.ID]; ok {
			m.byID[e.ID] = byNumber[number]
		} else if isMergeable(e) {
			at := e.First.UnixMilli()
			if first, last = min(first, at), max(last, at); len(pairs) == 0 {
				first = at
			}
			pairs[m.pairOf(e)] = true
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	c := &conditions{}
	in(c, lookalikeColumn, distinct(pairs, func(p pair) int64 { return p.lookalike }))
	in(c, t.unindexed(clientColumn), distinct(pairs, func(p pair) int64 { return p.client }))
	c.add(firstColumn+" > $ AND "+firstColumn+" < $", first-event.Window.Milliseconds(), last+event.Window.Milliseconds())
	c.add("event.writer <> $", m.store.writer)
	return t.stored(ctx, c, func(s *stored) {
		if known := byNumber[s.number]; known != nil {
			s = known // of which there must be one only
		}
		if p := (pair{s.lookalike, s.client}); pairs[p] && isMergeable(&s.Event.Event) {
			m.same[p] = append(m.same[p], s)
		}
	})
}

// distinct returns a part of some pairs, each once.
func distinct(pairs map[pair]bool, of func(pair) int64) (numbers []int64) {
	for p := range pairs {
		numbers = append(numbers, of(p))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// stored calls each with the events that meet conditions.
func (t *transaction) stored(ctx context.Context, c *conditions, each func(*stored)) error {
	from, _ := (&plan{few: true, hints: t.database.hints()}).list(ByTime)
	return t.query(ctx, func(row *sql.Rows) error {
		s, err := scanStored(row)
		if err == nil {
			each(s)
		}
		return err
	}, `SELECT `+storedColumns+` `+from+` WHERE `+c.where(), c.args...)
}

// unindexed returns a column for conditions that SQLite is not to look up in an index.
func (t *transaction) unindexed(column string) string {
	if t.database.hints() {
		return "+" + column
	}
	return column
}

// isMergeable reports whether an event may be part of another one: it is known who made the mistake, and somebody made one.
func isMergeable(e *event.Event) bool { return e.Client != "" && e.Policy != "" && !e.Watched() }

func (m *merger) pairOf(e *event.Event) pair {
	return pair{m.lookalikes[digest(e)], m.clients[clean(e.Client)]}
}

// merge adds events to those in the database, and returns those that are new.
func (m *merger) merge(events []*event.Event) (added []*event.Event) {
	for _, e := range events {
		s := m.byID[e.ID]
		if s == nil {
			if s = m.sameAs(e); s == nil {
				added = append(added, e)
				continue
			}
			m.include(s, e)
		}
		if s.absorb(e, m.store.config.Host) {
			m.changed[s.number] = s
		}
	}
	return added
}

// include makes an event, which was counted as new, part of a stored one.
func (m *merger) include(s *stored, e *event.Event) {
	m.aliases = append(m.aliases, []any{e.ID, s.number})
	m.merged[s.lookalike]++
	if floor(e.First.UnixMilli(), hour) > floor(s.First.UnixMilli(), hour) {
		m.later[pair{s.lookalike, s.client}] = true
	}
}

// sameAs returns the event in the database of the same mistake, or nil.
func (m *merger) sameAs(e *event.Event) (nearest *stored) {
	if !isMergeable(e) {
		return nil
	}
	away := func(s *stored) time.Duration { return s.First.Sub(e.First).Abs() }
	for _, s := range m.same[m.pairOf(e)] {
		if away(s) < event.Window && (nearest == nil || cmp.Or(cmp.Compare(away(s), away(nearest)), cmp.Compare(s.number, nearest.number)) < 0) {
			nearest = s
		}
	}
	return nearest
}

// absorb makes an event that a host reports part of the stored one, instead of what it reported of it before, and reports whether that
// changes anything: what is written late must not undo what was written since.
func (s *stored) absorb(e *event.Event, host string) (changed bool) {
	id := e.ID
	if id == s.ID {
		id, host = "", ""
	} else if host == s.Host {
		host = ""
	}
	var mine, others []event.Part
	for _, p := range s.AllParts() {
		if p.ID == id {
			mine = append(mine, p)
		} else {
			others = append(others, p)
		}
	}
	parts := e.AllParts()
	for i := range parts {
		parts[i].ID, parts[i].Host = id, host
	}
	if e.Count <= occurrences(mine) {
		// What nobody had room to fold is written alone: mail that is refused, and the queries before it.
		parts = slices.DeleteFunc(parts, func(p event.Part) bool {
			return slices.ContainsFunc(mine, func(other event.Part) bool { return (other.SMTP == nil) == (p.SMTP == nil) })
		})
		if len(parts) == 0 {
			return false
		}
		parts = append(mine, parts...)
	}
	s.Join(e)
	if s.Parts = append(others, parts...); id == "" && len(others) > 0 {
		s.Parts = append(parts, others...)
	}
	s.Count = occurrences(s.Parts)
	return true
}

// occurrences returns how many there are of some parts.
func occurrences(parts []event.Part) (count int) {
	for i := range parts {
		count += parts[i].Count
	}
	return count
}

// add adds a new event, with the decision by which it comes in closed, or nil.
func (m *merger) add(e *event.Event, d *Decision) error {
	p := m.pairOf(e)
	row, err := eventRow(e, m.store.config.Host, m.store.writer, p.lookalike, p.client)
	if err != nil {
		return err
	}
	m.rows = append(m.rows, append(row, d.values()...))
	m.sums.add(tallied{
		first: e.First.UnixMilli(), last: e.Last.UnixMilli(), policy: clean(e.Policy), kind: e.Kind, action: e.Action, mode: e.Mode,
		lookalike: p.lookalike, client: p.client, events: 1, queries: int64(e.Count),
	})
	return nil
}

// write writes what is new and what has changed.
func (m *merger) write(ctx context.Context, t *transaction) error {
	for _, number := range slices.Sorted(maps.Keys(m.changed)) {
		s := m.changed[number]
		row, err := eventRow(&s.Event.Event, s.Host, s.writer, s.lookalike, s.client)
		if err != nil {
			return err
		}
		m.rows = append(m.rows, append(row, string(s.State), s.Note, s.Reviewer, toMillis(s.Reviewed)))
		m.sums.replace(s.before, s.tallied())
	}
	slices.SortFunc(m.rows, func(a, b []any) int { return cmp.Compare(a[0].(string), b[0].(string)) }) // in the same order on all resolvers, to avoid deadlocks
	if len(m.rows) > 0 {
		if err := t.storeEvents(ctx, m.rows); err != nil {
			return fmt.Errorf("storing events: %w", err)
		}
	}
	if err := t.storeIDs(ctx, m.aliases); err != nil {
		return err
	}
	if err := t.countDown(ctx, m.merged); err != nil {
		return fmt.Errorf("counting the events of lookalikes: %w", err)
	}
	if err := t.correctLatest(ctx, "lookalike", distinct(m.later, func(p pair) int64 { return p.lookalike })); err != nil {
		return err
	}
	if err := t.correctLatest(ctx, "client", distinct(m.later, func(p pair) int64 { return p.client })); err != nil {
		return err
	}
	return t.tally(ctx, m.sums)
}

// storeIDs stores further ids of events.
func (t *transaction) storeIDs(ctx context.Context, ids rows) error {
	for some := range slices.Chunk(ids, writeBatch) {
		values, args := some.values()
		if _, err := t.exec(ctx, `INSERT INTO event_id (id, event) VALUES `+values+` ON CONFLICT DO NOTHING`, args...); err != nil {
			return fmt.Errorf("storing ids: %w", err)
		}
	}
	return nil
}

// mainIDs returns some ids, with those that events have beside others replaced.
func (t *transaction) mainIDs(ctx context.Context, ids []string) ([]string, error) {
	main := map[string]string{}
	of, args := list(ids)
	err := t.query(ctx, func(row *sql.Rows) error {
		var id, other string
		err := row.Scan(&id, &other)
		main[id] = other
		return err
	}, `SELECT event_id.id, event.id FROM event_id JOIN event ON event.number = event_id.event WHERE event_id.id IN `+of, args...)
	replaced := make([]string, len(ids))
	for i, id := range ids {
		replaced[i] = cmp.Or(main[id], id)
	}
	return replaced, err
}
