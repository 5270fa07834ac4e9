package review

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// detail is the page of one event.
type detail struct {
	*history.Detail
	// Unicode and IntendedUnicode are the names in Unicode, or "" if that is how they are written anyway.
	Unicode, IntendedUnicode string
	Edits                    []match.Edit
	Sentences                []string
	NonASCII                 []nonASCII
	Allow                    allowance
	Looks                    []candidate // all protected suffixes that the name looks like
	States                   []stateCount
	Form                     form
	Editor                   bool   // whether the forms are shown
	Saved                    string // the review that was just saved; "" if none was
	Said                     *said  // of another event's review; nil if there was none
	Place                    *place
	reader                   string // the name of whoever reads it; "" if unknown
	MailLog                  string // the command that finds the messages in a mail server's log; "" if there is none
}

// candidate is a protected suffix that the name looks like.
type candidate struct {
	event.Lookalike
	Decided   bool
	Sentences []string
}

// stateCount is the number of events of a lookalike in a state.
type stateCount struct {
	State  history.State
	Count  int64
	URL    string
	IsThis bool
}

// maxNote is how many characters a note may have.
const maxNote = 2000

// form is the review form.
type form struct {
	States  []choice
	Note    string
	MaxNote int
	Open    int64 // the number of other open events for the same name and policy
	Lasts   bool  // whether it is a decision, with the following
	Network string
	Until   string
	Problem string
	Seen    string // the time of the last review that the person has seen; "" for never
}

// detail shows an event.
func (s *site) detail(ctx context.Context, r *http.Request) (*answer, error) {
	d, err := s.store.Event(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	page, err := s.newDetail(ctx, r, d)
	if err != nil {
		return nil, err
	}
	q, err := s.listQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	if page.Place, err = s.place(ctx, q, d.ID); err != nil {
		return nil, err
	}
	if page.Said, err = s.said(ctx, r); err != nil {
		return nil, err
	}
	// Anyone can craft such a link, so it counts only if the event was reviewed just before.
	if changed, err := strconv.ParseInt(r.URL.Query().Get("saved"), 10, 64); err == nil && changed > 0 && s.now().Sub(d.Reviewed) < time.Minute {
		page.Saved = plural(changed, "event", "events") + " marked " + stateWords(d.State) + "."
	}
	return s.render(http.StatusOK, "detail", "Event "+escape(d.ID), "/events", page)
}

// newDetail returns the page of an event, as it is for whoever sent a request.
func (s *site) newDetail(ctx context.Context, r *http.Request, d *history.Detail) (*detail, error) {
	editor := s.edits(r)
	d.Event = *shown(editor, &d.Event)
	page := &detail{Detail: d, Editor: editor, Allow: allowanceFor(&d.Event.Event, s.now())}
	page.reader = s.reviewer(r)
	page.Allow.Form.Owner = page.reader
	page.MailLog = mailLogCommand(s.history, &d.Event.Event)
	var err error
	if page.Allow.Given, err = s.given(ctx, &d.Event.Event); err != nil {
		return nil, err
	}
	page.NonASCII = findNonASCII(match.Decode(d.Name))
	page.Unicode = inUnicode(d.Name)
	page.IntendedUnicode = inUnicode(d.Intended)
	if d.Protected != "" {
		page.Edits = explain(d.Name, d.Lookalike)
		page.Sentences = sentences(page.Edits)
		page.Looks = append(page.Looks, candidate{d.Lookalike, true, page.Sentences})
	}
	for _, c := range d.Candidates {
		page.Looks = append(page.Looks, candidate{c, false, sentences(explain(d.Name, c))})
	}
	for _, state := range history.States {
		page.States = append(page.States, stateCount{
			state, d.States[state], link("/events", "policy", d.Policy, "state", string(state), "lookalike", d.Name), state == d.State,
		})
	}
	page.Form = newForm(d, d.State, d.Note)
	return page, nil
}

// seen returns the time of an event's last review, as in the API; "" for never.
func seen(d *history.Detail) string {
	if d.Reviewed.IsZero() {
		return ""
	}
	return event.FormatTime(d.Reviewed)
}

// newForm returns the form, prefilled with a state and a note.
func newForm(d *history.Detail, chosen history.State, note string) form {
	f := form{Note: note, MaxNote: maxNote, Open: d.States[history.StateOpen], Seen: seen(d)}
	if d.State == history.StateOpen {
		f.Open-- // this event itself
		f.Lasts = true
	}
	for _, state := range history.States {
		f.States = append(f.States, choice{stateWords(state), string(state), state == chosen})
	}
	return f
}

// Back returns the filter and order of the list from which the event was opened, for forms.
func (d *detail) Back() string { return d.Place.Back() }

// OtherIDs returns the further ids of the event.
func (d *detail) OtherIDs() string {
	var ids []string
	for _, p := range d.Parts {
		if p.ID != "" && !slices.Contains(ids, p.ID) {
			ids = append(ids, p.ID)
		}
	}
	return strings.Join(ids, ", ")
}

// TypeList returns the query types.
func (d *detail) TypeList() string { return strings.Join(d.Types, ", ") }

// shownOthers is the number of clients shown that queried the same name.
const shownOthers = 20

// FirstOthers returns the clients that queried the name most recently.
func (d *detail) FirstOthers() []history.Client { return d.Others[:min(shownOthers, len(d.Others))] }

// MoreOthers returns the number of clients not shown.
func (d *detail) MoreOthers() int { return max(len(d.Others)-shownOthers, 0) }

// Queries returns the number of queries of a client.
func (d *detail) Queries(c history.Client) int64 { return c.Enforced.Queries + c.Monitored.Queries }
