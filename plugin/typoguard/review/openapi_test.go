package review

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// description is openapi.yaml, with the operations and statuses that a test has seen.
type description struct {
	*openapi3.T
	router routers.Router
	seen   map[string]bool
}

// newDescription reads openapi.yaml. Fields that it does not have are errors here, though programs must accept them.
func newDescription(t *testing.T) *description {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	for _, schema := range doc.Components.Schemas {
		closeObjects(schema.Value)
	}
	return &description{doc, router, map[string]bool{}}
}

// closeObjects lets the objects of a schema have no other fields.
func closeObjects(schema *openapi3.Schema) {
	if len(schema.Properties) > 0 {
		no := false
		schema.AdditionalProperties.Has = &no
	}
	for _, property := range schema.Properties {
		closeObjects(property.Value)
	}
	if schema.Items != nil {
		closeObjects(schema.Items.Value)
	}
}

// check holds an answer to the description, and unless it is an error because of it, the request.
func (d *description) check(t *testing.T, p *testPage, status int, method, target, body string, headers ...string) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	route, params, err := d.router.FindRoute(r)
	require.NoError(t, err)
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}}
	if status == http.StatusOK {
		require.NoError(t, openapi3filter.ValidateRequest(t.Context(), input))
	}
	w := p.do(method, target, body, headers...)
	require.Equal(t, status, w.Code, w.Body.String())
	d.seen[route.Operation.OperationID+" "+http.StatusText(status)] = true
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: input.Options,
	}))
}

// TestOpenAPI holds what the server answers to openapi.yaml, which has all of the API: each operation, parameter, field and status.
func TestOpenAPI(t *testing.T) {
	target := lookup("target2222", time.Minute)
	target.Question, target.Record, target.Client = "supplier.example", "MX", ""
	watched := lookup("watched222", time.Minute)
	watched.Action, watched.Mode, watched.Client = event.TakesMail, monitor, ""
	popular := lookup("popular222", time.Minute)
	popular.Mode = event.Passes
	p := newPage(t, whole("ffffffffff", time.Minute), lookup("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour), monitored("cccccccccc", time.Minute), refused("dddddddddd", time.Minute), stranger("eeeeeeeeee", 2*time.Minute), target, watched, popular)
	d := newDescription(t)
	const object = "application/json"
	changes := [][]string{
		{"PUT", "/api/v1/events/aaaaaaaaaa/review", `{"state":"open"}`}, {"POST", "/api/v1/reviews", `{"ids":["a"],"state":"open"}`},
		{"POST", "/api/v1/undo", `{"at":"2026-11-22T02:03:04.567Z"}`}, {"PUT", "/api/v1/decisions", `{"policy":"mil","lookalike":"us.army.ml","state":"open"}`},
		{"PUT", "/api/v1/events/aaaaaaaaaa/assignee", `{"assignee":"alice"}`},
		{"PUT", "/api/v1/events/aaaaaaaaaa/allow", `{"suffix":"army.ml","owner":"a","reason":"b"}`}, {"DELETE", "/api/v1/allowed?policy=mil&suffix=army.ml", ""},
	}
	d.check(t, p, 200, "GET", "/api/v1/openapi.yaml", "")
	d.check(t, p, 200, "GET", "/api/v1/summary", "")
	d.check(t, newPage(t), 200, "GET", "/api/v1/summary?span=30d&by=kind", "")
	d.check(t, p, 400, "GET", "/api/v1/summary?span=1y", "")
	d.check(t, p, 200, "PUT", "/api/v1/events/aaaaaaaaaa/review", `{"state":"confirmed","note":"asked","all":true,"seen":""}`, "Content-Type", object)
	d.check(t, p, 400, "PUT", "/api/v1/events/aaaaaaaaaa/review", `[]`, "Content-Type", object)
	d.check(t, p, 404, "PUT", "/api/v1/events/zzzzzzzzzz/review", `{"state":"open"}`, "Content-Type", object)
	d.check(t, p, 409, "PUT", "/api/v1/events/aaaaaaaaaa/review", `{"state":"open","seen":""}`, "Content-Type", object)
	d.check(t, p, 415, "PUT", "/api/v1/events/aaaaaaaaaa/review", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "PUT", "/api/v1/events/aaaaaaaaaa/review", `{"state":"shut"}`, "Content-Type", object)
	d.check(t, p, 200, "POST", "/api/v1/reviews", `{"ids":["cccccccccc"],"alike":true,"state":"false_positive","note":"asked"}`, "Content-Type", object)
	d.check(t, p, 400, "POST", "/api/v1/reviews", `{"id":""}`, "Content-Type", object)
	d.check(t, p, 415, "POST", "/api/v1/reviews", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "POST", "/api/v1/reviews", `{"ids":[],"state":"open"}`, "Content-Type", object)
	d.check(t, p, 200, "POST", "/api/v1/undo", `{"at":"2026-11-22T02:03:04.567Z"}`, "Content-Type", object)
	d.check(t, p, 400, "POST", "/api/v1/undo", `[]`, "Content-Type", object)
	d.check(t, p, 415, "POST", "/api/v1/undo", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "POST", "/api/v1/undo", `{"at":""}`, "Content-Type", object)
	d.check(t, p, 200, "PUT", "/api/v1/events/ffffffffff/assignee", `{"assignee":"alice"}`, "Content-Type", object)
	d.check(t, p, 400, "PUT", "/api/v1/events/ffffffffff/assignee", `[]`, "Content-Type", object)
	d.check(t, p, 404, "PUT", "/api/v1/events/zzzzzzzzzz/assignee", `{"assignee":"alice"}`, "Content-Type", object)
	d.check(t, p, 415, "PUT", "/api/v1/events/ffffffffff/assignee", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "PUT", "/api/v1/events/ffffffffff/assignee", `{"assignee":"\u0000"}`, "Content-Type", object)
	d.check(t, p, 200, "GET", "/api/v1/events?assignee=alice", "")
	d.check(t, p, 200, "GET", "/api/v1/events?span=24h&sort=name&reverse=1&limit=100", "")
	d.check(t, p, 200, "GET", "/api/v1/events?from=2026-01-01&until=2096-01-01&policy=mil&kind=omission&done=blocked&mode=enforce&action=nxdomain&state=confirmed&client=192.0.2.7&host="+
		resolver+"&lookalike=us.army.ml&name=army&text=army&limit=1", "")
	d.check(t, p, 400, "GET", "/api/v1/events?limit=0", "")
	d.check(t, p, 404, "GET", "/api/v1/events?after=zzzzzzzzzz", "")
	const decided = `{"policy":"mil","lookalike":"us.army.ml","network":"192.0.2.0/24","state":"ignored","note":"asked","until":"2099-12-31"}`
	d.check(t, p, 200, "PUT", "/api/v1/decisions", decided, "Content-Type", object)
	d.check(t, p, 400, "PUT", "/api/v1/decisions", `[]`, "Content-Type", object)
	d.check(t, p, 404, "PUT", "/api/v1/decisions", `{"policy":"none","lookalike":"us.army.ml","state":"confirmed"}`, "Content-Type", object)
	d.check(t, p, 415, "PUT", "/api/v1/decisions", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "PUT", "/api/v1/decisions", `{"state":"shut"}`, "Content-Type", object)
	d.check(t, p, 200, "GET", "/api/v1/decisions?policy=mil&lookalike=us.army.ml", "")
	d.check(t, p, 400, "GET", "/api/v1/decisions?state=open", "")
	const allowed = `{"suffix":"army.ml","owner":"mail team","reason":"a partner","until":""}`
	d.check(t, p, 200, "PUT", "/api/v1/events/aaaaaaaaaa/allow", allowed, "Content-Type", object)
	d.check(t, p, 400, "PUT", "/api/v1/events/aaaaaaaaaa/allow", `[]`, "Content-Type", object)
	d.check(t, p, 404, "PUT", "/api/v1/events/zzzzzzzzzz/allow", allowed, "Content-Type", object)
	d.check(t, p, 415, "PUT", "/api/v1/events/aaaaaaaaaa/allow", `{}`, "Content-Type", "text/plain")
	d.check(t, p, 422, "PUT", "/api/v1/events/aaaaaaaaaa/allow", `{}`, "Content-Type", object)
	d.check(t, p, 200, "GET", "/api/v1/allowed?policy=mil", "")
	d.check(t, p, 400, "GET", "/api/v1/allowed?suffix=army.ml", "")
	d.check(t, p, 200, "DELETE", "/api/v1/allowed?policy=mil&suffix=army.ml", "")
	d.check(t, p, 400, "DELETE", "/api/v1/allowed?event=a", "")
	d.check(t, p, 404, "DELETE", "/api/v1/allowed?policy=mil&suffix=army.ml", "")
	d.check(t, p, 200, "GET", "/api/v1/journal?below=1000&limit=1000", "")
	d.check(t, p, 400, "GET", "/api/v1/journal?limit=0", "")
	p.site.editors = []string{"alice"}
	for _, change := range changes {
		d.check(t, p, 403, change[0], change[1], change[2], "Content-Type", object)
	}
	p.site.editors = nil
	require.NoError(t, p.store.Each(t.Context(), history.Filter{}, func(e *history.Event) error {
		d.check(t, p, 200, "GET", "/api/v1/events/"+e.ID, "")
		return nil
	}))
	d.check(t, p, 404, "GET", "/api/v1/events/zzzzzzzzzz", "")
	for _, broken := range append([][]string{
		{"GET", "/api/v1/summary", ""}, {"GET", "/api/v1/events", ""}, {"GET", "/api/v1/events/aaaaaaaaaa", ""},
		{"GET", "/api/v1/decisions", ""}, {"GET", "/api/v1/allowed", ""}, {"GET", "/api/v1/journal", ""},
	}, changes...) {
		d.check(t, deadPage(t), 503, broken[0], broken[1], broken[2], "Content-Type", object)
	}
	d.assertWhole(t)
}

// deadPage is a page without its database.
func deadPage(t *testing.T) *testPage {
	t.Helper()
	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(t.TempDir(), "missing", "events.db"))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	return pageOf(t, store)
}

// assertWhole compares the description with the routes and parameters of the program, and with what has been seen.
func (d *description) assertWhole(t *testing.T) {
	t.Helper()
	source, err := os.ReadFile("routes.go")
	require.NoError(t, err)
	var routed, described []string
	for _, match := range regexp.MustCompile(`"((?:GET|PUT|POST|DELETE|PATCH) /api/v1/[^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		routed = append(routed, match[1])
	}
	for path, item := range d.Paths.Map() {
		for method, operation := range item.Operations() {
			described = append(described, method+" "+path)
			for status := range operation.Responses.Map() {
				code := map[string]int{"200": 200, "400": 400, "403": 403, "404": 404, "409": 409, "415": 415, "422": 422, "503": 503}[status]
				assert.True(t, d.seen[operation.OperationID+" "+http.StatusText(code)], "%s has never answered %s", operation.OperationID, status)
			}
		}
	}
	assert.ElementsMatch(t, routed, described)
	var names []string
	for _, parameter := range d.Paths.Value("/api/v1/events").Get.Parameters {
		names = append(names, parameter.Value.Name)
	}
	assert.ElementsMatch(t, slices.DeleteFunc(slices.Clone(parameters), func(name string) bool { return name == "at" }), names)
}
