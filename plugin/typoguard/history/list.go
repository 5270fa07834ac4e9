package history

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// defaultLimit is the default number of events on a page.
const defaultLimit = 50

// key is a column to sort a list by.
type key struct {
	column     string
	descending bool
}

// keys are the columns of each order. The last one is unique.
var keys = map[Order][]key{
	ByTime:   {{firstColumn, true}, {"event.number", true}},
	ByCount:  {{"event.count", true}, {firstColumn, true}, {"event.number", true}},
	ByName:   {{"lookalike.name", false}, {"lookalike.number", false}, {firstColumn, true}, {"event.number", true}},
	ByClient: {{"client.address", false}, {firstColumn, true}, {"event.number", true}},
}

// cursor is the event at an end of a page: the next page begins after it, or the previous one ends before it.
type cursor struct {
	Order   Order `json:"o"`
	Reverse bool  `json:"r,omitempty"`
	Before  bool  `json:"b,omitempty"`
	Values  []any `json:"v"`
}

// encode returns the cursor as text for URLs.
func (c *cursor) encode() string {
	text, _ := json.Marshal(c) // never fails for strings and numbers
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor decodes the cursor of a page.
func decodeCursor(p *Page) (*cursor, error) {
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrCursor, p.Cursor)
	}
	var c cursor
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&c); err != nil || c.Order != p.Order || c.Reverse != p.Reverse || len(c.Values) != len(keys[c.Order]) {
		return nil, fmt.Errorf("%w: %q", ErrCursor, p.Cursor)
	}
	for i, value := range c.Values {
		isText := keys[c.Order][i].column == "lookalike.name" || keys[c.Order][i].column == "client.address"
		switch value := value.(type) {
		case string:
			if c.Values[i] = clean(value); isText {
				continue
			}
		case json.Number:
			number, err := value.Int64()
			if c.Values[i] = number; err == nil && !isText {
				continue
			}
		}
		return nil, fmt.Errorf("%w: %q", ErrCursor, p.Cursor)
	}
	return &c, nil
}

// Events returns a page of the events that match a filter. It returns ErrCursor for an invalid cursor or one of another order.
func (s *Store) Events(ctx context.Context, f Filter, p Page) (*List, error) {
	if p.Order == "" {
		p.Order = ByTime
	}
	if p.Limit <= 0 {
		p.Limit = defaultLimit
	}
	if keys[p.Order] == nil {
		return nil, fmt.Errorf("unknown order %q; expected one of %v", p.Order, Orders)
	}
	var at *cursor
	if p.Cursor != "" {
		var err error
		if at, err = decodeCursor(&p); err != nil {
			return nil, err
		}
	}
	list := &List{}
	if none, err := s.isEmpty(ctx, &f); none || err != nil {
		return list, err
	}
	plan, err := s.plan(ctx, &f)
	if err != nil {
		return nil, err
	}
	if list.Total, list.AtLeast, err = s.total(ctx, plan); err != nil {
		return nil, err
	}
	if plan.few = !list.AtLeast; plan.few && list.Total == 0 {
		return list, nil
	}
	if err := s.page(ctx, list, plan, &p, at); err != nil {
		return nil, err
	}
	list.Total = max(list.Total, len(list.Events)) // the count may be too low
	if at == nil && list.Next == "" {
		list.Total, list.AtLeast = len(list.Events), false // these are all
	}
	return list, nil
}

// total returns the number of events that a plan finds, which may be a lower bound.
func (s *Store) total(ctx context.Context, p *plan) (n int, atLeast bool, err error) {
	all := true
	switch {
	case p.total >= 0:
		n = p.total
	case p.few || !p.hints:
		n, err = s.count(ctx, p)
	default:
		n, all, err = s.countBounded(ctx, p)
	}
	return min(n, s.many), n > s.many || !all, err
}

// page fills a list.
func (s *Store) page(ctx context.Context, list *List, plan *plan, p *Page, at *cursor) error {
	backwards := at != nil && at.Before
	var behind []any
	if at != nil {
		behind = at.Values
	}
	events, ends, err := s.fetch(ctx, plan, p.Order, p.Reverse != backwards, behind, p.Limit+1)
	if err != nil {
		return err
	}
	more := len(events) > p.Limit
	events, ends = events[:min(p.Limit, len(ends))], ends[:min(p.Limit, len(ends))]
	if backwards {
		slices.Reverse(events)
		slices.Reverse(ends)
	}
	if list.Events = events; len(events) == 0 {
		return nil
	}
	if more || backwards {
		list.Next = (&cursor{p.Order, p.Reverse, false, ends[len(ends)-1]}).encode()
	}
	if at != nil && (more || !backwards) {
		list.Previous = (&cursor{p.Order, p.Reverse, true, ends[0]}).encode()
	}
	return nil
}

// fetch returns the events of a plan up to a limit: those after the event with the given values of the order's keys, or the first
// ones without values. It also returns their own values.
func (s *Store) fetch(ctx context.Context, plan *plan, order Order, reverse bool, after []any, limit int) (events []*Event, ends [][]any, err error) {
	from, c := plan.list(order)
	if after != nil {
		text, values := behind(keys[order], reverse, after)
		c.add(text, values...)
	}
	var orderBy []string
	for _, key := range keys[order] {
		column, direction := key.column, " ASC"
		if key.descending != reverse {
			direction = " DESC"
		}
		if plan.hints && plan.few && (order != ByTime || plan.best == numberColumn) {
			column = "+" + column
		}
		orderBy = append(orderBy, column+direction)
	}
	err = s.query(ctx, func(row *sql.Rows) error {
		e, n, err := scanEvent(row)
		if err != nil {
			return err
		}
		events = append(events, e)
		ends = append(ends, n.values(order, e))
		return nil
	}, fmt.Sprintf("SELECT %s %s WHERE %s ORDER BY %s LIMIT %d", selected, from, c.where(), strings.Join(orderBy, ", "), limit), c.args...)
	return events, ends, err
}

// behind returns the condition for rows after the one with the given values.
func behind(keys []key, reverse bool, values []any) (string, []any) {
	greater := func(key key) string {
		if key.descending != reverse {
			return "<"
		}
		return ">"
	}
	last := len(keys) - 1
	text, args := fmt.Sprintf("%s %s $", keys[last].column, greater(keys[last])), []any{values[last]}
	for i := last - 1; i >= 0; i-- {
		column, operator := keys[i].column, greater(keys[i])
		text = fmt.Sprintf("(%s %s $ OR (%s = $ AND %s))", column, operator, column, text)
		args = append([]any{values[i], values[i]}, args...)
	}
	// The redundant condition on the first column lets the database use an index.
	return fmt.Sprintf("%s %s= $ AND %s", keys[0].column, greater(keys[0]), text), append([]any{values[0]}, args...)
}

// selected are the columns for scanEvent.
const selected = `event.number, event.id, event.host, event.first, event.last, event.count, event.action, event.mode, event.via, event.new_client,
	event.counterpart, event.question, event.record, event.types, event.response_code, event.server, event.view, event.candidates,
	event.smtp, event.helo, event.sender, event.recipient, event.tls, event.parts, event.assignee, event.state, event.note, event.reviewer, event.reviewed,
	lookalike.number, lookalike.name, lookalike.policy, lookalike.protected, lookalike.intended, lookalike.kind, lookalike.distance, client.address`

// numbers are the row numbers of an event and its lookalike.
type numbers struct{ event, lookalike int64 }

// values returns the values of an order's keys.
func (n *numbers) values(order Order, e *Event) []any {
	switch first := e.First.UnixMilli(); order {
	case ByCount:
		return []any{e.Count, first, n.event}
	case ByName:
		return []any{e.Name, n.lookalike, first, n.event}
	case ByClient:
		return []any{e.Client, first, n.event}
	default:
		return []any{first, n.event}
	}
}

// scanEvent returns the event in a row. Further columns go into more.
func scanEvent(row *sql.Rows, more ...any) (*Event, *numbers, error) {
	var e Event
	var n numbers
	var smtp event.SMTP
	var first, last, reviewed int64
	var types, candidates, parts string
	var isSMTP bool
	if err := row.Scan(append([]any{&n.event, &e.ID, &e.Host, &first, &last, &e.Count, &e.Action, &e.Mode, &e.Via, &e.NewClient,
		&e.Counterpart, &e.Question, &e.Record, &types, &e.ResponseCode, &e.Server, &e.View, &candidates,
		&isSMTP, &smtp.Helo, &smtp.Sender, &smtp.Recipient, &smtp.TLS, &parts, &e.Assignee, &e.State, &e.Note, &e.Reviewer, &reviewed,
		&n.lookalike, &e.Name, &e.Policy, &e.Protected, &e.Intended, &e.Kind, &e.Distance, &e.Client}, more...)...); err != nil {
		return nil, nil, err
	}
	e.First, e.Last, e.Reviewed = fromMillis(first), fromMillis(last), fromMillis(reviewed)
	if isSMTP {
		e.SMTP = &smtp
	}
	if e.Types = strings.Fields(types); len(e.Types) > 0 {
		e.Type = e.Types[0]
	}
	if candidates != "" {
		if err := json.Unmarshal([]byte(candidates), &e.Candidates); err != nil {
			return nil, nil, fmt.Errorf("decoding the candidates of event %s: %w", e.ID, err)
		}
	}
	return &e, &n, decodeParts(&e.Event, parts)
}

// fetchBatch is the number of events per query of Each, whose reader may be slow and must not keep the database waiting.
const fetchBatch = 1000

// Each calls do with every event that matches a filter, newest first, until do returns an error. It may miss events that are
// written, removed or reviewed in the meantime.
func (s *Store) Each(ctx context.Context, f Filter, do func(*Event) error) error {
	plan, err := s.plan(ctx, &f)
	if err != nil {
		return err
	}
	for after := []any(nil); ; {
		events, ends, err := s.fetch(ctx, plan, ByTime, false, after, fetchBatch)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := do(e); err != nil {
				return err
			}
		}
		if len(events) < fetchBatch {
			return nil
		}
		after = ends[len(ends)-1]
	}
}

// numberOf is the expression for the row number of the event with an id that is a placeholder, whichever of its ids that is.
func numberOf(id string) string {
	return "coalesce((SELECT number FROM event WHERE id = " + id + "), (SELECT event FROM event_id WHERE id = " + id + "))"
}

// find returns the event with an id, and its row numbers. It returns ErrUnknown if there is none.
func (s *Store) find(ctx context.Context, id string) (e *Event, n *numbers, err error) {
	from, _ := (&plan{few: true, hints: s.database.hints()}).list(ByTime)
	err = s.query(ctx, func(row *sql.Rows) error {
		e, n, err = scanEvent(row)
		return err
	}, `SELECT `+selected+` `+from+` WHERE event.number = `+numberOf("$1"), clean(id))
	if err == nil && e == nil {
		err = fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	return e, n, err
}

// Event returns the event with an id, and more about its lookalike. It returns ErrUnknown if there is none.
func (s *Store) Event(ctx context.Context, id string) (*Detail, error) {
	e, n, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	d := &Detail{Event: *e, States: map[State]int64{}}
	if err := s.others(ctx, d); err != nil {
		return nil, err
	}
	if d.Decisions, err = s.Decisions(ctx, d.Policy, d.Name); err != nil {
		return nil, err
	}
	return d, s.states(ctx, d, n.lookalike)
}
