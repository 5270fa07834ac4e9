package review

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// whole is an event of queries, here and in a list zone, and of mail to two people.
func whole(id string, ago time.Duration) *event.Event {
	e := lookup(id, ago)
	e.Client, e.Action, e.Count, e.Types = "192.0.2.9", smtpRefused, 7, []string{"MX", "A", "TXT"}
	bob := &event.SMTP{Helo: "mx1.corp.example", Sender: "alice@corp.example", Recipient: "bob@us.army.ml", TLS: true}
	eve := &event.SMTP{Helo: "mx1.corp.example", Sender: "", Recipient: "eve@us.army.ml", TLS: true}
	e.SMTP = bob
	for _, p := range []event.Part{
		{Type: "MX", Via: "192.0.2.53", Count: 2}, {Type: "A", Question: "supplier.example", Record: "MX", Count: 1}, {Type: "TXT", Via: event.ViaList, Count: 1},
		{SMTP: bob, Count: 1}, {SMTP: eve, Count: 1, ID: "otherid222", Host: "ns2"}, {Rest: true, Count: 1, ID: "otherid222", Host: "ns2"},
	} {
		p.First, p.Last = e.First, e.Last
		e.Parts = append(e.Parts, p)
	}
	return e
}

// TestParts: an event's page and its exports show what it consists of, and those of others do not.
func TestParts(t *testing.T) {
	p := newPage(t, whole("aaaaaaaaaa", time.Minute), lookup("bbbbbbbbbb", time.Hour))
	shown := text(t, p.get("/events/aaaaaaaaaa").Body.String())
	for _, want := range []string{
		"refused by SMTP", "aaaaaaaaaa also otherid222", "What it consists of", "MX via 192.0.2.53 2 ", "A, found in the MX record of supplier.example 1 ", "TXT in a list zone 1 ",
		"mail from alice@corp.example to bob@us.army.ml , refused 1 ", "mail from nobody (a bounce) to eve@us.army.ml , refused at ns2 id otherid222 1 ",
		"more, not told apart at ns2 id otherid222 1 ", "Refused 2 recipients, first HELO mx1.corp.example",
	} {
		assert.Contains(t, shown, want)
	}
	assert.NotContains(t, text(t, p.get("/events/bbbbbbbbbb").Body.String()), "What it consists of")

	table, err := csv.NewReader(p.get("/events.csv").Body).ReadAll()
	require.NoError(t, err)
	last := len(table[0]) - 2 // before the assignee
	assert.Equal(t, []string{"typoguard.refusals", "typoguard.parts"}, table[0][last-1:last+1])
	assert.Equal(t, []string{"2", "2 × MX via 192.0.2.53; 1 × A, MX of supplier.example; 1 × TXT via list; 1 × mail from <alice@corp.example> to <bob@us.army.ml>; " +
		"1 × mail from <> to <eve@us.army.ml>; 1 × more"}, table[1][last-1:last+1])
	assert.Equal(t, []string{"", ""}, table[2][last-1:last+1])
}

// TestReaders: who may change nothing sees only the domains of senders and recipients, everywhere.
func TestReaders(t *testing.T) {
	p := newPage(t, whole("aaaaaaaaaa", time.Minute), refused("bbbbbbbbbb", time.Hour))
	p.site.webConfig, p.site.editors = threeUsers(t), editorsOf(historyconfig.Page{Editors: "alice"})
	as := func(user, target string) string {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.SetBasicAuth(user, "a")
		w := p.do(http.MethodGet, target, "", "Authorization", r.Header.Get("Authorization"))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	for _, target := range []string{
		"/events/aaaaaaaaaa", "/events/bbbbbbbbbb", "/events.csv", "/events.json", "/api/v1/events", "/api/v1/events/aaaaaaaaaa", "/api/v1/events/bbbbbbbbbb",
	} {
		whole, masked := as("alice", target), as("bob", target)
		for _, address := range []string{"bob@us.army.ml", "alice@corp.example"} {
			assert.Contains(t, whole, address, target)
			assert.NotContains(t, masked, strings.SplitAfter(address, "@")[0], target)
		}
		assert.Contains(t, masked, "corp.example", target)
	}
}
