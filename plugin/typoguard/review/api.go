package review

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// The types of API answers. API.md documents them, and a test compares it with them.
type (
	apiCount struct {
		Events  int64 `json:"events"`
		Queries int64 `json:"queries"`
	}
	apiTotals struct {
		Span      history.Span `json:"span"`
		Blocked   apiCount     `json:"blocked"`
		Monitored apiCount     `json:"monitored"`
		Refused   apiCount     `json:"refused"`
	}
	apiSeries struct {
		Label  string  `json:"label"`
		Mode   string  `json:"mode"`
		Events []int64 `json:"events"`
	}
	apiName struct {
		Lookalike string   `json:"lookalike"`
		Intended  string   `json:"intended"`
		Policy    string   `json:"policy"`
		Kind      string   `json:"kind"`
		Enforced  apiCount `json:"enforced"`
		Monitored apiCount `json:"monitored"`
		Last      string   `json:"last"`
	}
	apiClient struct {
		Client     string   `json:"client"`
		Name       string   `json:"name"`
		Lookalikes int64    `json:"lookalikes"`
		Enforced   apiCount `json:"enforced"`
		Monitored  apiCount `json:"monitored"`
		Last       string   `json:"last"`
	}
	apiSummary struct {
		Span          history.Span      `json:"span"`
		By            history.Dimension `json:"by"`
		From          string            `json:"from"`
		Until         string            `json:"until"`
		Totals        []apiTotals       `json:"totals"`
		Open          apiBacklog        `json:"open"`
		Lookalikes    int64             `json:"lookalikes"`
		Clients       int64             `json:"clients"`
		Step          int64             `json:"step"`
		Times         []string          `json:"times"`
		Series        []apiSeries       `json:"series"`
		TopLookalikes []apiName         `json:"top_lookalikes"`
		TopClients    []apiClient       `json:"top_clients"`
	}
	apiList struct {
		Total    int               `json:"total"`
		AtLeast  bool              `json:"at_least"`
		Next     string            `json:"next"`
		Previous string            `json:"previous"`
		Events   []json.RawMessage `json:"events"`
	}
	apiSuggestion struct {
		Suffix       string `json:"suffix"`
		PublicSuffix bool   `json:"public_suffix"`
		Line         string `json:"line"`
		FileLine     string `json:"file_line"`
	}
	apiDetail struct {
		Event  json.RawMessage         `json:"event"`
		Why    []string                `json:"why"`
		States map[history.State]int64 `json:"states"`
		Others []apiClient             `json:"others"`
		Allow  []apiSuggestion         `json:"allow"`
		// Decisions are those about the lookalike for the policy.
		Decisions []apiDecision `json:"decisions"`
		MailLog   string        `json:"mail_log"`
	}
	apiReviewed struct {
		Changed int64 `json:"changed"`
	}
	apiBatch struct {
		Changed int64  `json:"changed"`
		At      string `json:"at"`
	}
	apiBacklog struct {
		Events  int    `json:"events"`
		AtLeast bool   `json:"at_least"`
		Oldest  string `json:"oldest"`
	}
	apiProblem struct {
		Error string `json:"error"`
	}
)

func problemJSON(p *problem) (*answer, error) { return toJSON(p.status, apiProblem{p.message}) }

func (s *site) apiSummary(ctx context.Context, r *http.Request) (*answer, error) {
	span, by, err := viewOf(r)
	if err != nil {
		return nil, err
	}
	made, err := s.summaries.of(ctx, span, by)
	if err != nil {
		return nil, err
	}
	totals, summary := made.totals, made.summary
	a := apiSummary{
		Span: span, By: by, From: rfc3339(summary.From), Until: event.FormatTime(summary.Until), Lookalikes: summary.Lookalikes, Clients: summary.Clients,
		Step: int64(summary.Step / time.Second), Times: []string{}, Series: []apiSeries{}, TopLookalikes: []apiName{}, TopClients: s.clientsToAPI(summary.TopClients),
	}
	a.Open = apiBacklog{Events: made.backlog.Open, AtLeast: made.backlog.AtLeast}
	if !made.backlog.Oldest.IsZero() {
		a.Open.Oldest = event.FormatTime(made.backlog.Oldest)
	}
	for _, t := range totals {
		a.Totals = append(a.Totals, apiTotals{t.Span, apiCount(t.Blocked), apiCount(t.Monitored), apiCount(t.Refused)})
	}
	for _, t := range summary.Times {
		a.Times = append(a.Times, rfc3339(t))
	}
	for _, part := range summary.Series {
		mode := enforce
		if part.Monitored {
			mode = monitor
		}
		a.Series = append(a.Series, apiSeries{part.Label, mode, part.Events})
	}
	for _, n := range summary.Names {
		a.TopLookalikes = append(a.TopLookalikes, apiName{n.Lookalike, n.Intended, n.Policy, n.Kind, apiCount(n.Enforced), apiCount(n.Monitored), event.FormatTime(n.Last)})
	}
	return toJSON(http.StatusOK, a)
}

func (s *site) clientsToAPI(clients []history.Client) []apiClient {
	all := []apiClient{}
	for _, c := range clients {
		all = append(all, apiClient{c.Address, s.names.of(c.Address), c.Lookalikes, apiCount(c.Enforced), apiCount(c.Monitored), event.FormatTime(c.Last)})
	}
	return all
}

func (s *site) apiEvents(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.parse(r.URL.Query())
	if err != nil {
		return nil, err
	}
	found, err := s.store.Events(ctx, q.filter, q.page)
	if err != nil {
		return nil, err
	}
	a := apiList{Total: found.Total, AtLeast: found.AtLeast, Next: found.Next, Previous: found.Previous, Events: []json.RawMessage{}}
	editor := s.edits(r)
	for _, e := range found.Events {
		line, err := s.eventToAPI(shown(editor, e))
		if err != nil {
			return nil, err
		}
		a.Events = append(a.Events, line)
	}
	return toJSON(http.StatusOK, a)
}

func (s *site) eventToAPI(e *history.Event) (json.RawMessage, error) {
	var line bytes.Buffer
	var more []slog.Attr
	if name := s.names.of(e.Client); name != "" {
		more = append(more, slog.String("typoguard.client_name", name))
	}
	err := appendJSON(&line, e, more...)
	return line.Bytes(), err
}

func (s *site) apiEvent(ctx context.Context, r *http.Request) (*answer, error) {
	d, err := s.store.Event(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	page, err := s.newDetail(ctx, r, d)
	if err != nil {
		return nil, err
	}
	a := apiDetail{Why: append([]string{}, page.Sentences...), States: map[history.State]int64{}, Others: s.clientsToAPI(d.Others), Allow: []apiSuggestion{}, Decisions: decisionsToAPI(d.Decisions), MailLog: page.MailLog}
	if a.Event, err = s.eventToAPI(&d.Event); err != nil {
		return nil, err
	}
	for _, state := range history.States {
		a.States[state] = d.States[state]
	}
	for _, s := range page.Allow.Suggestions {
		a.Allow = append(a.Allow, apiSuggestion{s.Suffix, s.Public, s.Line, s.FileLine})
	}
	return toJSON(http.StatusOK, a)
}

func (s *site) apiReview(ctx context.Context, r *http.Request) (*answer, error) {
	var given reviewRequest
	if err := fromJSON(r, &given, `{"state":"confirmed","note":"","lasts":false}`); err != nil {
		return nil, err
	}
	review, wrong := s.newReview(r, given)
	if wrong != nil {
		return nil, wrong
	}
	changed, err := s.store.Review(ctx, r.PathValue("id"), review)
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiReviewed{changed})
}

// toJSON returns an API answer.
func toJSON(status int, value any) (*answer, error) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(value); err != nil {
		return nil, fmt.Errorf("%w: %w", errRender, err)
	}
	return &answer{status: status, contentType: "application/json", body: body.Bytes()}, nil
}
