package review

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestExportCSV: a table has a column for each field, and no formula.
func TestExportCSV(t *testing.T) {
	e := refused("aaaaaaaaaa", time.Minute)
	e.SMTP = &event.SMTP{Helo: "=HYPERLINK(\"http://evil.example\")", Sender: "@SUM(1+1)", Recipient: "-2+3\r\n\"quoted\",", TLS: true}
	p := newPage(t, e, lookup("bbbbbbbbbb", time.Hour), monitored("cccccccccc", 2*time.Hour))
	require.Equal(t, http.StatusSeeOther, p.form("aaaaaaaaaa", "state", "false_positive", "note", "+1 from me\nand more").Code)
	w := p.get("/events.csv?policy=mil")
	assert.Regexp(t, `^attachment; filename="typoguard-events-\d{8}T\d{6}Z\.csv"$`, w.Header().Get("Content-Disposition"))
	assert.True(t, strings.HasPrefix(w.Body.String(), "@timestamp,event.end,"), "the header has names of fields only, which nobody else writes")
	table, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	require.Len(t, table, 3)
	cells := func(row int) map[string]string {
		all := map[string]string{}
		for i, name := range table[0] {
			all[name] = table[row][i]
		}
		return all
	}
	first, second := cells(1), cells(2)
	assert.Equal(t, []string{"aaaaaaaaaa", "bbbbbbbbbb"}, []string{first["event.id"], second["event.id"]})
	assert.Equal(t, `'=HYPERLINK("http://evil.example")`, first["typoguard.helo"])
	assert.Equal(t, "'@SUM(1+1)", first["typoguard.sender"])
	assert.Equal(t, "'-2+3\n\"quoted\",", first["typoguard.recipient"], "as the package csv reads the end of a line")
	assert.Equal(t, "'+1 from me\nand more", first["typoguard.note"])
	assert.Equal(t, "false_positive", first["typoguard.state"])
	assert.Equal(t, map[string]string{
		"@timestamp": second["@timestamp"], "event.end": second["event.end"], "message": second["message"],
		"event.id": "bbbbbbbbbb", "typoguard.count": "3", "client.ip": "192.0.2.7", "typoguard.via": "192.0.2.53", "typoguard.lookalike": "us.army.ml",
		"typoguard.intended": "us.army.mil", "typoguard.protected": "mil", "typoguard.kind": "omission", "typoguard.distance": "1", "typoguard.policy": "mil",
		"typoguard.mode": "enforce", "event.action": "nxdomain", "dns.response_code": "NXDOMAIN", "dns.question.name": "us.army.ml", "dns.question.type": "MX",
		"typoguard.types": "MX A", "typoguard.record": "", "typoguard.counterpart": "exists", "typoguard.new_client": "true", "typoguard.server": "dns://:53",
		"typoguard.view": "mail", "observer.hostname": resolver, "typoguard.helo": "", "typoguard.sender": "", "typoguard.recipient": "", "tls.established": "",
		"typoguard.candidates": "us.army.nl (substitution, policy nl)", "typoguard.state": "open", "typoguard.note": "", "typoguard.reviewer": "", "typoguard.reviewed": "",
		"typoguard.refusals": "", "typoguard.parts": "", "typoguard.assignee": "",
	}, second)
}

func TestDefuse(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "army.ml": "army.ml", "2001:db8::1": "2001:db8::1", "::1": "::1", "-1": "-1", "=1": "'=1", "+1 a": "'+1 a", "-a": "'-a", "@x": "'@x",
		"\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "a=b": "a=b", "'=1": "'=1",
	} {
		assert.Equal(t, want, defuse(text), "%q", text)
	}
}

// TestExportJSON: each line is an event as the API has it.
func TestExportJSON(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), monitored("bbbbbbbbbb", time.Hour), refused("cccccccccc", 2*time.Hour))
	lines := strings.SplitAfter(p.get("/events.json?span=24h").Body.String(), "\n")
	require.Len(t, lines, 4)
	var found apiList
	require.NoError(t, json.NewDecoder(p.get("/api/v1/events?span=24h").Body).Decode(&found))
	require.Len(t, found.Events, 3)
	for i, e := range found.Events {
		assert.JSONEq(t, lines[i], string(e))
	}
	assert.Empty(t, p.get("/events.json?name=nothing").Body.String())
}

// writeMany writes events, as many as a database does not give at once.
func (p *testPage) writeMany(count int) {
	p.Helper()
	for begin := 0; begin < count; begin += 500 {
		var events []*event.Event
		for i := range 500 {
			events = append(events, lookup(fmt.Sprintf("e%09d", begin+i), time.Duration(begin+i)*time.Second))
		}
		_, err := p.store.Write(p.Context(), events)
		require.NoError(p, err)
	}
}

// TestExportAll: an export has all events, however many, in time.
func TestExportAll(t *testing.T) {
	const count = 1500
	p := newPage(t)
	p.writeMany(count)
	scanner := bufio.NewScanner(p.get("/events.json").Body)
	lines := 0
	for ; scanner.Scan(); lines++ {
		assert.Contains(t, scanner.Text(), fmt.Sprintf(`"event.id":"e%09d"`, lines))
	}
	assert.Equal(t, count, lines)
}

// TestExportCut: who gets a part only must see that.
func TestExportCut(t *testing.T) {
	p := newPage(t)
	p.writeMany(1500)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events.csv", nil)
	r.Host = "localhost"
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		p.handler.ServeHTTP(&cutter{httptest.NewRecorder(), cancel}, r)
	})
	assert.Empty(t, p.site.exports, "there is room for others")
	assert.Equal(t, history.StateOpen, p.event("e000000000").State, "the database works on")
}

// cutter stops the export at the first that is sent.
type cutter struct {
	*httptest.ResponseRecorder
	cancel context.CancelFunc
}

func (c *cutter) Write(b []byte) (int, error) {
	c.cancel()
	return c.ResponseRecorder.Write(b)
}

// TestExportReader: an export masks the addresses in all events or in none, even if the users change meanwhile.
func TestExportReader(t *testing.T) {
	p := newPage(t, refused("aaaaaaaaaa", time.Minute), refused("bbbbbbbbbb", time.Hour))
	p.site.webConfig, p.site.editors = threeUsers(t), editorsOf(historyconfig.Page{Editors: "alice"})
	var recipients []string
	h := p.site.export(func(io.Writer) writer {
		return writer{event: func(e *history.Event) error {
			recipients = append(recipients, e.SMTP.Recipient)
			return os.WriteFile(p.site.webConfig, nil, 0o600)
		}, end: func() error { return nil }}
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events.csv", nil)
	r.SetBasicAuth("alice", "a")
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, []string{"bob@us.army.ml", "bob@us.army.ml"}, recipients)
}
