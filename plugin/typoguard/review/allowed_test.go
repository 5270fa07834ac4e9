package review

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestAllowByForm: what is allowed on the page is shown there, is a list for allow_file, and can be revoked.
func TestAllowByForm(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour))
	assert.Contains(t, text(t, p.get("/allowed").Body.String()), "Nothing is allowed by this page.")
	assert.Equal(t, "# Allowed on the review page\n", p.get("/allowed/mil").Body.String())
	w := p.post("/events/aaaaaaaaaa/allow", "suffix", "army.ml", "owner", " mail team ", "reason", "a <b>partner</b> #1", "until", "2099-12-31")
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/events/aaaaaaaaaa#allow", w.Header().Get("Location"))
	assert.Equal(t, history.StateFalsePositive, p.event("bbbbbbbbbb").State)
	assert.Contains(t, text(t, p.get("/events/bbbbbbbbbb").Body.String()), "army.ml is allowed until 2100-01-01 00:00:00 UTC : a <b>partner</b> #1 (mail team).")

	list := p.get("/allowed/mil")
	assert.Equal(t, "text/plain; charset=utf-8", list.Header().Get("Content-Type"))
	assert.Contains(t, list.Body.String(), "\narmy.ml until=2100-01-01T00:00:00Z # mail team: a <b>partner</b> #1 (")
	assert.Equal(t, "# Allowed on the review page\n", p.get("/allowed/other").Body.String())
	shown := p.get("/allowed").Body.String()
	assert.Contains(t, shown, `href="/allowed/mil"`)
	assert.Contains(t, text(t, shown), "army.ml mail team a <b>partner</b> #1")

	assert.Equal(t, http.StatusNotFound, p.post("/allowed/revoke", "policy", "mil", "suffix", "us.army.ml").Code)
	w = p.post("/allowed/revoke", "policy", "mil", "suffix", "army.ml")
	assert.Equal(t, "/allowed", w.Header().Get("Location"))
	assert.Equal(t, history.StateOpen, p.event("bbbbbbbbbb").State)
	assert.NotContains(t, p.get("/allowed/mil").Body.String(), "army.ml")
}

// TestAllowRefused: what cannot be allowed is said, and not lost.
func TestAllowRefused(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	for _, tt := range []struct{ name, suffix, owner, reason, until, problem string }{
		{"no suffix", "", "mail team", "a partner", "", "Choose one of the suffixes"},
		{"a wider suffix", "ml", "mail team", "a partner", "", "Choose one of the suffixes"},
		{"another suffix", "navy.ml", "mail team", "a partner", "", "Choose one of the suffixes"},
		{"no owner", "army.ml", " ", "a partner", "", "The owner is missing."},
		{"no reason", "army.ml", "mail team", "", "", "The reason is missing."},
		{"a line of its own", "army.ml", "mail team", "a partner\nnavy.ml", "", "The reason contains control characters"},
		{"too long", "army.ml", strings.Repeat("ä", maxOwner+1), "a partner", "", "The owner is too long; expected at most 100 characters."},
		{"a day that has ended", "army.ml", "mail team", "a partner", "2020-12-31", "The end is no day or time in the future"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := p.post("/events/aaaaaaaaaa/allow", "suffix", tt.suffix, "owner", tt.owner, "reason", tt.reason, "until", tt.until)
			assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
			assert.Contains(t, text(t, w.Body.String()), tt.problem)
			assert.Contains(t, w.Body.String(), `name="owner" value="`+tt.owner+`"`)
			assert.Equal(t, history.StateOpen, p.event("aaaaaaaaaa").State)
			all, err := p.store.Allowances(t.Context(), "")
			require.NoError(t, err)
			assert.Empty(t, all)
		})
	}
	assert.Equal(t, http.StatusNotFound, p.post("/events/zzzzzzzzzz/allow", "suffix", "army.ml", "owner", "a", "reason", "b").Code)
}

// TestAPIAllowed: the API can do what the page does.
func TestAPIAllowed(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	allow := func(body string) *httptest.ResponseRecorder {
		return p.do(http.MethodPut, "/api/v1/events/aaaaaaaaaa/allow", body, "Content-Type", "application/json")
	}
	assert.JSONEq(t, `{"changed":1}`, allow(`{"suffix":"us.army.ml","owner":"mail team","reason":"a partner"}`).Body.String())
	assert.Equal(t, http.StatusUnprocessableEntity, allow(`{"suffix":"us.army.ml","owner":"mail team"}`).Code)
	assert.Contains(t, p.get("/api/v1/allowed?policy=mil").Body.String(), `"suffix":"us.army.ml"`)
	assert.JSONEq(t, `{"allowed":[]}`, p.get("/api/v1/allowed?policy=other").Body.String())
	assert.Equal(t, http.StatusBadRequest, p.get("/api/v1/allowed?suffix=us.army.ml").Code)
	assert.Equal(t, http.StatusOK, p.do(http.MethodDelete, "/api/v1/allowed?policy=mil&suffix=us.army.ml", "").Code)
	assert.Equal(t, http.StatusNotFound, p.do(http.MethodDelete, "/api/v1/allowed?policy=mil&suffix=us.army.ml", "").Code)
	assert.JSONEq(t, `{"allowed":[]}`, p.get("/api/v1/allowed").Body.String())
}

// threeUsers writes a web-config file with the users alice, bob and carol.
func threeUsers(t *testing.T) string {
	t.Helper()
	const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
	return webConfig(t, "basic_auth_users:\n  alice: "+hash+"\n  bob: "+hash+"\n  carol: "+hash+"\n")
}

// TestEditors: with editors, everybody else reads, and is offered nothing else.
func TestEditors(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	p.site.webConfig, p.site.editors = threeUsers(t), editorsOf(historyconfig.Page{Editors: "alice\ncarol"})
	requests := []struct{ method, target, body, contentType string }{
		{http.MethodPost, "/events/aaaaaaaaaa/review", "state=confirmed", "application/x-www-form-urlencoded"},
		{http.MethodPut, "/api/v1/events/aaaaaaaaaa/review", `{"state":"confirmed"}`, "application/json"},
		{http.MethodPut, "/api/v1/decisions", `{"policy":"mil","lookalike":"us.army.ml","state":"confirmed"}`, "application/json"},
		{http.MethodPost, "/events/aaaaaaaaaa/allow", "suffix=army.ml&owner=a&reason=b", "application/x-www-form-urlencoded"},
		{http.MethodPut, "/api/v1/events/aaaaaaaaaa/allow", `{"suffix":"army.ml","owner":"a","reason":"b"}`, "application/json"},
		{http.MethodPost, "/allowed/revoke", "policy=mil&suffix=army.ml", "application/x-www-form-urlencoded"},
		{http.MethodPost, "/events/review", "event=aaaaaaaaaa&state=open", "application/x-www-form-urlencoded"},
		{http.MethodPost, "/api/v1/reviews", `{"ids":["aaaaaaaaaa"],"state":"open"}`, "application/json"},
		{http.MethodPost, "/events/aaaaaaaaaa/assign", "assignee=alice", "application/x-www-form-urlencoded"},
		{http.MethodPut, "/api/v1/events/aaaaaaaaaa/assignee", `{"assignee":"alice"}`, "application/json"},
		{http.MethodPost, "/undo", "at=2026-11-22T02:03:04.567Z", "application/x-www-form-urlencoded"},
		{http.MethodPost, "/api/v1/undo", `{"at":"2026-11-22T02:03:04.567Z"}`, "application/json"},
		{http.MethodDelete, "/api/v1/allowed?policy=mil&suffix=us.army.ml", "", ""},
	}
	as := func(user, method, target, body, contentType string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		r.SetBasicAuth(user, "a")
		return p.do(method, target, body, "Content-Type", contentType, "Sec-Fetch-Site", "same-origin", "Authorization", r.Header.Get("Authorization"))
	}
	for _, user := range []string{"bob", "", "alice\ncarol", "alic"} {
		for _, r := range requests {
			assert.Equal(t, http.StatusForbidden, as(user, r.method, r.target, r.body, r.contentType).Code, "%q: %s %s", user, r.method, r.target)
		}
	}
	assert.Equal(t, history.StateOpen, p.event("aaaaaaaaaa").State)
	for _, target := range []string{"/events/aaaaaaaaaa", "/allowed", "/allowed/mil", "/api/v1/journal"} {
		w := as("bob", http.MethodGet, target, "", "")
		assert.Equal(t, http.StatusOK, w.Code, target)
		assert.NotContains(t, w.Body.String(), `method="post"`, target)
	}
	assert.Contains(t, as("bob", http.MethodGet, "/events", "", "").Body.String(), `<button name="state" value="confirmed" disabled`)
	for _, r := range requests {
		assert.NotEqual(t, http.StatusForbidden, as("carol", r.method, r.target, r.body, r.contentType).Code, "%s %s", r.method, r.target)
	}
	assert.Contains(t, as("alice", http.MethodGet, "/events/aaaaaaaaaa", "", "").Body.String(), `method="post"`)
	assert.Equal(t, "carol", p.event("aaaaaaaaaa").Reviewer)
}

// TestCheckEditors: editors whom the page could not tell from others are an error.
func TestCheckEditors(t *testing.T) {
	users, nobody := threeUsers(t), webConfig(t, "basic_auth_users: {}\n")
	for _, tt := range []struct{ name, webConfig, editors, want string }{
		{"nobody logs in", "", "alice", "editors: nobody logs in to the page; expected a web_config with users or client certificates"},
		{"no users", nobody, "alice", "editors: web_config " + nobody + " has neither basic_auth_users nor client_auth_type RequireAndVerifyClientCert; expected one of them"},
		{"unknown user", users, "alice\ndave", `editors: "dave" is none of the basic_auth_users in ` + users + "; expected one"},
		{"users", users, "alice\nbob", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(historyconfig.Page{Address: "127.0.0.1:0", WebConfig: tt.webConfig, Editors: tt.editors})
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}
