package review

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// TestPlace: from an event, links lead to those beside it in the list from which it was opened, and back to that list.
func TestPlace(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "b", 2*time.Minute), monitored("xxxxxxxxxx", 150*time.Second), named("cccccccccc", "c", 3*time.Minute))
	page := p.get("/events?policy=mil&sort=name").Body.String()
	assert.Contains(t, links(t, page), "/events/bbbbbbbbbb?policy=mil&sort=name")
	page = p.get("/events/bbbbbbbbbb?policy=mil&sort=name").Body.String()
	assert.Equal(t, "/events/aaaaaaaaaa?policy=mil&sort=name", linkOf(t, page, "Previous"))
	assert.Equal(t, "/events/cccccccccc?policy=mil&sort=name", linkOf(t, page, "Next"))
	assert.Equal(t, "/events?policy=mil&sort=name", linkOf(t, page, "Filtered list"))
	assert.Empty(t, linkOf(t, p.get("/events/cccccccccc?policy=mil&sort=name").Body.String(), "Next"))
	page = p.get("/events/bbbbbbbbbb").Body.String()
	assert.Equal(t, "/events/xxxxxxxxxx", linkOf(t, page, "Next"), "of all events")
	assert.Equal(t, "/events", linkOf(t, page, "All events"))
	assert.Equal(t, http.StatusBadRequest, p.get("/events/bbbbbbbbbb?polciy=mil").Code)
}

// TestReviewNext: a review leads to the next open event of the list, from the end of it to its beginning, and to the list at last.
func TestReviewNext(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "b", 2*time.Minute), monitored("xxxxxxxxxx", 150*time.Second), named("cccccccccc", "c", 3*time.Minute))
	target := "/events/bbbbbbbbbb?policy=mil&state=open"
	for _, want := range []string{"/events/cccccccccc", "/events/aaaaaaaaaa", "/events"} {
		page := p.get(target).Body.String()
		at, err := url.Parse(target)
		require.NoError(t, err)
		fields := inputs(t, page, at.Path+"/review")
		assert.Equal(t, "policy=mil&state=open", fields["back"])
		w := p.post(at.Path+"/review", "back", fields["back"], "seen", fields["seen"], "state", "confirmed", "then", "next")
		require.Equal(t, http.StatusSeeOther, w.Code)
		target = w.Header().Get("Location")
		at, err = url.Parse(target)
		require.NoError(t, err)
		assert.Equal(t, want, at.Path)
		assert.Equal(t, "mil", at.Query().Get("policy"))
		assert.Equal(t, "open", at.Query().Get("state"))
		assert.Contains(t, text(t, p.get(target).Body.String()), "marked confirmed typo.")
	}
	assert.Contains(t, text(t, p.get(target).Body.String()), "Nothing is left open here.")
	assert.Equal(t, history.StateOpen, p.event("xxxxxxxxxx").State)

	for _, id := range []string{"aaaaaaaaaa", "cccccccccc"} {
		require.Equal(t, http.StatusSeeOther, p.form(id, "state", "open").Code)
	}
	w := p.form("aaaaaaaaaa", "state", "confirmed", "back", "policy=mil", "then", "next")
	assert.Regexp(t, "^/events/cccccccccc\\?", w.Header().Get("Location"), "past the event that is not open, in a list of all states")
	w = p.form("aaaaaaaaaa", "state", "open", "back", "policy=mil")
	assert.Equal(t, "/events/aaaaaaaaaa?policy=mil&saved=1#review", w.Header().Get("Location"), "stays")
}

// TestQueue: the overview and the summary say how much is open, and lead there.
func TestQueue(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "b", 50*24*time.Hour))
	page := p.get("/").Body.String()
	assert.Contains(t, text(t, page), "2 open events to review, the oldest since "+time.Now().UTC().Add(-50*24*time.Hour).Format("2006-01-02"))
	require.Contains(t, links(t, page), queueURL)
	assert.Equal(t, []string{"bbbbbbbbbb", "aaaaaaaaaa"}, rows(p.get(queueURL).Body.String()))
	p.post("/events/review", "event", "bbbbbbbbbb", "event", "aaaaaaaaaa", "state", "confirmed")
	clear(p.site.summaries.last)
	assert.Contains(t, text(t, p.get("/").Body.String()), "No open events to review.")
	assert.Contains(t, p.get("/api/v1/summary").Body.String(), `"open":{"events":0,"at_least":false,"oldest":""}`)
}

// TestNews: the list knows where to ask for what is newer, with its filter.
func TestNews(t *testing.T) {
	p := newPage(t, named("bbbbbbbbbb", "b", 2*time.Minute))
	_, err := p.store.Write(t.Context(), []*event.Event{named("aaaaaaaaaa", "a", time.Hour)})
	require.NoError(t, err)
	page := p.get("/events?policy=mil&sort=name").Body.String()
	assert.Contains(t, page, `data-poll="/api/v1/events?policy=mil&amp;after=aaaaaaaaaa&amp;sort=name&amp;limit=1"`)
	poll := "/api/v1/events?policy=mil&after=aaaaaaaaaa&sort=name&limit=1"
	assert.Contains(t, p.get(poll).Body.String(), `"total":0`)
	_, err = p.store.Write(t.Context(), []*event.Event{named("cccccccccc", "c", time.Hour), monitored("dddddddddd", 0), named("eeeeeeeeee", "e", 0)})
	require.NoError(t, err)
	assert.Contains(t, p.get(poll).Body.String(), `"total":2`)
	assert.Equal(t, http.StatusNotFound, p.get("/api/v1/events?after=zzzzzzzzzz").Code)
}

// TestSearchList: words are searched for.
func TestSearchList(t *testing.T) {
	p := newPage(t, named("aaaaaaaaaa", "a", time.Minute), named("bbbbbbbbbb", "b", 2*time.Minute))
	assert.Equal(t, []string{"aaaaaaaaaa"}, rows(p.get("/events?text=a.mil+192.0.2.0/28").Body.String()))
	assert.Contains(t, text(t, p.get("/events?text=a.mil+192.0.3.0/28").Body.String()), "No events match this filter.")
	assert.Contains(t, text(t, p.get("/events?text=1+2+3+4+5+6").Body.String()), `Parameter "text": expected at most 5 words.`)
}
