package history

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// writeBatch is the number of events written in a transaction: SQLite allows 32,766 values in a statement.
const writeBatch = 512

// Write stores events, and returns how many it stored, in order, before an error. It updates events whose id is already known,
// which were written before all of their repeats came, and adds those to others that another store has of the same mistake. It implements
// sink.Target.
func (s *Store) Write(ctx context.Context, events []*event.Event) (written int, err error) {
	for batch := range slices.Chunk(events, writeBatch) {
		// Mail apart, since an event of a query and one of mail may have the same id without one of them being the other with repeats.
		for _, some := range [...][]*event.Event{mostRepeated(batch, isQuery), mostRepeated(batch, isMail)} {
			if len(some) == 0 {
				continue
			}
			if err := s.change(ctx, func(tx *transaction) error { return tx.store(ctx, s, some) }); err != nil {
				return written, err
			}
		}
		written += len(batch)
	}
	return written, nil
}

func isMail(e *event.Event) bool  { return e.SMTP != nil }
func isQuery(e *event.Event) bool { return e.SMTP == nil }

// mostRepeated returns the events of a kind with distinct ids, those with most repeats, in the same order on all resolvers, to avoid deadlocks.
func mostRepeated(events []*event.Event, isOf func(*event.Event) bool) []*event.Event {
	byID := map[string]*event.Event{}
	for _, e := range events {
		if known := byID[e.ID]; isOf(e) && (known == nil || known.Count < e.Count) {
			byID[e.ID] = e
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b *event.Event) int { return cmp.Compare(a.ID, b.ID) })
}

// store writes events with distinct ids.
func (t *transaction) store(ctx context.Context, s *Store, events []*event.Event) error {
	known, err := t.known(ctx, events)
	if err != nil {
		return fmt.Errorf("looking up known events: %w", err)
	}
	lookalikes, err := t.storeLookalikes(ctx, events, known)
	if err != nil {
		return fmt.Errorf("storing lookalikes: %w", err)
	}
	clients, err := t.storeClients(ctx, events, known)
	if err != nil {
		return fmt.Errorf("storing clients: %w", err)
	}
	m := newMerger()
	m.store, m.lookalikes, m.clients = s, lookalikes, clients
	if err := m.read(ctx, t, events, known); err != nil {
		return fmt.Errorf("looking up the same mistakes: %w", err)
	}
	added := m.merge(events)
	decisions, err := t.decided(ctx, added)
	if err != nil {
		return fmt.Errorf("looking up decisions: %w", err)
	}
	for _, e := range added {
		if err := m.add(e, decisions[e.ID]); err != nil {
			return err
		}
	}
	return m.write(ctx, t)
}

// rows are rows of values, all of the same length.
type rows [][]any

// values returns the placeholders to write after VALUES, and the values.
func (r rows) values() (string, []any) {
	var text strings.Builder
	var args []any
	for i, row := range r {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteByte('(')
		for n := range row {
			if n > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, "$%d", len(args)+n+1)
		}
		text.WriteByte(')')
		args = append(args, row...)
	}
	return text.String(), args
}

// list returns the placeholders to write after IN, and the values.
func list[T any](values []T) (string, []any) {
	row := make([]any, len(values))
	for i, v := range values {
		row[i] = v
	}
	return rows{row}.values()
}

// digest identifies a lookalike and its match with a policy. An index on all of these columns would be too long for PostgreSQL,
// and anyone can make up names, so the hash must resist collisions.
func digest(e *event.Event) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d", e.Name, e.Policy, e.Protected, e.Intended, e.Kind, e.Distance))
}

// storeLookalikes returns the row numbers of the lookalikes of events, after inserting new ones, and counts the events that are not known.
func (t *transaction) storeLookalikes(ctx context.Context, events []*event.Event, known map[string]int64) (map[[sha256.Size]byte]int64, error) {
	one, latest, added := map[[sha256.Size]byte]*event.Event{}, map[[sha256.Size]byte]int64{}, map[[sha256.Size]byte]int64{}
	for _, e := range events {
		key := digest(e)
		one[key] = e
		if _, ok := known[e.ID]; !ok {
			latest[key] = max(latest[key], floor(e.First.UnixMilli(), hour))
			added[key]++
		}
	}
	var rows rows
	for key, e := range one {
		rows = append(rows, []any{key[:], clean(e.Name), clean(e.Policy), clean(e.Protected), clean(e.Intended), e.Kind, e.Distance, latest[key], added[key]})
	}
	// Again in the same order on all resolvers.
	slices.SortFunc(rows, func(a, b []any) int { return slices.Compare(a[0].([]byte), b[0].([]byte)) })
	numbers := map[[sha256.Size]byte]int64{}
	values, args := rows.values()
	err := t.query(ctx, func(row *sql.Rows) error {
		var key []byte
		var number int64
		if err := row.Scan(&key, &number); err != nil {
			return err
		}
		numbers[[sha256.Size]byte(key)] = number
		return nil
	}, `INSERT INTO lookalike (digest, name, policy, protected, intended, kind, distance, latest, events) VALUES `+values+`
		ON CONFLICT (digest) DO UPDATE SET latest = `+later("lookalike", "latest")+`, events = lookalike.events + excluded.events
		RETURNING digest, number`, args...)
	return numbers, err
}

// storeClients returns the row numbers of the clients of events, after inserting new ones.
func (t *transaction) storeClients(ctx context.Context, events []*event.Event, known map[string]int64) (map[string]int64, error) {
	latest := map[string]int64{}
	for _, e := range events {
		address, begin := clean(e.Client), int64(0)
		if _, ok := known[e.ID]; !ok {
			begin = floor(e.First.UnixMilli(), hour)
		}
		latest[address] = max(latest[address], begin)
	}
	var rows rows
	for _, address := range slices.Sorted(maps.Keys(latest)) {
		rows = append(rows, []any{address, latest[address]})
	}
	numbers := map[string]int64{}
	values, args := rows.values()
	err := t.query(ctx, func(row *sql.Rows) error {
		var address string
		var number int64
		if err := row.Scan(&address, &number); err != nil {
			return err
		}
		numbers[address] = number
		return nil
	}, `INSERT INTO client (address, latest) VALUES `+values+`
		ON CONFLICT (address) DO UPDATE SET latest = `+later("client", "latest")+` RETURNING address, number`, args...)
	return numbers, err
}

// later returns an expression for the later of a column's existing and new values.
func later(table, column string) string {
	return fmt.Sprintf("CASE WHEN %[1]s.%[2]s > excluded.%[2]s THEN %[1]s.%[2]s ELSE excluded.%[2]s END", table, column)
}

// correctLatest sets the latest hour of some rows of a table, which this transaction has locked, to that of their events.
func (t *transaction) correctLatest(ctx context.Context, table string, numbers []int64) error {
	for some := range slices.Chunk(numbers, writeBatch) {
		in, args := list(some)
		if _, err := t.exec(ctx, fmt.Sprintf(`UPDATE %[1]s SET latest = (SELECT max(first) - max(first) %% %[2]d FROM event WHERE event.%[1]s = %[1]s.number)
			WHERE number IN %[3]s`, table, hour, in), args...); err != nil {
			return fmt.Errorf("correcting the latest hour of each %s: %w", table, err)
		}
	}
	return nil
}

// known returns the row numbers of events that are already stored, by the ids of those that are.
func (t *transaction) known(ctx context.Context, events []*event.Event) (map[string]int64, error) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	numbers := map[string]int64{}
	in, args := list(ids)
	for _, query := range []string{`SELECT id, number FROM event WHERE id IN ` + in, `SELECT id, event FROM event_id WHERE id IN ` + in} {
		if err := t.query(ctx, func(row *sql.Rows) error {
			var id string
			var number int64
			err := row.Scan(&id, &number)
			numbers[id] = number
			return err
		}, query, args...); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// eventColumns are the columns of eventRow, and of the values of a decision.
const eventColumns = `id, host, first, last, count, lookalike, client, policy, kind, action, mode, via, new_client, counterpart,
	question, record, types, response_code, server, view, candidates, smtp, helo, sender, recipient, tls, writer, parts, state, note, reviewer, reviewed`

// eventRow returns the values of an event.
func eventRow(e *event.Event, host, writer string, lookalike, client int64) ([]any, error) {
	candidates := ""
	if len(e.Candidates) > 0 {
		text, err := json.Marshal(e.Candidates)
		if err != nil {
			return nil, fmt.Errorf("encoding the candidates of event %s: %w", e.ID, err)
		}
		candidates = clean(string(text))
	}
	parts, err := encodeParts(e)
	if err != nil {
		return nil, err
	}
	types := e.Types
	if len(types) == 0 && e.Type != "" {
		types = []string{e.Type}
	}
	smtp := e.SMTP
	if smtp == nil {
		smtp = &event.SMTP{}
	}
	return []any{
		e.ID, clean(host), e.First.UnixMilli(), e.Last.UnixMilli(), e.Count, lookalike, client, clean(e.Policy), e.Kind, e.Action, e.Mode, clean(e.Via),
		e.NewClient, e.Counterpart, clean(e.Question), e.Record, strings.Join(types, " "), e.ResponseCode, clean(e.Server), clean(e.View),
		candidates, e.SMTP != nil, clean(smtp.Helo), clean(smtp.Sender), clean(smtp.Recipient), smtp.TLS, writer, parts,
	}, nil
}

// values returns what a decision, or nil, makes of a new event: the values of its last columns.
func (d *Decision) values() []any {
	if d == nil {
		return []any{string(StateOpen), "", "", 0}
	}
	return []any{string(d.State), d.Note, d.Decider, toMillis(d.Decided)}
}

// storeEvents inserts events, and updates those that are already stored, but for their reviews.
func (t *transaction) storeEvents(ctx context.Context, rows rows) error {
	values, args := rows.values()
	_, err := t.exec(ctx, `INSERT INTO event (`+eventColumns+`) VALUES `+values+`
		ON CONFLICT (id) DO UPDATE SET last = excluded.last, count = excluded.count, types = excluded.types, parts = excluded.parts,
		action = excluded.action, mode = excluded.mode, via = excluded.via, new_client = excluded.new_client, counterpart = excluded.counterpart,
		question = excluded.question, record = excluded.record, response_code = excluded.response_code, server = excluded.server,
		view = excluded.view, candidates = excluded.candidates, smtp = excluded.smtp, helo = excluded.helo, sender = excluded.sender,
		recipient = excluded.recipient, tls = excluded.tls`, args...)
	return err
}

// clean returns text that PostgreSQL accepts: UTF-8 without NUL. Text from SMTP clients may violate both.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// toMillis returns a time as columns store it.
func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis returns the time stored in a column, in UTC.
func fromMillis(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}
