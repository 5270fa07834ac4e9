package history

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// addParts changes the schema so that events have parts, and then the events.
func (t *transaction) addParts(ctx context.Context, folder string) error {
	schema, err := migrations.ReadFile("migrations/00006_parts_" + folder + ".sql")
	if err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, string(schema)); err != nil {
		return err
	}
	return t.joinRefusals(ctx)
}

// joinRefusals makes one event of those that earlier programs wrote of one mistake: of the queries for a lookalike, and of each recipient that
// an SMTP listener refused within event.Window of the first of them. All ids are kept.
func (t *transaction) joinRefusals(ctx context.Context) error {
	groups, err := t.refusalGroups(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(groups, writeBatch/8) { // one event is rarely of more
		if err := t.join(ctx, some); err != nil {
			return err
		}
	}
	return t.removeEmptySums(ctx, math.MaxInt64)
}

// refusalGroups returns the row numbers of events to be made one, the earliest of each group first.
func (t *transaction) refusalGroups(ctx context.Context) (groups [][]int64, err error) {
	var group []int64
	var of pair
	var begin int64
	var refused bool
	flush := func() {
		if len(group) > 1 && refused {
			groups = append(groups, group)
		}
		group, refused = nil, false
	}
	err = t.query(ctx, func(row *sql.Rows) error {
		var p pair
		var number, first int64
		var smtp bool
		if err := row.Scan(&p.lookalike, &p.client, &number, &first, &smtp); err != nil {
			return err
		}
		if p != of || first >= begin+event.Window.Milliseconds() {
			flush()
			of, begin = p, first
		}
		group, refused = append(group, number), refused || smtp
		return nil
	}, `SELECT lookalike, client, number, first, smtp FROM event
		WHERE (lookalike, client) IN (SELECT lookalike, client FROM event WHERE action = $1 AND policy <> '')
		ORDER BY lookalike, client, first, number`, event.SMTPRefused)
	flush()
	return groups, err
}

// maxJoined is how many parts of an event are told apart here: a mail server may have sent to many recipients at once.
const maxJoined = 64

// join makes one event of each group.
func (t *transaction) join(ctx context.Context, groups [][]int64) error {
	all := map[int64]*stored{}
	for some := range slices.Chunk(slices.Concat(groups...), writeBatch) {
		c := &conditions{}
		in(c, numberColumn, some)
		if err := t.stored(ctx, c, func(s *stored) { all[s.number] = s }); err != nil {
			return err
		}
	}
	m := newMerger()
	var gone []int64
	for _, group := range groups {
		first := all[group[0]]
		m.changed[first.number] = first
		for _, number := range group[1:] {
			other := all[number]
			if len(first.Parts) < maxJoined {
				first.absorb(&other.Event.Event, other.Host)
			} else {
				first.count(&other.Event.Event)
			}
			first.takeReview(other)
			other.before.events, other.before.queries = -1, -other.before.queries
			m.sums.add(other.before)
			m.include(first, &other.Event.Event)
			gone = append(gone, number)
		}
		if _, err := t.exec(ctx, `UPDATE event SET state = $1, note = $2, reviewer = $3, reviewed = $4 WHERE number = $5`,
			string(first.State), first.Note, first.Reviewer, toMillis(first.Reviewed), first.number); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(gone, writeBatch) {
		numbers, args := list(some)
		if _, err := t.exec(ctx, `DELETE FROM event WHERE number IN `+numbers, args...); err != nil {
			return err
		}
	}
	return m.write(ctx, t)
}

// count adds an event without telling it apart.
func (s *stored) count(e *event.Event) {
	s.Join(e)
	s.Count += e.Count
	i := slices.IndexFunc(s.Parts, func(p event.Part) bool { return p.Rest })
	if i < 0 {
		i = len(s.Parts)
		s.Parts = append(s.Parts, event.Part{Rest: true, First: e.First, Last: e.Last})
	}
	s.Parts[i].Count += e.Count
	s.Parts[i].Last = e.Last
}

// takeReview takes over the review of another event if that decided and its own did not, or if it is later, and the note of both.
func (s *stored) takeReview(other *stored) {
	note, isLess := s.Note, s.State == StateOpen && other.State != StateOpen
	isEqual := (s.State == StateOpen) == (other.State == StateOpen)
	if isLess || (isEqual && other.Reviewed.After(s.Reviewed)) {
		s.State, s.Note, s.Reviewer, s.Reviewed = other.State, other.Note, other.Reviewer, other.Reviewed
	} else {
		note = other.Note
	}
	switch {
	case s.Note == "":
		s.Note = note
	case note != "" && note != s.Note:
		s.Note = note + "\n" + s.Note
	}
}
