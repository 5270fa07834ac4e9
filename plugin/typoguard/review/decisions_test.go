package review

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// later writes one more event of the lookalike of lookup, and returns its state.
func (p *testPage) later(id string, change func(*event.Event)) history.State {
	p.Helper()
	e := lookup(id, -time.Minute)
	if change != nil {
		change(e)
	}
	_, err := p.store.Write(p.Context(), []*event.Event{e})
	require.NoError(p, err)
	return p.event(id).State
}

// TestDecideByForm: a review on the page may last, and is shown with what it has closed.
func TestDecideByForm(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour))
	assert.Contains(t, p.get("/events/aaaaaaaaaa").Body.String(), `name="lasts" value="1" checked`, "of an open event")
	w := p.form("aaaaaaaaaa", "state", "ignored", "lasts", "1", "network", "192.0.2.7/24", "until", "2099-12-31")
	assert.Equal(t, "/events/aaaaaaaaaa?saved=2#review", w.Header().Get("Location"))
	assert.Equal(t, history.StateIgnored, p.later("cccccccccc", nil))
	assert.Equal(t, history.StateOpen, p.later("dddddddddd", func(e *event.Event) { e.Client = "192.0.3.7" }), "another network")
	shown := text(t, p.get("/events/dddddddddd").Body.String())
	assert.Contains(t, shown, "UTC : ignored for clients in 192.0.2.0/24 until 2100-01-01 00:00:00 UTC . 1 event has come in closed since then.")
	assert.NotContains(t, p.get("/events/cccccccccc").Body.String(), `name="lasts" value="1" checked`, "of a closed event")

	w = p.form("aaaaaaaaaa", "state", "open", "lasts", "1", "network", "192.0.2.0/24")
	assert.Equal(t, "/events/aaaaaaaaaa?saved=2#review", w.Header().Get("Location"))
	assert.NotContains(t, text(t, p.get("/events/aaaaaaaaaa").Body.String()), "Decided")
	assert.Equal(t, history.StateOpen, p.event("bbbbbbbbbb").State)
}

// TestDecideRefused: what is no decision is said, and not lost.
func TestDecideRefused(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	for _, tt := range []struct{ name, network, until, problem string }{
		{"no network", "192.0.2.0/33", "", "The network is none; expected an address or a network such as 192.0.2.0/24"},
		{"a zone", "fe80::1%eth0", "", "The network is none"},
		{"no day", "", "31.12.2099", "The end is no day or time in the future; expected one such as 2026-12-31"},
		{"a day that has ended", "", "2020-12-31", "The end is no day or time in the future"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := p.form("aaaaaaaaaa", "state", "confirmed", "note", "my words", "lasts", "1", "network", tt.network, "until", tt.until)
			assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
			assert.Contains(t, text(t, w.Body.String()), tt.problem)
			for _, kept := range []string{"my words", `value="` + tt.network + `"`, `value="` + tt.until + `"`, "<details open>"} {
				assert.Contains(t, w.Body.String(), kept)
			}
			assert.Equal(t, history.StateOpen, p.event("aaaaaaaaaa").State)
		})
	}
}

// TestAPIDecisions: what the API decides is listed, counted, in the journal, and can be withdrawn.
func TestAPIDecisions(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	put := func(body string) (int, string) {
		w := p.do(http.MethodPut, "/api/v1/decisions", body, "Content-Type", "application/json")
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for body, want := range map[string]int{
		`{"policy":"mil","lookalike":"US.army.ml","state":"confirmed","network":"192.0.2.7","until":"2099-12-31T18:00:00Z"}`: http.StatusOK,
		`{"policy":"mil","lookalike":"navy.ml","state":"confirmed"}`:                                                         http.StatusNotFound,
		`{"policy":"mil","lookalike":"us.army.ml","state":"closed"}`:                                                         http.StatusUnprocessableEntity,
		`{"policy":"mil","lookalike":"us.army.ml","state":"confirmed","id":3}`:                                               http.StatusBadRequest,
	} {
		status, answer := put(body)
		assert.Equal(t, want, status, "%s: %s", body, answer)
	}
	assert.Equal(t, history.StateConfirmed, p.later("bbbbbbbbbb", nil))
	var decisions apiDecisions
	require.NoError(t, json.NewDecoder(p.get("/api/v1/decisions").Body).Decode(&decisions))
	require.Len(t, decisions.Decisions, 1)
	d := decisions.Decisions[0]
	assert.Equal(t, []string{"mil", "us.army.ml", "192.0.2.7/32", "2099-12-31T18:00:00.000Z"}, []string{d.Policy, d.Lookalike, d.Network, d.Until})
	assert.Equal(t, int64(1), d.Counted)

	status, answer := put(`{"policy":"mil","lookalike":"us.army.ml","state":"open","network":"192.0.2.7"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"changed":1}`, answer)
	var journal apiJournal
	require.NoError(t, json.NewDecoder(p.get("/api/v1/journal?limit=1").Body).Decode(&journal))
	require.Len(t, journal.Changes, 1)
	assert.JSONEq(t, `null`, string(journal.Changes[0].After))
	assert.Contains(t, string(journal.Changes[0].Before), `"state":"confirmed"`)
	for _, target := range []string{"/api/v1/journal?limit=0", "/api/v1/journal?limit=1001", "/api/v1/journal?below=x", "/api/v1/journal?at=1", "/api/v1/decisions?state=open"} {
		assert.Equal(t, http.StatusBadRequest, p.get(target).Code, target)
	}
}
