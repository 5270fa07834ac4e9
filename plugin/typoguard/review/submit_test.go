package review

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// TestReview: what a person says by the form is kept, and shown.
func TestReview(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour), monitored("cccccccccc", time.Minute))
	w := p.form("aaaaaaaaaa", "state", "false_positive", "note", " a partner\r\nof ours ")
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/events/aaaaaaaaaa?saved=1#review", w.Header().Get("Location"))
	d := p.event("aaaaaaaaaa")
	assert.Equal(t, history.StateFalsePositive, d.State)
	assert.Equal(t, "a partner\nof ours", d.Note)
	assert.Empty(t, d.Reviewer)
	assert.Equal(t, history.StateOpen, p.event("bbbbbbbbbb").State)

	shown := text(t, p.get("/events/aaaaaaaaaa?saved=1").Body.String())
	assert.Contains(t, shown, "Saved: 1 event marked false positive.")
	assert.Contains(t, shown, "Marked false positive at")
	assert.Contains(t, shown, "a partner of ours")
	assert.Contains(t, shown, "Decide for this name and policy: the other open event too")
	for _, target := range []string{"/events/aaaaaaaaaa?saved=many", "/events/aaaaaaaaaa", "/events/bbbbbbbbbb?saved=1"} {
		assert.NotContains(t, text(t, p.get(target).Body.String()), "Saved", target)
	}

	w = p.form("aaaaaaaaaa", "state", "confirmed", "lasts", "1")
	assert.Equal(t, "/events/aaaaaaaaaa?saved=2#review", w.Header().Get("Location"))
	assert.Equal(t, history.StateConfirmed, p.event("bbbbbbbbbb").State)
	assert.Equal(t, history.StateOpen, p.event("cccccccccc").State, "of another policy")
	assert.Contains(t, text(t, p.get("/events/aaaaaaaaaa?saved=2").Body.String()), "Saved: 2 events marked confirmed typo.")
}

// TestReviewRefused: what cannot be kept is said, and not lost.
func TestReviewRefused(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	tests := []struct {
		name, state, note, problem string
	}{
		{"no state", "", "my words", "Choose a state"},
		{"unknown state", "closed", "my words", "Choose a state"},
		{"too long", "confirmed", strings.Repeat("ä", maxNote) + "my words", "The note has 2,008 characters; expected at most 2,000."},
		{"control characters", "confirmed", "my words\x1b[2J", "control characters or invalid UTF-8"},
		{"not UTF-8", "confirmed", "my words\xff", "control characters or invalid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := p.form("aaaaaaaaaa", "state", tt.state, "note", tt.note)
			assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
			assert.Contains(t, text(t, w.Body.String()), tt.problem)
			assert.Contains(t, w.Body.String(), "my words")
			assert.Equal(t, history.StateOpen, p.event("aaaaaaaaaa").State)
			assert.Zero(t, p.event("aaaaaaaaaa").Reviewed)
		})
	}
	longest := p.form("aaaaaaaaaa", "state", "confirmed", "note", strings.Repeat("ä", maxNote))
	assert.Equal(t, http.StatusSeeOther, longest.Code)
	assert.Equal(t, http.StatusNotFound, p.form("zzzzzzzzzz", "state", "confirmed").Code)
	huge := p.form("aaaaaaaaaa", "state", "open", "note", strings.Repeat("a", maxBody))
	assert.Equal(t, http.StatusBadRequest, huge.Code)
	assert.Equal(t, history.StateConfirmed, p.event("aaaaaaaaaa").State)
}

// seenIn returns what the form of a page says of when the event was reviewed last.
func seenIn(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `name="seen" value="`)
	require.True(t, ok, "the form has no field seen")
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

// TestReviewMeanwhile: who has read an event before somebody else said something of it is shown that, with their own words in the
// form, and may then replace it.
func TestReviewMeanwhile(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Minute))
	read := seenIn(t, p.get("/events/aaaaaaaaaa").Body.String())
	assert.Empty(t, read, "nobody has said anything")
	require.Equal(t, http.StatusSeeOther, p.form("aaaaaaaaaa", "state", "confirmed", "note", "from bob", "seen", read).Code)

	w := p.form("aaaaaaaaaa", "state", "false_positive", "note", "from alice", "lasts", "1", "seen", read)
	assert.Equal(t, http.StatusConflict, w.Code)
	shown := text(t, w.Body.String())
	assert.Contains(t, shown, "Someone else reviewed this event in the meantime")
	assert.Contains(t, shown, "from bob")
	assert.Contains(t, w.Body.String(), `maxlength="2000" dir="auto">from alice</textarea>`)
	assert.Contains(t, w.Body.String(), `value="false_positive" checked`)
	assert.Contains(t, w.Body.String(), `name="lasts" value="1" checked`)
	assert.Equal(t, "from bob", p.event("aaaaaaaaaa").Note)
	assert.Equal(t, history.StateOpen, p.event("bbbbbbbbbb").State)

	again := p.form("aaaaaaaaaa", "state", "false_positive", "note", "from alice", "lasts", "1", "seen", seenIn(t, w.Body.String()))
	assert.Equal(t, "/events/aaaaaaaaaa?saved=2#review", again.Header().Get("Location"))
	assert.Equal(t, "from alice", p.event("aaaaaaaaaa").Note)
	assert.Equal(t, http.StatusUnprocessableEntity, p.form("aaaaaaaaaa", "state", "open", "seen", "yesterday").Code)
}

// TestReviewByAPI: the same by the API.
func TestReviewByAPI(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour))
	put := func(id, body, contentType string) (int, string) {
		w := p.do(http.MethodPut, "/api/v1/events/"+id+"/review", body, "Content-Type", contentType)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	status, answer := put("aaaaaaaaaa", `{"state":"confirmed","note":"address book of host 7","all":true}`, "application/json; charset=utf-8")
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, `{"changed":2}`, answer)
	assert.Equal(t, "address book of host 7", p.event("bbbbbbbbbb").Note)
	status, answer = put("bbbbbbbbbb", `{"state":"confirmed","note":"again","seen":"`+event.FormatTime(p.event("bbbbbbbbbb").Reviewed)+`"}`, "application/json")
	assert.Equal(t, http.StatusOK, status, answer)
	for _, tt := range []struct {
		id, body, contentType string
		status                int
	}{
		{"aaaaaaaaaa", `{"state":"open"}`, "text/plain", 415},
		{"aaaaaaaaaa", `{"state":"open"}`, "", 415},
		{"aaaaaaaaaa", `{"state":"shut"}`, "application/json", 422},
		{"aaaaaaaaaa", `{"state":"open","seen":""}`, "application/json", 409},
		{"aaaaaaaaaa", `{"state":"open","seen":"2026-11-22T01:02:03.456Z"}`, "application/json", 409},
		{"aaaaaaaaaa", `{"state":"open","seen":"now"}`, "application/json", 422},
		{"zzzzzzzzzz", `{"state":"open","seen":""}`, "application/json", 404},
		{"aaaaaaaaaa", `{"state":"open","reviewer":"root"}`, "application/json", 400},
		{"aaaaaaaaaa", `{"state":"open"}{}`, "application/json", 400},
		{"aaaaaaaaaa", `[]`, "application/json", 400},
		{"aaaaaaaaaa", `{"state":"open","note":"` + strings.Repeat("a", maxBody) + `"}`, "application/json", 400},
		{"zzzzzzzzzz", `{"state":"open"}`, "application/json", 404},
	} {
		status, answer := put(tt.id, tt.body, tt.contentType)
		assert.Equal(t, tt.status, status, "%.60s", tt.body)
		assert.Contains(t, answer, `{"error":"`)
	}
	assert.Equal(t, history.StateConfirmed, p.event("aaaaaaaaaa").State)
}
