package review

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// listLimit is the number of events on a page of the list.
const listLimit = 50

// list is one page of the list of events.
type list struct {
	*query
	*history.List
	Choices     *history.Choices
	Problem     string // with the filter; then there are no events
	Editor      bool   // whether the reader may review
	States      []choice
	Spans       []choice
	Done        []choice
	Sorts       map[string]sorting
	First       string // URLs of other pages; "" if there is none
	Next, Prev  string
	CSV, JSON   string
	Filters     []filterPart
	From, Until string // as values of input fields
	Views       []choice
	Said        *said
	Newest      string // the id of the event that was stored last
	Poll        string // URL of the API for newer events that match the filter
	Back        string // the filter, order and cursor, for forms
	Decisions   []decisionButton
}

// decisionButton is a button that gives events a state.
type decisionButton struct {
	Text, State, Key string
}

// sorting is the header of a sortable column.
type sorting struct {
	URL string
	// Aria is "ascending" or "descending" if the list is sorted by the column, otherwise "none".
	Aria string
}

// filterPart is one condition of a filter, and the URL of the list without it.
type filterPart struct{ Name, Value, Without string }

// list shows the events that match a filter.
func (s *site) list(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.listQuery(r.URL.Query())
	page := newList(q)
	page.Editor = s.edits(r)
	status := http.StatusOK
	if p, ok := errors.AsType[*problem](err); ok {
		page.Problem, status = p.message, p.status
	}
	if page.Choices, err = s.store.Choices(ctx); err != nil {
		return nil, err
	}
	if page.Said, err = s.said(ctx, r); err != nil {
		return nil, err
	}
	if page.Problem == "" {
		if page.Newest, err = s.store.Newest(ctx); err != nil { // before the list, which may have newer ones already
			return nil, err
		}
		page.Poll = q.with("/api/v1/events", "after", page.Newest, "limit", "1")
		if q.page.Limit == 0 {
			q.page.Limit = listLimit
		}
		if page.List, err = s.store.Events(ctx, q.filter, q.page); err != nil {
			return nil, err
		}
		page.Next, page.Prev = q.pageURL(page.List.Next, q.at+len(page.Events)), q.pageURL(page.Previous, q.at-q.page.Limit)
		if q.page.Cursor != "" {
			page.First = q.with("/events")
		}
		page.Back = strings.TrimPrefix(q.with("", "cursor", q.page.Cursor), "?")
	}
	return s.render(status, "list", "Events", "/events", page)
}

// newList returns a page with everything that does not need the database.
func newList(q *query) *list {
	l := &list{query: q, List: &history.List{}, Sorts: map[string]sorting{}}
	l.CSV, l.JSON = q.with("/events.csv", "sort", "", "reverse", "", "limit", ""), q.with("/events.json", "sort", "", "reverse", "", "limit", "")
	l.From, l.Until = inputTime(q.filter.From, q.values, "from"), inputTime(q.filter.Until, q.values, "until")
	l.Spans = append(l.Spans, choice{"any time", "", !q.values.Has("span")})
	for _, span := range history.Spans {
		l.Spans = append(l.Spans, choice{"last " + spanWords[span], string(span), q.values.Get("span") == string(span)})
	}
	for _, state := range history.States {
		l.States = append(l.States, choice{stateWords(state), string(state), q.filter.State == state})
	}
	for _, done := range []string{doneBlocked, doneMonitored, doneRefused} {
		l.Done = append(l.Done, choice{doneWords[done], done, q.values.Get("done") == done})
	}
	for _, v := range views {
		l.Views = append(l.Views, choice{v.Text, v.URL, q.with("/events") == v.URL})
	}
	for _, state := range history.States {
		if state != history.StateOpen {
			l.Decisions = append(l.Decisions, newDecisionButton(state))
		}
	}
	l.Decisions = append(l.Decisions, newDecisionButton(history.StateOpen))
	for _, order := range history.Orders {
		l.Sorts[string(order)] = q.sorting(order)
	}
	for _, name := range parameters[:slices.Index(parameters, "sort")] {
		if q.values.Has(name) {
			l.Filters = append(l.Filters, filterPart{parameterWords[name], valueWords(name, q.values.Get(name)), q.with("/events", name, "")})
		}
	}
	return l
}

// queueURL is the list of what waits to be reviewed.
const queueURL = "/events?state=open&sort=time&reverse=1"

// views are lists that people often want. Others are saved as bookmarks, since a URL has all of the filter and the order.
var views = []choice{
	{Text: "All", URL: "/events"},
	{Text: "Open, oldest first", URL: queueURL},
	{Text: "Open, by name", URL: "/events?state=open&sort=name"},
	{Text: "Open, most queried first", URL: "/events?state=open&sort=count"},
	{Text: "Today, blocked", URL: "/events?span=24h&done=blocked"},
	{Text: "False positives", URL: "/events?state=false_positive"},
}

// newDecisionButton returns the button for a state. Its key is the first letter, but opening again is none of the usual decisions.
func newDecisionButton(state history.State) decisionButton {
	switch state {
	case history.StateOpen:
		return decisionButton{Text: "Open again", State: string(state)}
	case history.StateConfirmed:
		return decisionButton{"Confirm typo", string(state), "c"}
	}
	text := stateWords(state)
	return decisionButton{strings.ToUpper(text[:1]) + text[1:], string(state), text[:1]}
}

// parameterWords are display names of parameters.
var parameterWords = map[string]string{
	"span": "last", "from": "from", "until": "until", "policy": "policy", "kind": "kind", "done": "", "mode": "mode", "action": "answer",
	"state": "state", "assignee": "assigned to", "client": "client", "host": "resolver", "lookalike": "", "name": "name", "text": "text", "after": "after event",
}

// doneWords are display names of outcomes.
var doneWords = map[string]string{doneBlocked: "blocked", doneMonitored: "monitored", doneRefused: "refused by SMTP"}

// valueWords returns the display form of a parameter's value.
func valueWords(name, value string) string {
	switch name {
	case "span":
		return cmp.Or(spanWords[history.Span(value)], value)
	case "state":
		return stateWords(history.State(value))
	case "done":
		return cmp.Or(doneWords[value], value)
	}
	return value
}

// inputTime formats a time as the value of an input field. Invalid input stays as it was.
func inputTime(t time.Time, values url.Values, name string) string {
	if !values.Has(name) {
		return ""
	}
	if t.IsZero() {
		return values.Get(name)
	}
	return t.Format("2006-01-02T15:04:05")
}

// sorting returns the header of a column. Selecting the current sort column reverses the order.
func (q *query) sorting(order history.Order) sorting {
	by, reverse := string(order), ""
	if order == history.ByTime {
		by = "" // the default
	}
	aria := "none"
	if q.page.Order == order {
		descending := (order == history.ByTime || order == history.ByCount) != q.page.Reverse
		aria = "ascending"
		if descending {
			aria = "descending"
		}
		if !q.page.Reverse {
			reverse = "1"
		}
	}
	return sorting{q.with("/events", "sort", by, "reverse", reverse), aria}
}

// By returns the URL of the list with a condition added or replaced.
func (l *list) By(name, value string) string {
	return l.with("/events", name, value)
}

// Event returns the URL of an event, from which the list can be found again.
func (l *list) Event(id string) string { return l.event(id) }

// MaxNote is how many characters a note may have.
func (*list) MaxNote() int { return maxNote }

// NothingOpen reports whether the list would have open events only.
func (l *list) NothingOpen() bool { return l.filter.State == history.StateOpen }

// More reports whether one of the less common filters is set.
func (l *list) More() bool {
	return l.values.Has("from") || l.values.Has("until") || l.values.Has("mode") || l.values.Has("action") || l.values.Has("assignee") || l.values.Has("host")
}

// Count describes the number of events, and which of them are on the page.
func (l *list) Count() string {
	shown, total := int64(len(l.Events)), int64(l.Total)
	of := plural(total, "event", "events")
	if l.AtLeast {
		of = "at least " + plural(max(total, int64(l.at)+shown), "event", "events")
	}
	switch {
	case shown == 0:
		return "No events"
	case !l.AtLeast && shown == total:
		return of
	}
	return number(int64(l.at)+1) + "–" + number(int64(l.at)+shown) + " of " + of
}
