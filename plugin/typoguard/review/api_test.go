package review

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// examples returns the JSON that API.md has under each heading.
func examples(t *testing.T) map[string][]string {
	t.Helper()
	content, err := os.ReadFile("API.md")
	require.NoError(t, err)
	all := map[string][]string{}
	for _, section := range strings.Split(string(content), "\n## ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		for _, match := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(text, -1) {
			all[heading] = append(all[heading], match[1])
		}
	}
	return all
}

// paths returns where in a JSON value there is what type of value.
func paths(t *testing.T, text string) []string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	found := map[string]bool{}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, part := range v {
				walk(path+"/"+key, part)
			}
		case []any:
			for _, part := range v {
				walk(path+"/*", part)
			}
		}
		found[fmt.Sprintf("%s %T", path, value)] = true
	}
	walk("", value)
	var all []string
	for path := range found {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}

// TestDocumentedAPI holds the examples of API.md to what is answered: they have the same fields, of the same types.
func TestDocumentedAPI(t *testing.T) {
	p := newPage(t, lookup("k3j5q2abcd", time.Minute))
	_, err := p.store.Review(t.Context(), "k3j5q2abcd", history.Review{State: history.StateConfirmed, Note: "address book of host 7", Reviewer: "alice"})
	require.NoError(t, err)
	_, err = p.store.Allow(t.Context(), history.Allowance{Event: "k3j5q2abcd", Suffix: "army.ml", Owner: "mail team", Reason: "a partner"})
	require.NoError(t, err)
	withdrawn := history.Decision{Policy: "mil", Lookalike: "us.army.ml", State: history.StateOpen}
	decided := history.Decision{Policy: "mil", Lookalike: "us.army.ml", State: history.StateConfirmed, Note: "address book of host 7", Decider: "alice"}
	for _, decision := range []history.Decision{withdrawn, decided} {
		_, err = p.store.Decide(t.Context(), decision)
		require.NoError(t, err)
	}
	documented := examples(t)
	require.Len(t, documented, 12)
	for heading, target := range map[string]string{
		"GET /api/v1/events": "/api/v1/events", "GET /api/v1/summary": "/api/v1/summary", "GET /api/v1/events/{id}": "/api/v1/events/k3j5q2abcd",
		"GET /api/v1/decisions": "/api/v1/decisions?policy=mil&lookalike=us.army.ml", "GET /api/v1/journal": "/api/v1/journal?limit=1",
		"GET /api/v1/allowed": "/api/v1/allowed?policy=mil",
	} {
		t.Run(heading, func(t *testing.T) {
			require.Len(t, documented[heading], 1)
			want := paths(t, documented[heading][0])
			var got []string
			for _, path := range paths(t, p.get(target).Body.String()) {
				if !strings.HasPrefix(path, "/event/") { // which are those of the list
					got = append(got, path)
				}
			}
			assert.Equal(t, want, got)
		})
	}
	for _, change := range []struct{ heading, method, target string }{
		{"PUT /api/v1/events/{id}/review", http.MethodPut, "/api/v1/events/k3j5q2abcd/review"},
		{"PUT /api/v1/events/{id}/assignee", http.MethodPut, "/api/v1/events/k3j5q2abcd/assignee"},
		{"PUT /api/v1/decisions", http.MethodPut, "/api/v1/decisions"},
		{"PUT /api/v1/events/{id}/allow", http.MethodPut, "/api/v1/events/k3j5q2abcd/allow"},
		{"POST /api/v1/reviews", http.MethodPost, "/api/v1/reviews"},
		{"POST /api/v1/undo", http.MethodPost, "/api/v1/undo"},
	} {
		require.Len(t, documented[change.heading], 2)
		w := p.do(change.method, change.target, documented[change.heading][0], "Content-Type", "application/json")
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, paths(t, documented[change.heading][1]), paths(t, w.Body.String()))
	}

	content, err := os.ReadFile("API.md")
	require.NoError(t, err)
	for _, name := range parameters {
		if name != "at" { // which is only shown
			assert.Contains(t, string(content), "`"+name+"`", "a parameter that is not documented")
		}
	}
}

// TestAPISummary: a summary has the same numbers as the page.
func TestAPISummary(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", 30*time.Hour), monitored("cccccccccc", time.Minute), stranger("dddddddddd", time.Minute))
	var s apiSummary
	require.NoError(t, json.NewDecoder(p.get("/api/v1/summary?span=7d&by=kind").Body).Decode(&s))
	assert.Equal(t, apiTotals{"7d", apiCount{2, 6}, apiCount{1, 3}, apiCount{1, 1}}, s.Totals[1])
	assert.Equal(t, int64(3), s.Lookalikes)
	assert.Len(t, s.Times, 28)
	assert.Equal(t, int64(6*3600), s.Step)
	sums := map[string]int64{}
	for _, part := range s.Series {
		assert.Len(t, part.Events, len(s.Times))
		for _, n := range part.Events {
			sums[part.Mode+" "+part.Label] += n
		}
	}
	assert.Equal(t, map[string]int64{"enforce ": 1, "enforce omission": 2, "monitor omission": 1}, sums)
	assert.Equal(t, "us.army.ml", s.TopLookalikes[0].Lookalike)
}

// TestAPIPages: the cursors of a list lead through all of it.
func TestAPIPages(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", 2*time.Minute), lookup("cccccccccc", 3*time.Minute))
	var ids []string
	for cursor := ""; ; {
		var found apiList
		require.NoError(t, json.NewDecoder(p.get("/api/v1/events?limit=2&cursor="+cursor).Body).Decode(&found))
		assert.Equal(t, 3, found.Total)
		for _, e := range found.Events {
			var fields map[string]any
			require.NoError(t, json.Unmarshal(e, &fields))
			ids = append(ids, fields["event.id"].(string))
		}
		if cursor = found.Next; cursor == "" {
			break
		}
	}
	assert.Equal(t, []string{"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"}, ids)
}
