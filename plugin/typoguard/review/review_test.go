package review

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// resolver is the one that reports in tests.
const resolver = "ns1.corp.example"

// lookup is an event of a query, so long ago, that has everything a query can have.
func lookup(id string, ago time.Duration) *event.Event {
	at := time.Now().Add(-ago).UTC().Truncate(time.Millisecond)
	return &event.Event{
		ID: id, First: at, Last: at.Add(2 * time.Second), Count: 3, Client: "192.0.2.7", NewClient: true, Via: "192.0.2.53",
		Lookalike: event.Lookalike{Protected: "mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "mil"},
		Action:    "nxdomain", Mode: "enforce", Counterpart: "exists",
		Candidates: []event.Lookalike{{Protected: "us.army.nl", Intended: "us.army.nl", Kind: "substitution", Distance: 1, Policy: "nl"}},
		Name:       "us.army.ml", Question: "us.army.ml", Type: "MX", Types: []string{"MX", "A"}, ResponseCode: "NXDOMAIN", Server: "dns://:53", View: "mail",
	}
}

// monitored is one about which nothing was done.
func monitored(id string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Mode, e.ResponseCode, e.Policy, e.Name, e.Intended, e.Client, e.Candidates = monitor, "", "trial", "navy.ml", "navy.mil", "2001:db8::25", nil
	return e
}

// refused is one of an SMTP listener.
func refused(id string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Action, e.Question, e.Type, e.Types, e.ResponseCode, e.Count = smtpRefused, "", "", nil, "", 1
	e.SMTP = &event.SMTP{Helo: "mx1.corp.example", Sender: "alice@corp.example", Recipient: "bob@us.army.ml", TLS: true}
	return e
}

// stranger is mail to a domain that looks like no protected suffix.
func stranger(id string, ago time.Duration) *event.Event {
	at := time.Now().Add(-ago).UTC().Truncate(time.Millisecond)
	return &event.Event{
		ID: id, First: at, Last: at, Count: 1, Action: smtpRefused, Mode: enforce, Name: "example.org",
		SMTP: &event.SMTP{Helo: "relay", Recipient: "example.org"},
	}
}

// testPage is a page with a database of its own.
type testPage struct {
	testing.TB
	handler http.Handler
	site    *site
	store   *history.Store
	log     *bytes.Buffer
}

func newPage(t *testing.T, events ...*event.Event) *testPage {
	t.Helper()
	store := newStore(t, events...)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	return pageOf(t, store)
}

func pageOf(tb testing.TB, store *history.Store) *testPage {
	tb.Helper()
	var log bytes.Buffer
	config := historyconfig.Page{Logger: slog.New(slog.NewTextHandler(&log, nil)), Version: "1.2.3", Host: "review.corp.example", DSN: "sqlite:///var/lib/typoguard/events.db"}
	s, err := newSite(config, store)
	require.NoError(tb, err)
	return &testPage{tb, secure(routes(s), config.Host), s, store, &log}
}

func newStore(t *testing.T, events ...*event.Event) *history.Store {
	t.Helper()
	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(t.TempDir(), "events.db")), Host: resolver})
	require.NoError(t, err)
	if len(events) > 0 {
		_, err = store.Write(t.Context(), events)
		require.NoError(t, err)
	}
	return store
}

// do sends a request, with headers as pairs of name and value.
func (p *testPage) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(p.Context())
	r.Host = "127.0.0.1:8053"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func (p *testPage) get(target string) *httptest.ResponseRecorder {
	p.Helper()
	return p.do(http.MethodGet, target, "")
}

// form posts what a person says of an event.
func (p *testPage) form(id string, values ...string) *httptest.ResponseRecorder {
	p.Helper()
	body := url.Values{}
	for i := 0; i < len(values); i += 2 {
		body.Set(values[i], values[i+1])
	}
	return p.do(http.MethodPost, "/events/"+id+"/review", body.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// event returns an event as it is kept.
func (p *testPage) event(id string) *history.Detail {
	p.Helper()
	d, err := p.store.Event(context.Background(), id)
	require.NoError(p, err)
	return d
}

// elements calls visit for every element of a page.
func elements(tb testing.TB, page string, visit func(*html.Node)) {
	tb.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(tb, err)
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			visit(node)
		}
	}
}

// text returns what a page says, with single blanks.
func text(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	for node := range root.Descendants() {
		if node.Type == html.TextNode && node.Parent.Data != "textarea" { // which has a note as it is, to be changed
			b.WriteString(node.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// links returns the addresses that a page leads to.
func links(t *testing.T, page string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	elements(t, page, func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "action" || a.Key == "src" {
				all[a.Val] = true
			}
		}
	})
	return all
}

// TestAnswers: every address answers as it should, and everything with the same headers.
func TestAnswers(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), monitored("bbbbbbbbbb", time.Minute), refused("cccccccccc", time.Minute), stranger("dddddddddd", time.Minute))
	page, plain, object := "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"
	tests := []struct {
		method, target string
		status         int
		contentType    string
	}{
		{"GET", "/", 200, page},
		{"HEAD", "/", 200, page},
		{"GET", "/?span=7d&by=kind", 200, page},
		{"GET", "/?span=1y", 400, page},
		{"GET", "/?by=client", 400, page},
		{"GET", "/events", 200, page},
		{"GET", "/events?span=24h&policy=mil&kind=omission&mode=enforce&action=nxdomain&state=open&client=192.0.2.7&host=ns1&name=army", 200, page},
		{"GET", "/events?client=me", 400, page},
		{"GET", "/events?cursor=x", 400, page},
		{"GET", "/events/aaaaaaaaaa", 200, page},
		{"GET", "/events/bbbbbbbbbb", 200, page},
		{"GET", "/events/cccccccccc", 200, page},
		{"GET", "/events/dddddddddd", 200, page},
		{"GET", "/events/zzzzzzzzzz", 404, page},
		{"POST", "/events/zzzzzzzzzz/review", 404, page},
		{"GET", "/events/aaaaaaaaaa/review", 404, page},
		{"DELETE", "/events/aaaaaaaaaa", 405, plain},
		{"POST", "/", 405, plain},
		{"GET", "/events.csv", 200, "text/csv; charset=utf-8; header=present"},
		{"GET", "/events.json?name=army", 200, "application/x-ndjson"},
		{"HEAD", "/events.json", 200, "application/x-ndjson"},
		{"GET", "/events.csv?state=maybe", 400, page},
		{"GET", "/nothing", 404, page},
		{"GET", "/api/v1/summary", 200, object},
		{"GET", "/api/v1/summary?span=2d", 400, object},
		{"GET", "/api/v1/events", 200, object},
		{"GET", "/api/v1/events?limit=1001", 400, object},
		{"GET", "/api/v1/events?cursor=x", 400, object},
		{"GET", "/api/v1/events/aaaaaaaaaa", 200, object},
		{"GET", "/api/v1/events/zzzzzzzzzz", 404, object},
		{"GET", "/api/v2/events", 404, object},
		{"GET", "/api/v1/openapi.yaml", 200, "application/yaml"},
		{"POST", "/events/review", 422, page},
		{"POST", "/undo", 422, page},
		{"GET", "/undo", 404, page},
		{"POST", "/api/v1/reviews", 415, object},
		{"POST", "/api/v1/events", 405, plain},
		{"PUT", "/api/v1/events/aaaaaaaaaa/review", 415, object},
		{"GET", vendored().URL("page.css"), 200, "text/css; charset=utf-8"},
		{"GET", vendored().URL("page.js"), 200, "text/javascript; charset=utf-8"},
		{"GET", vendored().URL("uplot/uPlot.esm.js"), 200, "text/javascript; charset=utf-8"},
		{"GET", vendored().URL("icon.svg"), 200, "image/svg+xml"},
		{"GET", vendored().URL("uplot/"), 404, plain},
		{"GET", vendored().URL(""), 404, plain},
		{"GET", vendored().URL("nothing.js"), 404, plain},
		{"GET", "/assets/0000/page.css", 404, plain},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			w := p.do(tt.method, tt.target, "")
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.contentType, w.Header().Get("Content-Type"))
			for name, value := range headers {
				if name == "Cache-Control" && strings.HasPrefix(tt.target, "/assets/") && tt.status == 200 {
					value = "public, max-age=31536000, immutable"
				}
				assert.Equal(t, []string{value}, w.Header().Values(name), name)
			}
			assert.Empty(t, w.Header().Values("Access-Control-Allow-Origin"))
			if tt.contentType == page && tt.method != "HEAD" {
				assertOwnOnly(t, w.Body.String())
			}
		})
	}
	assert.Empty(t, p.log.String(), "what clients do wrong is not logged")
}

// assertOwnOnly holds a page to what the policy of its content allows.
func assertOwnOnly(t *testing.T, page string) {
	t.Helper()
	elements(t, page, func(n *html.Node) {
		for _, a := range n.Attr {
			assert.NotEqual(t, "style", a.Key)
			assert.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			if a.Key == "href" || a.Key == "src" || a.Key == "action" {
				assert.Regexp(t, `^(/[^/]?|#)`, a.Val)
			}
		}
		switch n.Data {
		case "script":
			assert.Nil(t, n.FirstChild, "no script in the page")
		case "style", "iframe", "object", "base":
			assert.Fail(t, "unexpected element", n.Data)
		case "img":
			assert.Equal(t, vendored().URL("icon.svg"), n.Attr[0].Val)
		}
	})
}

// hostile is what a stranger may write wherever a stranger can.
const hostile = `"'><img src=x onerror=alert(1)><script>alert(2)</script>{{.}}` + "\u202e\u0007=gpj"

// TestUnicode: names are shown in Unicode beside how the DNS has them, also those that were meant.
func TestUnicode(t *testing.T) {
	e := lookup("aaaaaaaaaa", time.Minute)
	e.Name, e.Intended, e.Protected = "mail.xn--mnchn-kva.de", "mail.xn--mnchen-3ya.de", "xn--mnchen-3ya.de"
	p := newPage(t, e)
	for _, target := range []string{"/", "/events", "/events/aaaaaaaaaa"} {
		shown := text(t, p.get(target).Body.String())
		for _, name := range []string{e.Name, "mail.münchn.de", e.Intended, "mail.münchen.de"} {
			assert.Contains(t, shown, name, target)
		}
	}
}

// TestHostile: what strangers write is shown as text, and nothing of it hides.
func TestHostile(t *testing.T) {
	e := refused("hostile222", time.Minute)
	e.Name, e.Intended, e.Protected, e.Kind, e.Policy, e.Question, e.Record = hostile+".ml", hostile+".mil", hostile, hostile, hostile, hostile, hostile
	e.Via, e.Server, e.View, e.ResponseCode, e.Client, e.Counterpart, e.Types = hostile, hostile, hostile, hostile, hostile, hostile, []string{hostile}
	e.SMTP = &event.SMTP{Helo: hostile + "\xff", Sender: hostile, Recipient: hostile}
	e.Candidates = []event.Lookalike{{Protected: hostile, Intended: hostile, Kind: hostile, Policy: hostile}}
	p := newPage(t, e)
	_, err := p.store.Review(t.Context(), e.ID, history.Review{State: history.StateConfirmed, Note: hostile + "\nsecond line", Reviewer: hostile})
	require.NoError(t, err)
	for _, target := range []string{
		"/", "/?by=kind", "/events", "/events/hostile222", "/events?name=" + url.QueryEscape(hostile), "/events?client=" + url.QueryEscape(hostile),
		"/events?from=" + url.QueryEscape(hostile), "/events?" + url.QueryEscape(hostile) + "=1", "/events/" + url.PathEscape(hostile), "/" + url.PathEscape(hostile),
	} {
		t.Run(target, func(t *testing.T) {
			page := p.get(target).Body.String()
			assertOwnOnly(t, page)
			assert.False(t, strings.ContainsFunc(text(t, page), isHidden))
		})
	}
	shown := text(t, p.get("/events/hostile222").Body.String())
	assert.Contains(t, shown, `<script>alert(2)</script>{{.}}\u{202E}\u{0007}=gpj`)
	assert.Contains(t, shown, "second line")
	for _, target := range []string{"/", "/events", "/events/hostile222"} {
		for link := range links(t, p.get(target).Body.String()) {
			if strings.HasPrefix(link, "/") && !strings.Contains(link, "client=") { // it is no address
				assert.Less(t, p.get(link).Code, 500, link)
			}
		}
	}
}

// TestHost: the page is not for names of others that lead here.
func TestHost(t *testing.T) {
	p := newPage(t)
	for host, status := range map[string]int{
		"127.0.0.1:8053": 200, "127.0.0.1": 200, "[::1]:8053": 200, "[::1]": 200, "192.0.2.1": 200, "localhost:8053": 200, "LOCALHOST.": 200,
		"review.corp.example": 200, "Review.Corp.Example:443": 200, "review.corp.example.": 200,
		"evil.example": 421, "evil.example:8053": 421, "localhost.evil.example": 421, "review.corp.example.evil.example": 421,
		"127.0.0.1.evil.example": 421, "": 421, "xreview.corp.example": 421, "127.1": 421,
	} {
		for _, target := range []string{"/", "/api/v1/summary", "/events.csv", vendored().URL("page.js")} {
			w := p.do(http.MethodGet, target, "", "Host", host)
			assert.Equal(t, status, w.Code, "%s of %q", target, host)
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		}
	}
}

// TestCrossSite: no other site's page can change anything.
func TestCrossSite(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	form, object := "application/x-www-form-urlencoded", "application/json"
	tests := []struct {
		name    string
		headers []string
		ok      bool
	}{
		{"same origin", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"typed", []string{"Sec-Fetch-Site", "none"}, true},
		{"no browser", nil, true},
		{"an older browser", []string{"Origin", "http://127.0.0.1:8053"}, true},
		{"cross site", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"same site", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"another origin", []string{"Origin", "http://127.0.0.1:8054"}, false},
		{"no origin", []string{"Origin", "null"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := p.store.Review(t.Context(), "aaaaaaaaaa", history.Review{State: history.StateOpen})
			require.NoError(t, err)
			posted := p.do(http.MethodPost, "/events/aaaaaaaaaa/review", "state=confirmed", append(tt.headers, "Content-Type", form)...)
			assert.Equal(t, tt.ok, p.event("aaaaaaaaaa").State == history.StateConfirmed)
			put := p.do(http.MethodPut, "/api/v1/events/aaaaaaaaaa/review", `{"state":"false_positive"}`, append(tt.headers, "Content-Type", object)...)
			assert.Equal(t, tt.ok, p.event("aaaaaaaaaa").State == history.StateFalsePositive)
			if tt.ok {
				assert.Equal(t, []int{303, 200}, []int{posted.Code, put.Code})
			} else {
				assert.Equal(t, []int{403, 403}, []int{posted.Code, put.Code})
			}
		})
	}
}

// TestDead: without its database the page says so, and the log why.
func TestDead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secret-directory")
	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(dir, "events.db"))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	p := pageOf(t, store)
	for _, target := range []string{"/", "/events", "/events/aaaaaaaaaa", "/events.csv", "/events.json", "/api/v1/summary", "/api/v1/events", "/api/v1/events/aaaaaaaaaa"} {
		w := p.get(target)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code, target)
		assert.Equal(t, "5", w.Header().Get("Retry-After"))
		assert.Contains(t, w.Body.String(), "The event database is unreachable", target)
		assert.NotContains(t, w.Body.String(), "secret-directory")
		assert.Empty(t, w.Header().Get("Content-Disposition"))
	}
	assert.Equal(t, http.StatusServiceUnavailable, p.form("aaaaaaaaaa", "state", "open").Code)
	assert.Contains(t, p.log.String(), "secret-directory")
	assert.Equal(t, 1, strings.Count(p.log.String(), "\n"), "once for all: %s", p.log.String())

	require.NoError(t, os.Mkdir(dir, 0o700))
	require.Eventually(t, func() bool { return p.get("/events").Code == http.StatusOK }, 20*time.Second, 50*time.Millisecond)
	assert.Contains(t, p.log.String(), "is answering the review page again")
}

// TestBusy: who comes when others keep the database busy is told so, and nobody waits for ever.
func TestBusy(t *testing.T) {
	p := newPage(t)
	for range maxQueries {
		p.site.queries <- struct{}{}
	}
	for range maxExports {
		p.site.exports <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	var told apiProblem
	require.NoError(t, json.NewDecoder(w.Body).Decode(&told))
	assert.Equal(t, errBusy.message, told.Error)
	<-p.site.queries
	assert.Equal(t, http.StatusServiceUnavailable, p.get("/events.csv").Code)
	assert.Equal(t, http.StatusOK, p.get("/").Code)
}

// TestSpans: a list of a span has what the overview of it counts.
func TestSpans(t *testing.T) {
	p := newPage(t)
	for _, span := range history.Spans {
		before := startOf(span, time.Now())
		summary, err := p.store.Summary(t.Context(), span, history.ByPolicy)
		require.NoError(t, err)
		after := startOf(span, time.Now())
		assert.True(t, summary.From.Equal(before) || summary.From.Equal(after), "%s begins at %s, not %s", span, summary.From, before)
	}
}

// FuzzVisible: nothing hides, and what hides nothing stays as it is.
func FuzzVisible(f *testing.F) {
	f.Add("us.army.ml")
	f.Add("a\u202eb\u200b\x00\xff\n\u00a0\u3164\ufe0f")
	f.Fuzz(func(t *testing.T, text string) {
		shown := escape(text)
		hidden := false
		for _, r := range text {
			hidden = hidden || isHidden(r)
		}
		for _, r := range shown {
			require.False(t, isHidden(r), "%U", r)
		}
		if !hidden && strings.ToValidUTF8(text, "") == text {
			require.Equal(t, text, shown)
		}
		require.Equal(t, shown, escape(shown))
	})
}
