package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// DigestRows is how many rows each table of a digest has at most.
const DigestRows = 20

// Digest sums up the events of some policies in a period.
type Digest struct {
	// From (inclusive) and Until (exclusive) bound the time at which the events first happened.
	From, Until time.Time
	// Blocked, Monitored and Refused are as in Totals.
	Blocked, Monitored, Refused Count
	// Hidden are the lookalikes that policies hid, by client, and Trials those that they would have hidden but for mode monitor: those with
	// the most events, of so many pairs.
	Hidden, Trials          []Pair
	HiddenTotal, TrialTotal int64
	// Changes are neighbours of protected names that were registered, or take mail now: the latest of so many.
	Changes     []WatchChange
	ChangeTotal int64
	// Open are the lookalikes with open events, whenever these happened; OpenEvents counts all of these, and OpenTotal the lookalikes.
	Open                  []OpenName
	OpenEvents, OpenTotal int64
	// Oldest is when the oldest open event first happened; zero if there is none.
	Oldest time.Time
}

// Pair is a client and what it looked up.
type Pair struct {
	// Client is "" if it is unknown.
	Lookalike, Intended, Policy, Client string
	Count
	Last time.Time
}

// WatchChange is what happened to a neighbour that is watched.
type WatchChange struct {
	Lookalike, Policy string
	// Action is an event's, and Via the mail server.
	Action, Via string
	First       time.Time
}

// OpenName is a lookalike that waits to be reviewed.
type OpenName struct {
	Lookalike, Intended, Policy string
	Events                      int64
	First                       time.Time
}

// digestQuery is what all queries of a digest have in common.
type digestQuery struct {
	*Store
	*Digest
	policies []string
}

// Digest sums up a period for some policies.
func (s *Store) Digest(ctx context.Context, policies []string, from, until time.Time) (*Digest, error) {
	q := &digestQuery{s, &Digest{From: from, Until: until}, policies}
	for _, find := range []func(context.Context) error{q.totals, q.pairs, q.changes, q.open} {
		if err := find(ctx); err != nil {
			return nil, fmt.Errorf("summing up a period: %w", err)
		}
	}
	return q.Digest, nil
}

// of returns the condition on events of the policies, and on those of the period unless it is for all times.
func (q *digestQuery) of(always bool) *conditions {
	c := &conditions{}
	in(c, "event.policy", q.policies)
	if !always {
		c.add("event.first >= $ AND event.first < $", q.From.UnixMilli(), q.Until.UnixMilli())
	}
	return c
}

// watched are the actions of events that no client caused.
var watched = []string{event.Registered, event.TakesMail, event.MovedMail}

// asked returns the condition on events of the period that clients caused.
func (q *digestQuery) asked() *conditions {
	c := q.of(false)
	c.add("event.action NOT IN ($"+strings.Repeat(", $", len(watched)-1)+")", anys(watched)...)
	return c
}

func anys(texts []string) []any {
	_, args := list(texts)
	return args
}

func (q *digestQuery) totals(ctx context.Context) error {
	c := q.asked()
	return q.query(ctx, func(row *sql.Rows) error {
		var mode string
		var refused bool
		var n Count
		if err := row.Scan(&mode, &refused, &n.Events, &n.Queries); err != nil {
			return err
		}
		of := &q.Blocked
		switch {
		case refused:
			of = &q.Refused
		case !enforced(mode):
			of = &q.Monitored
		}
		of.Events += n.Events
		of.Queries += n.Queries
		return nil
	}, `SELECT event.mode, event.action = '`+event.SMTPRefused+`' AS refused, count(*), CAST(sum(event.count) AS BIGINT) FROM event WHERE `+c.where()+`
		GROUP BY event.mode, refused`, c.args...)
}

func (q *digestQuery) pairs(ctx context.Context) error {
	for _, part := range []struct {
		mode  string
		pairs *[]Pair
		total *int64
	}{{"event.mode <> 'monitor'", &q.Hidden, &q.HiddenTotal}, {"event.mode = 'monitor'", &q.Trials, &q.TrialTotal}} {
		c := q.asked()
		c.add(part.mode)
		err := q.query(ctx, func(row *sql.Rows) error {
			var p Pair
			var last int64
			if err := row.Scan(&p.Events, &p.Queries, &last, &p.Lookalike, &p.Intended, &p.Policy, &p.Client, part.total); err != nil {
				return err
			}
			p.Last = fromMillis(last)
			*part.pairs = append(*part.pairs, p)
			return nil
		}, fmt.Sprintf(`SELECT pair.events, pair.queries, pair.latest, lookalike.name, lookalike.intended, lookalike.policy, client.address, pair.total FROM (
				SELECT event.lookalike, event.client, count(*) AS events, CAST(sum(event.count) AS BIGINT) AS queries, max(event.last) AS latest, count(*) OVER () AS total
				FROM event WHERE %s GROUP BY event.lookalike, event.client ORDER BY events DESC, latest DESC, event.lookalike, event.client LIMIT %d) AS pair
			JOIN lookalike ON lookalike.number = pair.lookalike JOIN client ON client.number = pair.client
			ORDER BY pair.events DESC, pair.latest DESC, pair.lookalike, pair.client`, c.where(), DigestRows), c.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *digestQuery) changes(ctx context.Context) error {
	c := q.of(false)
	in(c, "event.action", watched)
	return q.query(ctx, func(row *sql.Rows) error {
		var change WatchChange
		var first int64
		err := row.Scan(&change.Lookalike, &change.Policy, &change.Action, &change.Via, &first, &q.ChangeTotal)
		change.First = fromMillis(first)
		q.Changes = append(q.Changes, change)
		return err
	}, fmt.Sprintf(`SELECT lookalike.name, lookalike.policy, event.action, event.via, event.first, count(*) OVER () FROM event
		JOIN lookalike ON lookalike.number = event.lookalike WHERE %s ORDER BY event.first DESC, event.number DESC LIMIT %d`, c.where(), DigestRows), c.args...)
}

func (q *digestQuery) open(ctx context.Context) error {
	c := q.of(true)
	c.add("event.state = 'open'")
	return q.query(ctx, func(row *sql.Rows) error {
		var n OpenName
		var first, oldest int64
		if err := row.Scan(&n.Events, &first, &n.Lookalike, &n.Intended, &n.Policy, &q.OpenTotal, &q.OpenEvents, &oldest); err != nil {
			return err
		}
		n.First, q.Oldest = fromMillis(first), fromMillis(oldest)
		q.Open = append(q.Open, n)
		return nil
	}, fmt.Sprintf(`SELECT waiting.events, waiting.earliest, lookalike.name, lookalike.intended, lookalike.policy, waiting.total, waiting.sum, waiting.oldest FROM (
			SELECT event.lookalike, count(*) AS events, min(event.first) AS earliest,
				count(*) OVER () AS total, CAST(sum(count(*)) OVER () AS BIGINT) AS sum, min(min(event.first)) OVER () AS oldest
			FROM event WHERE %s GROUP BY event.lookalike ORDER BY events DESC, earliest, event.lookalike LIMIT %d) AS waiting
		JOIN lookalike ON lookalike.number = waiting.lookalike ORDER BY waiting.events DESC, waiting.earliest, waiting.lookalike`, c.where(), DigestRows), c.args...)
}
