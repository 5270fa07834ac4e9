package review

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAssignee is how many characters the name of a person may have.
const maxAssignee = 100

// assign has a person look into an event, by the form on its page, and redirects back there.
func (s *site) assign(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.backQuery(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if err := s.assignTo(ctx, r, id, r.PostForm.Get("assignee")); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusSeeOther, location: q.event(id) + "#review"}, nil
}

// apiAssign is assign for programs.
func (s *site) apiAssign(ctx context.Context, r *http.Request) (*answer, error) {
	var given struct {
		Assignee string `json:"assignee"`
	}
	if err := fromJSON(r, &given, `{"assignee":"alice"}`); err != nil {
		return nil, err
	}
	if err := s.assignTo(ctx, r, r.PathValue("id"), given.Assignee); err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiReviewed{1})
}

// assignTo validates and stores who looks into an event; "" for nobody.
func (s *site) assignTo(ctx context.Context, r *http.Request, id, assignee string) error {
	assignee = strings.TrimSpace(assignee)
	if n := utf8.RuneCountInString(assignee); n > maxAssignee || !utf8.ValidString(assignee) || strings.ContainsFunc(assignee, unicode.IsControl) {
		return &problem{http.StatusUnprocessableEntity, fmt.Sprintf("The assignee is no name; expected at most %d characters, none of them a control character.", maxAssignee)}
	}
	return s.store.Assign(ctx, id, assignee, s.reviewer(r))
}

// Me returns the reader's name if another person looks into the event, or nobody; "" if it is unknown.
func (d *detail) Me() string {
	if d.Assignee == d.reader {
		return ""
	}
	return d.reader
}
