package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// clientEvents is how many events of a client are examined to count its lookalikes.
const clientEvents = 5000

// bars describe the chart of a span: the number of bars, and the length of each in milliseconds. The last bar contains the present.
var bars = map[Span]struct {
	count      int64
	step, unit int64 // a span begins at a full unit
}{
	Day:   {24, hour, hour},
	Week:  {28, 6 * hour, day},
	Month: {30, day, day},
}

// begin returns the start of a span that ends now.
func (span Span) begin(now time.Time) time.Time {
	b := bars[span]
	return fromMillis(floor(now.UnixMilli(), b.unit) - b.count*b.step + b.unit)
}

// Totals returns the totals of each span, in the order of Spans.
func (s *Store) Totals(ctx context.Context) ([]Totals, error) {
	now := time.Now()
	var all []Totals
	for _, span := range Spans {
		t := Totals{Span: span}
		err := s.query(ctx, func(row *sql.Rows) error {
			var mode, action string
			var c Count
			if err := row.Scan(&mode, &action, &c.Events, &c.Queries); err != nil {
				return err
			}
			of := &t.Blocked
			switch {
			case action == event.SMTPRefused:
				of = &t.Refused
			case !enforced(mode):
				of = &t.Monitored
			}
			of.Events += c.Events
			of.Queries += c.Queries
			return nil
		}, `SELECT mode, action, CAST(sum(events) AS BIGINT), CAST(sum(queries) AS BIGINT) FROM hour_tally WHERE start >= $1 GROUP BY mode, action`,
			span.begin(now).UnixMilli())
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// Summary returns the summary of a span, with a chart stacked by a dimension.
func (s *Store) Summary(ctx context.Context, span Span, by Dimension) (*Summary, error) {
	b, ok := bars[span]
	if !ok {
		return nil, fmt.Errorf("unknown span %q; expected one of %v", span, Spans)
	}
	if by != ByPolicy && by != ByKind {
		return nil, fmt.Errorf("unknown dimension %q; expected %s or %s", by, ByPolicy, ByKind)
	}
	now := time.Now()
	sum := &Summary{Span: span, From: span.begin(now), Until: now.UTC(), Step: time.Duration(b.step) * time.Millisecond}
	for i := range b.count {
		sum.Times = append(sum.Times, sum.From.Add(time.Duration(i)*sum.Step))
	}
	unit := day
	if span == Day {
		unit = hour
	}
	// Concurrently, because the lookalikes of a month take as long as all the rest.
	parts, ctx := errgroup.WithContext(ctx)
	for _, part := range []struct {
		what string
		find func() error
	}{
		{string(by), func() error { return s.series(ctx, sum, by) }},
		{"lookalikes", func() error { return s.names(ctx, sum, unit) }},
		{"different lookalikes", func() error { return s.countDistinct(ctx, "lookalike", &sum.Lookalikes, sum) }},
		{"clients", func() error { return s.clients(ctx, sum, unit) }},
		{"different clients", func() error { return s.countDistinct(ctx, "client", &sum.Clients, sum) }},
	} {
		parts.Go(func() error {
			if err := part.find(); err != nil {
				return fmt.Errorf("summing up %s: %w", part.what, err)
			}
			return nil
		})
	}
	if err := parts.Wait(); err != nil {
		return nil, err
	}
	return sum, nil
}

// series fills the chart: enforced events first, then monitored ones, each sorted by label.
func (s *Store) series(ctx context.Context, sum *Summary, by Dimension) error {
	from, step := sum.From.UnixMilli(), sum.Step.Milliseconds()
	return s.query(ctx, func(row *sql.Rows) error {
		var label string
		var monitored bool
		var bar, events int64
		if err := row.Scan(&monitored, &label, &bar, &events); err != nil {
			return err
		}
		last := len(sum.Series) - 1
		if last < 0 || sum.Series[last].Label != label || sum.Series[last].Monitored != monitored {
			sum.Series = append(sum.Series, Series{Label: label, Monitored: monitored, Events: make([]int64, len(sum.Times))})
			last++
		}
		if bar < int64(len(sum.Times)) { // a clock that was set back leaves events of the future
			sum.Series[last].Events[bar] += events
		}
		return nil
	}, `SELECT mode = 'monitor' AS monitored, `+string(by)+`, (start - $1) / $2 AS bar, CAST(sum(events) AS BIGINT)
		FROM hour_tally WHERE start >= $1 GROUP BY monitored, `+string(by)+`, bar ORDER BY monitored, `+string(by)+`, bar`, from, step)
}

// countDistinct counts the distinct lookalikes or clients. It ignores rows that an interrupted removal left behind: the oldest
// events are removed first, so such a row is older than all remaining events.
func (s *Store) countDistinct(ctx context.Context, table string, count *int64, sum *Summary) error {
	return s.query(ctx, func(row *sql.Rows) error { return row.Scan(count) },
		`SELECT count(*) FROM `+table+` WHERE latest >= $1 AND latest >= (SELECT min(start) FROM hour_tally)`, sum.From.UnixMilli())
}

// names finds the most frequent lookalikes.
func (s *Store) names(ctx context.Context, sum *Summary, unit int64) error {
	sums, args, err := s.topSums(ctx, "lookalike_tally", unit, sum.From.UnixMilli())
	if err != nil || sums == "" {
		return err
	}
	return s.query(ctx, func(row *sql.Rows) error {
		var n Name
		var last int64
		if err := row.Scan(&n.Enforced.Events, &n.Enforced.Queries, &n.Monitored.Events, &n.Monitored.Queries, &last,
			&n.Lookalike, &n.Intended, &n.Policy, &n.Kind); err != nil {
			return err
		}
		n.Last = fromMillis(last)
		sum.Names = append(sum.Names, n)
		return nil
	}, `SELECT e, eq, m, mq, top.latest, name, intended, policy, kind
		FROM (`+sums+`) AS top JOIN lookalike ON lookalike.number = top.number ORDER BY top.events DESC, top.number`, args...)
}

// clients finds the clients with the most events.
func (s *Store) clients(ctx context.Context, sum *Summary, unit int64) error {
	from := sum.From.UnixMilli()
	sums, args, err := s.topSums(ctx, "client_tally", unit, from)
	if err != nil || sums == "" {
		return err
	}
	return s.query(ctx, func(row *sql.Rows) error {
		var c Client
		var last int64
		if err := row.Scan(&c.Enforced.Events, &c.Enforced.Queries, &c.Monitored.Events, &c.Monitored.Queries, &last,
			&c.Address, &c.Lookalikes); err != nil {
			return err
		}
		c.Last = fromMillis(last)
		sum.TopClients = append(sum.TopClients, c)
		return nil
	}, fmt.Sprintf(`SELECT e, eq, m, mq, top.latest, address,
			(SELECT count(DISTINCT lookalike) FROM (SELECT lookalike FROM event WHERE client = top.number AND first >= $%d
				ORDER BY first DESC LIMIT %d) AS recent)
		FROM (%s) AS top
		JOIN client ON client.number = top.number ORDER BY events DESC, top.number`, len(args)+1, clientEvents, sums), append(args, from)...)
}

// Choices returns the values that occur in events.
func (s *Store) Choices(ctx context.Context) (*Choices, error) {
	var c Choices
	for _, column := range []struct {
		query  string
		values *[]string
	}{
		{`SELECT DISTINCT policy FROM hour_tally WHERE policy <> '' ORDER BY policy`, &c.Policies},
		{`SELECT DISTINCT kind FROM hour_tally WHERE kind <> '' ORDER BY kind`, &c.Kinds},
		{`SELECT DISTINCT action FROM hour_tally ORDER BY action`, &c.Actions},
	} {
		if err := s.values(ctx, column.values, column.query); err != nil {
			return nil, err
		}
	}
	return &c, s.hosts(ctx, &c.Hosts)
}

func (s *Store) values(ctx context.Context, values *[]string, query string, args ...any) error {
	return s.query(ctx, func(row *sql.Rows) error {
		var value string
		err := row.Scan(&value)
		*values = append(*values, value)
		return err
	}, query, args...)
}

// hosts finds the reporting resolvers, each by one step in the index instead of a scan of all events.
func (s *Store) hosts(ctx context.Context, hosts *[]string) error {
	return s.values(ctx, hosts, `WITH RECURSIVE host (name) AS (
		SELECT min(host) FROM event UNION ALL SELECT (SELECT min(event.host) FROM event WHERE event.host > host.name) FROM host WHERE host.name IS NOT NULL
	) SELECT name FROM host WHERE name IS NOT NULL`)
}
