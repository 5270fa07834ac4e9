package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// The parameters of pages that say what has just happened. They are not part of a filter.
const (
	savedParameter = "saved"
	batchParameter = "batch"
)

// place is where an event stands in the list from which it was opened.
type place struct {
	*query
	// Previous and Next are the URLs of the events beside it; "" if there is none.
	Previous, Next string
}

// Filters reports whether the list has a filter.
func (p *place) Filters() bool { return p.filter != history.Filter{} }

// List returns the URL of the list.
func (p *place) List() string { return p.with("/events") }

// Back returns the filter and order of the list, for forms.
func (p *place) Back() string { return p.encode() }

// encode returns the parameters as in a URL.
func (q *query) encode() string {
	u, _ := url.Parse(q.with("/")) // which is one
	return u.RawQuery
}

// listQuery parses the filter and order of a list from the parameters of a page.
func (s *site) listQuery(values url.Values) (*query, error) {
	values.Del(savedParameter)
	values.Del(batchParameter)
	return s.parse(values)
}

// place finds where an event stands in the list that a query selects.
func (s *site) place(ctx context.Context, q *query, id string) (*place, error) {
	p := &place{query: q}
	previous, next, err := s.store.Beside(ctx, q.filter, q.page, id)
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		url *string
		id  string
	}{{&p.Previous, previous}, {&p.Next, next}} {
		if side.id != "" {
			*side.url = q.event(side.id)
		}
	}
	return p, nil
}

// event returns the URL of an event in the list.
func (q *query) event(id string) string { return q.with("/events/" + url.PathEscape(id)) }

// nextOpen returns the URL of the open event to review after another one in a list: the next one, otherwise the first one, and otherwise
// the list itself, which then shows that nothing is left.
func (s *site) nextOpen(ctx context.Context, q *query, id string) (string, error) {
	filter := q.filter
	filter.State = history.StateOpen
	_, next, err := s.store.Beside(ctx, filter, q.page, id)
	if err != nil {
		return "", err
	}
	if next == "" {
		first, err := s.store.Events(ctx, filter, history.Page{Order: q.page.Order, Reverse: q.page.Reverse, Limit: 1})
		if err != nil {
			return "", err
		}
		if len(first.Events) == 0 {
			return q.with("/events"), nil
		}
		next = first.Events[0].ID
	}
	return q.event(next), nil
}

// afterReview returns the redirect after a review of an event: back to it, or to the next open event of the list.
func (s *site) afterReview(ctx context.Context, r *http.Request, q *query, id string, changed int64) (*answer, error) {
	if r.PostForm.Get("then") != "next" {
		return &answer{status: http.StatusSeeOther, location: withParameter(q.event(id), savedParameter, strconv.FormatInt(changed, 10)) + "#review"}, nil
	}
	d, err := s.store.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	target, err := s.nextOpen(ctx, q, id)
	if err != nil {
		return nil, err
	}
	return s.sayAt(target, d.Reviewed), nil
}

// said is what a page says of the review that has just been made.
type said struct {
	Text string
	// At identifies the review, to undo it; "" if it only opened events.
	At string
}

// undoable is how long pages offer to undo a review.
const undoable = 10 * time.Minute

// said returns what to say of the review that a page's parameters name; nil for nothing. Anyone can craft such a link, so it must be
// recent, and of the same person.
func (s *site) said(ctx context.Context, r *http.Request) (*said, error) {
	at, err := time.Parse(time.RFC3339, r.URL.Query().Get(batchParameter))
	if err != nil || s.now().Sub(at) > undoable {
		return nil, nil //nolint:nilnil,nilerr // there is nothing to say
	}
	b, err := s.store.Batch(ctx, at)
	switch {
	case errors.Is(err, history.ErrUnknown):
		return nil, nil //nolint:nilnil // nor then
	case err != nil:
		return nil, err
	case b.Reviewer != s.reviewer(r):
		return nil, nil //nolint:nilnil // nor then
	}
	text := plural(b.Events, "event", "events") + " for "
	if b.Lookalikes == 1 {
		text += escape(b.Name)
	} else {
		text += plural(b.Lookalikes, "name", "names")
	}
	if b.State == history.StateOpen {
		return &said{Text: text + " opened again."}, nil
	}
	return &said{text + " marked " + stateWords(b.State) + ".", r.URL.Query().Get(batchParameter)}, nil
}
