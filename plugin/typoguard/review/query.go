package review

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// maxValue is the maximum size of a parameter in bytes: more than any name needs.
const maxValue = 1100

// maxLimit is the highest number of events that the API returns at once.
const maxLimit = 1000

// maxWords is the highest number of words to search for: each costs a scan of all names.
const maxWords = 5

const smtpRefused = event.SMTPRefused

// The modes of policies.
const (
	enforce = "enforce"
	monitor = "monitor"
)

// parameters are the names of a query's parameters, in the order of URLs.
var parameters = []string{"span", "from", "until", "policy", "kind", "done", "mode", "action", "state", "assignee", "client", "host", "lookalike", "name", "text", "after", "sort", "reverse", "cursor", "at", "limit"}

// query selects events by URL parameters, which are the same for lists, exports and the API.
type query struct {
	values url.Values // the nonempty parameters
	filter history.Filter
	page   history.Page
	at     int      // the number of events before the page, if known; only for display
	common []string // the words to search for that are in the names of too many clients
}

// parseQuery parses the parameters of a request. A problem names the parameter and what was expected; then the query has the
// parameters parsed so far, to show them again.
func parseQuery(values url.Values, now time.Time) (*query, error) {
	q := &query{values: url.Values{}}
	for name, all := range values {
		if !slices.Contains(parameters, name) {
			return q, badParameter(name, "one of the parameters "+strings.Join(parameters, ", "))
		}
		value := strings.TrimSpace(all[0])
		if len(all) > 1 || len(value) > maxValue {
			return q, badParameter(name, fmt.Sprintf("one value of at most %d bytes", maxValue))
		}
		if value != "" {
			q.values.Set(name, value)
		}
	}
	for _, parse := range []func(time.Time) error{q.parseTimes, q.parseFilter, q.parsePage} {
		if err := parse(now); err != nil {
			return q, err
		}
	}
	return q, nil
}

// parse parses the parameters of a request as parseQuery does, and lets words to search for be parts of clients' names.
func (s *site) parse(values url.Values) (*query, error) {
	q, err := parseQuery(values, s.now())
	if err != nil || q.filter.Text == "" {
		return q, err
	}
	s.names.refresh()
	for word := range strings.FieldsSeq(q.filter.Text) {
		if len(s.names.named(word)) > maxNamed {
			q.common = append(q.common, word)
		}
	}
	q.filter.Clients = s.names
	return q, nil
}

func badParameter(name, expected string) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf("Parameter %q: expected %s.", escape(name), expected)}
}

// parseTimes parses span, from and until. Times override the span.
func (q *query) parseTimes(now time.Time) error {
	if q.values.Has("from") || q.values.Has("until") {
		q.values.Del("span")
	}
	if span := q.values.Get("span"); span != "" {
		if !slices.Contains(history.Spans, history.Span(span)) {
			return badParameter("span", "24h, 7d or 30d")
		}
		q.filter.From = startOf(history.Span(span), now)
	}
	for name, t := range map[string]*time.Time{"from": &q.filter.From, "until": &q.filter.Until} {
		if text := q.values.Get(name); text != "" {
			parsed, ok := parseTime(text)
			if !ok {
				return badParameter(name, "a time in UTC such as 2026-11-22T14:00")
			}
			*t = parsed
		}
	}
	if !q.filter.Until.IsZero() && q.filter.Until.Before(q.filter.From) {
		return badParameter("until", "a time after from")
	}
	return nil
}

// timeLayouts are the accepted time formats: those of programs, of browsers' input fields, and dates.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (q *query) parseFilter(time.Time) error {
	f := &q.filter
	f.Policy, f.Kind, f.Action, f.Host = q.values.Get("policy"), q.values.Get("kind"), q.values.Get("action"), q.values.Get("host")
	f.Lookalike = strings.ToLower(strings.TrimSuffix(q.values.Get("lookalike"), "."))
	f.Name = strings.TrimSuffix(q.values.Get("name"), ".")
	f.Text, f.After = q.values.Get("text"), q.values.Get("after")
	if n := len(strings.Fields(f.Text)); n > maxWords {
		return badParameter("text", fmt.Sprintf("at most %d words", maxWords))
	}
	f.Mode = q.values.Get("mode")
	if f.Mode != "" && f.Mode != enforce && f.Mode != monitor {
		return badParameter("mode", "enforce or monitor")
	}
	if err := q.parseDone(); err != nil {
		return err
	}
	if f.State = history.State(q.values.Get("state")); f.State != "" && !slices.Contains(history.States, f.State) {
		return badParameter("state", "open, confirmed or false_positive")
	}
	f.Assignee = q.values.Get("assignee")
	if client := q.values.Get("client"); client != "" {
		ip, err := netip.ParseAddr(client)
		if err != nil {
			return badParameter("client", "an IP address")
		}
		f.Client = ip.Unmap().String()
	}
	return nil
}

// The values of the parameter done: the outcomes that totals count.
const (
	doneBlocked   = "blocked"
	doneMonitored = "monitored"
	doneRefused   = "refused"
)

// parseDone parses the outcome.
func (q *query) parseDone() error {
	f := &q.filter
	switch q.values.Get("done") {
	case "":
	case doneBlocked:
		f.Blocked = true
	case doneMonitored:
		f.Mode = monitor
	case doneRefused:
		f.Action = smtpRefused
	default:
		return badParameter("done", "blocked, monitored or refused")
	}
	return nil
}

func (q *query) parsePage(time.Time) error {
	q.page.Cursor = q.values.Get("cursor")
	q.page.Order = history.ByTime
	if sort := q.values.Get("sort"); sort != "" {
		q.page.Order = history.Order(sort)
		if !slices.Contains(history.Orders, q.page.Order) {
			return badParameter("sort", "time, count, name or client")
		}
	}
	if reverse := q.values.Get("reverse"); reverse != "" {
		if reverse != "1" {
			return badParameter("reverse", "1")
		}
		q.page.Reverse = true
	}
	if at, err := strconv.Atoi(q.values.Get("at")); err == nil && at > 0 && q.page.Cursor != "" {
		q.at = at
	}
	if limit := q.values.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxLimit {
			return badParameter("limit", fmt.Sprintf("a number from 1 to %d", maxLimit))
		}
		q.page.Limit = n
	}
	return nil
}

// with returns a URL with the parameters of the query, changed by pairs of name and value; an empty value removes a parameter. A
// cursor is valid for one filter and order only, so it is dropped unless given.
func (q *query) with(path string, changes ...string) string {
	values := url.Values{}
	for name := range q.values {
		values.Set(name, q.values.Get(name))
	}
	values.Del("cursor")
	values.Del("at")
	for i := 0; i+1 < len(changes); i += 2 {
		if values.Del(changes[i]); changes[i+1] != "" {
			values.Set(changes[i], changes[i+1])
		}
	}
	return address(path, values)
}

// pageURL returns the address of the page at a cursor, after so many events of the same list; "" without a cursor.
func (q *query) pageURL(cursor string, at int) string {
	if cursor == "" {
		return ""
	}
	return q.with("/events", "cursor", cursor, "at", strconv.Itoa(max(at, 0)))
}

// Common says for which words the names of clients are not searched; "" for none.
func (q *query) Common() string {
	if len(q.common) == 0 {
		return ""
	}
	words := make([]string, len(q.common))
	for i, word := range q.common {
		words[i] = "“" + escape(word) + "”"
	}
	return fmt.Sprintf("Clients are not searched by name for %s, which more than %d of them have in their names.", strings.Join(words, " and "), maxNamed)
}

// Value returns the value of a parameter.
func (q *query) Value(name string) string { return q.values.Get(name) }

// address returns a path with parameters, in a fixed order.
func address(path string, values url.Values) string {
	var parts []string
	for _, name := range parameters {
		if values.Get(name) != "" {
			parts = append(parts, name+"="+url.QueryEscape(values.Get(name)))
		}
	}
	if len(parts) == 0 {
		return path
	}
	return path + "?" + strings.Join(parts, "&")
}

// link returns a path with parameters from pairs of name and value.
func link(path string, pairs ...string) string {
	return (&query{}).with(path, pairs...)
}

// startOf returns the start of a span that ends now, as in a history.Summary.
func startOf(span history.Span, now time.Time) time.Time {
	const day = 24 * time.Hour
	switch span {
	case history.Week:
		return now.UTC().Truncate(day).Add(-6 * day)
	case history.Month:
		return now.UTC().Truncate(day).Add(-29 * day)
	}
	return now.UTC().Truncate(time.Hour).Add(-23 * time.Hour)
}
