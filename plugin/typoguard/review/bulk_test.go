package review

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// named is an event of a name of its own.
func named(id, name string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Name, e.Question, e.Intended = name+".ml", name+".ml", name+".mil"
	return e
}

// post sends a form, as pairs of name and value.
func (p *testPage) post(target string, values ...string) *httptest.ResponseRecorder {
	p.Helper()
	body := url.Values{}
	for i := 0; i < len(values); i += 2 {
		body.Add(values[i], values[i+1])
	}
	return p.do(http.MethodPost, target, body.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// states returns the states of events.
func (p *testPage) states(ids ...string) (states []history.State) {
	p.Helper()
	for _, id := range ids {
		states = append(states, p.event(id).State)
	}
	return states
}

// inputs returns the values of hidden fields of a form.
func inputs(tb testing.TB, page, action string) map[string]string {
	tb.Helper()
	all := map[string]string{}
	elements(tb, page, func(n *html.Node) {
		if n.Data != "form" || attribute(n, "action") != action {
			return
		}
		for node := range n.Descendants() {
			if node.Data == "input" && attribute(node, "type") == "hidden" {
				all[attribute(node, "name")] = attribute(node, "value")
			}
		}
	})
	return all
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// TestBulk: what is selected in a list is reviewed at once, the list says so, and it can be undone, all without scripts.
func TestBulk(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "a", time.Hour), named("cccccccccc", "c", time.Minute), named("dddddddddd", "d", time.Minute))
	page := p.get("/events?state=open&sort=name").Body.String()
	back := inputs(t, page, "/events/review")["back"]
	assert.Equal(t, "state=open&sort=name", back)

	w := p.post("/events/review", "back", back, "event", "aaaaaaaaaa", "event", "cccccccccc", "alike", "1", "state", "confirmed", "note", "asked")
	require.Equal(t, http.StatusSeeOther, w.Code)
	assert.Regexp(t, `^/events\?batch=.*&sort=name&state=open$`, w.Header().Get("Location"))
	assert.Equal(t, []history.State{"confirmed", "confirmed", "confirmed", "open"}, p.states("aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "dddddddddd"))
	page = p.get(w.Header().Get("Location")).Body.String()
	assert.Contains(t, text(t, page), "3 events for 2 names marked confirmed typo.")
	assert.Equal(t, []string{"dddddddddd"}, rows(page))

	undo := inputs(t, page, "/undo")
	assert.Equal(t, back, undo["back"])
	w = p.post("/undo", "at", undo["at"], "back", undo["back"])
	require.Equal(t, http.StatusSeeOther, w.Code)
	page = p.get(w.Header().Get("Location")).Body.String()
	assert.Contains(t, text(t, page), "3 events for 2 names opened again.")
	assert.Empty(t, inputs(t, page, "/undo"), "there is nothing to undo")
	assert.Len(t, rows(page), 4)

	w = p.post("/events/review", "event", "aaaaaaaaaa", "state", "false_positive")
	assert.Equal(t, []history.State{"false_positive", "open"}, p.states("aaaaaaaaaa", "bbbbbbbbbb"), "only that which is selected")
	at, err := url.Parse(w.Header().Get("Location"))
	require.NoError(t, err)
	assert.Contains(t, text(t, p.get(at.String()).Body.String()), "1 event for a.ml marked false positive.")
	for _, other := range []string{"?batch=yesterday", "?batch=2026-01-01T00:00:00Z", "?batch=" + url.QueryEscape(event.FormatTime(time.Now().Add(-time.Second)))} {
		assert.NotContains(t, text(t, p.get("/events"+other).Body.String()), "marked", other)
	}
	p.site.now = func() time.Time { return time.Now().Add(undoable + time.Second) }
	assert.NotContains(t, text(t, p.get(at.String()).Body.String()), "marked", "it is too long ago")
}

// TestBulkRefused: nothing is changed by forms that are wrong, and nobody is led elsewhere.
func TestBulkRefused(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute))
	many := []string{"state", "confirmed"}
	for range maxLimit + 1 {
		many = append(many, "event", "aaaaaaaaaa")
	}
	for name, tt := range map[string]struct {
		target string
		values []string
		status int
	}{
		"no event":       {"/events/review", []string{"state", "confirmed"}, 422},
		"too many":       {"/events/review", many, 422},
		"no state":       {"/events/review", []string{"event", "aaaaaaaaaa"}, 422},
		"long note":      {"/events/review", []string{"event", "aaaaaaaaaa", "state", "confirmed", "note", strings.Repeat("a", maxNote+1)}, 422},
		"another filter": {"/events/review", []string{"event", "aaaaaaaaaa", "state", "confirmed", "back", "polciy=mil"}, 400},
		"no filter":      {"/events/review", []string{"event", "aaaaaaaaaa", "state", "confirmed", "back", "%zz"}, 400},
		"elsewhere":      {"/events/review", []string{"event", "aaaaaaaaaa", "state", "confirmed", "back", "//evil.example/?state=open"}, 400},
		"undo no time":   {"/undo", []string{"at", "now"}, 422},
		"undo elsewhere": {"/undo", []string{"at", "2026-01-01T00:00:00Z", "back", "https://evil.example"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.status, p.post(tt.target, tt.values...).Code)
			assert.Equal(t, history.StateOpen, p.event("aaaaaaaaaa").State)
		})
	}
	assert.Equal(t, http.StatusForbidden, p.do(http.MethodPost, "/undo", "", "Sec-Fetch-Site", "cross-site").Code)
}

// TestBulkByAPI: the same by the API.
func TestBulkByAPI(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "a", time.Hour))
	send := func(target, body string) (int, apiBatch) {
		w := p.do(http.MethodPost, target, body, "Content-Type", "application/json")
		var b apiBatch
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &b))
		return w.Code, b
	}
	status, made := send("/api/v1/reviews", `{"ids":["aaaaaaaaaa"],"alike":true,"state":"confirmed"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, int64(2), made.Changed)
	assert.Equal(t, event.FormatTime(p.event("bbbbbbbbbb").Reviewed), made.At)
	status, undone := send("/api/v1/undo", `{"at":"`+made.At+`"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, int64(2), undone.Changed)
	assert.Equal(t, []history.State{"open", "open"}, p.states("aaaaaaaaaa", "bbbbbbbbbb"))
	for body, want := range map[string]int{`{"ids":[],"state":"confirmed"}`: 422, `{"ids":["a"],"state":"shut"}`: 422, `{"id":"a"}`: 400, `[]`: 400} {
		status, _ := send("/api/v1/reviews", body)
		assert.Equal(t, want, status, body)
	}
	status, _ = send("/api/v1/undo", `{"at":"now"}`)
	assert.Equal(t, 422, status)
	assert.Equal(t, 415, p.do(http.MethodPost, "/api/v1/undo", `{}`).Code)
}
