package sink

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// receiver is a server that keeps what it gets, and answers with a code.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	code   int
	bodies []string
	header http.Header
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{code: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		assert.NoError(t, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.code == http.StatusOK {
			r.bodies, r.header = append(r.bodies, string(body)), request.Header
		}
		if r.code == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.code)
	}))
	t.Cleanup(r.Close)
	return r
}

// answer sets the code of further answers.
func (r *receiver) answer(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.code = code
}

// ids returns the ids of all events that the server took.
func (r *receiver) ids(t *testing.T) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for decoder := json.NewDecoder(strings.NewReader(strings.Join(r.bodies, ""))); decoder.More(); {
		var fields map[string]any
		require.NoError(t, decoder.Decode(&fields))
		all = append(all, fields["event.id"].(string))
	}
	return all
}

func TestWebhook(t *testing.T) {
	r := newReceiver(t)
	h, err := NewWebhook(WebhookConfig{URL: r.URL + "/hook", Secret: []byte("secret"), Authorization: "Splunk key", Host: "ns1.example"})
	require.NoError(t, err)
	n, err := h.Write(t.Context(), ids("a", "b"))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Equal(t, []string{"a", "b"}, r.ids(t))
	assert.Len(t, r.bodies, 1, "in one request")
	assert.Equal(t, "Splunk key", r.header.Get("Authorization"))
	assert.Equal(t, "application/x-ndjson", r.header.Get("Content-Type"))

	signed := r.header.Get(SignatureHeader)
	stamp, _, ok := strings.Cut(strings.TrimPrefix(signed, "t="), ",")
	require.True(t, ok, signed)
	at, err := time.ParseDuration(stamp + "s")
	require.NoError(t, err)
	assert.Equal(t, signature([]byte("secret"), time.Unix(int64(at.Seconds()), 0), []byte(r.bodies[0])), signed)
	assert.NotEqual(t, signature([]byte("other"), time.Unix(int64(at.Seconds()), 0), []byte(r.bodies[0])), signed)
	require.NoError(t, h.Close())
}

// TestSignature holds the form that receivers have to compute. The value is what openssl makes of it:
//
//	printf '1764460800.{}' | openssl dgst -sha256 -hmac secret
func TestSignature(t *testing.T) {
	assert.Equal(t, "t=1764460800,v1=81d73d4062de32044ce8bf2cd18fa2e015fb7b78861f530712cae3bf4ee46cab", signature([]byte("secret"), time.Unix(1764460800, 0), []byte("{}")))
}

func TestWebhookRefused(t *testing.T) {
	r := newReceiver(t)
	h, err := NewWebhook(WebhookConfig{URL: r.URL + "/hook"})
	require.NoError(t, err)
	for _, code := range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError, http.StatusTooManyRequests} {
		r.answer(code)
		n, err := h.Write(t.Context(), ids("a"))
		require.ErrorContains(t, err, http.StatusText(code))
		assert.Zero(t, n)
	}
	assert.Empty(t, r.bodies, "redirects are not followed")
	require.NoError(t, h.Close()) // otherwise the error may be that a connection has ended
	r.Close()
	_, err = h.Write(t.Context(), ids("a"))
	require.ErrorContains(t, err, "connection refused")
	assert.NotContains(t, err.Error(), "/hook", "the path may be a secret")
}

// TestWebhookComesBack: a queue loses nothing while the server is away.
func TestWebhookComesBack(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	r := newReceiver(t)
	defer r.Close()
	h, err := NewWebhook(WebhookConfig{URL: r.URL})
	require.NoError(t, err)
	r.answer(http.StatusServiceUnavailable)
	seen := &counts{}
	q := NewQueue(h, seen)
	want := []string{"a", "b", "c", "d"}
	for _, e := range ids(want...) {
		q.Add(e)
	}
	require.Eventually(t, func() bool { return seen.get()[2] > 0 }, 10*time.Second, time.Millisecond)
	r.answer(http.StatusOK)
	require.Eventually(t, func() bool { return len(r.ids(t)) == len(want) }, 10*time.Second, time.Millisecond)
	assert.Equal(t, want, r.ids(t))
	q.Close()
}

func TestTemplates(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	events := []*event.Event{
		{ID: "a", Name: `army.ml`, Lookalike: event.Lookalike{Intended: "army.mil"}, Client: "192.0.2.1", First: at, Last: at, Mode: "enforce"},
		{ID: "b", Name: `navy.ml`, Lookalike: event.Lookalike{Intended: "navy.mil"}, Client: "192.0.2.2", First: at, Last: at, Mode: "enforce"},
	}
	for _, tt := range []struct{ name, template, want string }{
		{
			"one text",
			`{"text": {{ $t := "" }}{{ range .Events }}{{ $t = printf "%s%s asked for %s, meant %s\n" $t (index . "client.ip") (index . "typoguard.lookalike") (index . "typoguard.intended") }}{{ end }}{{ json $t }}}`,
			`{"text": "192.0.2.1 asked for army.ml, meant army.mil\n192.0.2.2 asked for navy.ml, meant navy.mil\n"}`,
		},
		{"an object for each", `{{ range .Events }}{"event": {{ json (index . "event.id") }}}{{ end }}`, `{"event": "a"}{"event": "b"}`},
		{"a field that is missing", `{{ range .Events }}{{ json (index . "nope") }}{{ end }}`, `nullnull`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReceiver(t)
			parsed, err := ParseTemplate("body", tt.template)
			require.NoError(t, err)
			h, err := NewWebhook(WebhookConfig{URL: r.URL, Template: parsed})
			require.NoError(t, err)
			_, err = h.Write(t.Context(), events)
			require.NoError(t, err)
			assert.Equal(t, []string{tt.want}, r.bodies)
			assert.Equal(t, "application/json", r.header.Get("Content-Type"))
		})
	}
}

// TestDocumentedTemplates: each template in the documentation makes JSON of events, whatever stands in them.
func TestDocumentedTemplates(t *testing.T) {
	text, err := os.ReadFile("../../../docs/soc.md")
	require.NoError(t, err)
	templates := regexp.MustCompile("(?ms)^```text\\n(\\{\\{.*?)^```$").FindAllStringSubmatch(string(text), -1)
	require.Len(t, templates, 3)
	want := []int{1, 2, 4} // values in the body, for two events
	for i, found := range templates {
		parsed, err := ParseTemplate("body", found[1])
		require.NoError(t, err)
		lines := newJSONBuffer("ns1.example")
		for _, id := range []string{"a", "b"} {
			require.NoError(t, lines.encode(&event.Event{ID: id, Name: `"<&>.ml`, Lookalike: event.Lookalike{Intended: "ü.mil"}, Mode: "enforce"}))
		}
		body, err := Body(parsed, lines.Bytes())
		require.NoError(t, err)
		values := 0
		for decoder := json.NewDecoder(bytes.NewReader(body)); decoder.More(); values++ {
			var value map[string]any
			require.NoError(t, decoder.Decode(&value), "%s", body)
		}
		assert.Equal(t, want[i], values, "%s", body)
		assert.Contains(t, string(body), `\"<&>.ml`)
	}
}

func TestWebhookName(t *testing.T) {
	one := WebhookConfig{URL: "https://hooks.example/services/T0/secret"}
	other := WebhookConfig{URL: "https://hooks.example/services/T0/another"}
	assert.Regexp(t, "^https://hooks.example#[0-9a-f]{6}$", one.Name())
	assert.NotEqual(t, one.Name(), other.Name())
}
