package review

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// reviewRequest is a review as the API and the form submit it.
type reviewRequest struct {
	State history.State `json:"state"`
	Note  string        `json:"note"`
	All   bool          `json:"all"`
	Seen  *string       `json:"seen"`
}

// review stores a review from the form on an event's page, and redirects back there.
func (s *site) review(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.backQuery(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	given := reviewRequest{State: history.State(r.PostForm.Get("state")), Note: r.PostForm.Get("note"), All: r.PostForm.Get("all") == "1"}
	if r.PostForm.Has("seen") {
		seen := r.PostForm.Get("seen")
		given.Seen = &seen
	}
	review, wrong := s.newReview(r, given)
	if wrong != nil {
		return s.reviewAgain(ctx, r, q, id, wrong)
	}
	changed, err := s.store.Review(ctx, id, review)
	if errors.Is(err, history.ErrReviewed) {
		return s.reviewAgain(ctx, r, q, id, errReviewed)
	}
	if err != nil {
		return nil, err
	}
	return s.afterReview(ctx, r, q, id, changed)
}

// reviewAgain shows the form with its input and what is wrong with it.
func (s *site) reviewAgain(ctx context.Context, r *http.Request, q *query, id string, wrong *problem) (*answer, error) {
	d, err := s.store.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	page := s.newDetail(d)
	if page.Place, err = s.place(ctx, q, id); err != nil {
		return nil, err
	}
	page.Form = newForm(d, history.State(r.PostForm.Get("state")), r.PostForm.Get("note"))
	page.Form.Problem, page.Form.All = wrong.message, r.PostForm.Get("all") == "1"
	return s.render(wrong.status, "detail", "Event "+escape(d.ID), "/events", page)
}

// newReview validates a review.
func (s *site) newReview(r *http.Request, given reviewRequest) (history.Review, *problem) {
	review := history.Review{State: given.State, Note: strings.TrimSpace(strings.ReplaceAll(given.Note, "\r\n", "\n")), Reviewer: s.reviewer(r), All: given.All}
	if given.Seen != nil {
		review.Seen = &time.Time{}
		if *given.Seen != "" {
			t, err := time.Parse(time.RFC3339, *given.Seen)
			if err != nil {
				return review, &problem{http.StatusUnprocessableEntity, `seen is not a time; expected the event's typoguard.reviewed, or "" if it has none.`}
			}
			review.Seen = &t
		}
	}
	if !slices.Contains(history.States, review.State) {
		return review, &problem{http.StatusUnprocessableEntity, "Choose a state: open, confirmed typo or false positive."}
	}
	if !utf8.ValidString(review.Note) || strings.ContainsFunc(review.Note, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return review, &problem{http.StatusUnprocessableEntity, "The note contains control characters or invalid UTF-8."}
	}
	if n := utf8.RuneCountInString(review.Note); n > maxNote {
		return review, &problem{http.StatusUnprocessableEntity, fmt.Sprintf("The note has %s characters; expected at most %s.", number(int64(n)), number(maxNote))}
	}
	return review, nil
}

// reviewer returns the authenticated client: the user of basic authentication, or the name in the client certificate. It trusts a
// user name only if the web-config file requires a password.
func (s *site) reviewer(r *http.Request) string {
	if s.webConfig == "" {
		return ""
	}
	if settings, err := readWebConfig(s.webConfig); err == nil && len(settings.Users) > 0 {
		user, _, _ := r.BasicAuth()
		return user
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return r.TLS.PeerCertificates[0].Subject.CommonName
	}
	return ""
}
