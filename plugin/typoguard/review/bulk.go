package review

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// bulkRequest is a review of several events, as the API takes it.
type bulkRequest struct {
	IDs   []string      `json:"ids"`
	Alike bool          `json:"alike"`
	State history.State `json:"state"`
	Note  string        `json:"note"`
}

// bulk stores the review of the events that are selected in a list, and redirects back there.
func (s *site) bulk(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.backQuery(r)
	if err != nil {
		return nil, err
	}
	form := r.PostForm
	b, err := s.reviewBulk(ctx, r, bulkRequest{IDs: form["event"], Alike: form.Get("alike") == "1", State: history.State(form.Get("state")), Note: form.Get("note")})
	if err != nil {
		return nil, err
	}
	return s.sayAt(q.with("/events", "cursor", q.page.Cursor), b.At), nil
}

// undo takes the review back that a form names, and redirects to its list.
func (s *site) undo(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.backQuery(r)
	if err != nil {
		return nil, err
	}
	b, err := s.undoAt(ctx, r, r.PostForm.Get("at"))
	if err != nil {
		return nil, err
	}
	return s.sayAt(q.with("/events"), b.At), nil
}

// backQuery parses a form, and the list to go back to in it.
func (s *site) backQuery(r *http.Request) (*query, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errForm
	}
	values, err := url.ParseQuery(r.PostForm.Get("back"))
	if err != nil {
		return nil, errForm
	}
	return s.listQuery(values)
}

// sayAt returns a redirect to a page that says what was reviewed at a time.
func (s *site) sayAt(target string, at time.Time) *answer {
	return &answer{status: http.StatusSeeOther, location: withParameter(target, batchParameter, event.FormatTime(at))}
}

// withParameter returns a URL with one more parameter.
func withParameter(target, name, value string) string {
	u, _ := url.Parse(target) // one of ours
	values := u.Query()
	values.Set(name, value)
	u.RawQuery = values.Encode()
	return u.String()
}

// reviewBulk validates and stores a review of several events.
func (s *site) reviewBulk(ctx context.Context, r *http.Request, given bulkRequest) (*history.Batch, error) {
	review, wrong := s.newReview(r, reviewRequest{State: given.State, Note: given.Note})
	if wrong != nil {
		return nil, wrong
	}
	if n := len(given.IDs); n == 0 || n > maxLimit {
		return nil, &problem{http.StatusUnprocessableEntity, fmt.Sprintf("Select events: from 1 to %s.", number(maxLimit))}
	}
	return s.store.ReviewBulk(ctx, history.Bulk{IDs: given.IDs, Alike: given.Alike, State: review.State, Note: review.Note, Reviewer: review.Reviewer})
}

// undoAt takes the review of a time back.
func (s *site) undoAt(ctx context.Context, r *http.Request, text string) (*history.Batch, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, &problem{http.StatusUnprocessableEntity, "at is not a time; expected that of a review of several events."}
	}
	return s.store.Undo(ctx, at, s.reviewer(r))
}

// apiBulk is bulk for programs.
func (s *site) apiBulk(ctx context.Context, r *http.Request) (*answer, error) {
	var given bulkRequest
	if err := fromJSON(r, &given, `{"ids":["k3j5q2abcd"],"alike":true,"state":"confirmed","note":""}`); err != nil {
		return nil, err
	}
	b, err := s.reviewBulk(ctx, r, given)
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiBatch{b.Events, event.FormatTime(b.At)})
}

// apiUndo is undo for programs.
func (s *site) apiUndo(ctx context.Context, r *http.Request) (*answer, error) {
	var given struct {
		At string `json:"at"`
	}
	if err := fromJSON(r, &given, `{"at":"2026-11-22T02:03:04.567Z"}`); err != nil {
		return nil, err
	}
	b, err := s.undoAt(ctx, r, given.At)
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiBatch{b.Events, event.FormatTime(b.At)})
}

// fromJSON decodes the body of a request, of which an example shows what is expected.
func fromJSON(r *http.Request, value any, example string) error {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return errMedia
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil || decoder.More() {
		return &problem{http.StatusBadRequest, "Expected a JSON object such as " + example + "."}
	}
	return nil
}
