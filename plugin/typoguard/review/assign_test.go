package review

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestAssign: an event is assigned by the form on its page, shown in lists, and found by.
func TestAssign(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), monitored("bbbbbbbbbb", time.Hour))
	assign := func(id, assignee string) int {
		body := url.Values{"assignee": {assignee}, "back": {"state=open"}}.Encode()
		w := p.do(http.MethodPost, "/events/"+id+"/assign", body, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
		if w.Code == http.StatusSeeOther {
			assert.Equal(t, "/events/"+id+"?state=open#review", w.Header().Get("Location"))
		}
		return w.Code
	}
	assert.Equal(t, http.StatusSeeOther, assign("aaaaaaaaaa", " <alice> "))
	assert.Equal(t, "<alice>", p.event("aaaaaaaaaa").Assignee)
	assert.Contains(t, p.get("/events/aaaaaaaaaa").Body.String(), `name="assignee" value="&lt;alice&gt;"`)
	shown := p.get("/events?assignee=" + url.QueryEscape("<alice>")).Body.String()
	assert.Contains(t, shown, `id="e-aaaaaaaaaa"`)
	assert.NotContains(t, shown, `id="e-bbbbbbbbbb"`)
	assert.Contains(t, text(t, shown), "assigned to <alice>")
	assert.Equal(t, http.StatusNotFound, assign("zzzzzzzzzz", "alice"))
	assert.Equal(t, http.StatusUnprocessableEntity, assign("aaaaaaaaaa", "a\nb"))
	assert.Equal(t, http.StatusUnprocessableEntity, assign("aaaaaaaaaa", strings.Repeat("a", maxAssignee+1)))
	assert.Equal(t, http.StatusSeeOther, assign("aaaaaaaaaa", ""))
	assert.Empty(t, p.event("aaaaaaaaaa").Assignee)
}
