package join

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// start is when the first event of these tests was.
var start = time.Date(2026, time.November, 22, 10, 30, 0, 0, time.UTC)

// at is a time so many seconds later.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// army is an event of army.ml.
func army(id string, first, last int) *event.Event {
	return &event.Event{
		ID: id, First: at(first), Last: at(last), Count: 1, Client: "192.0.2.25", Name: "army.ml", Question: "army.ml", Type: "MX", Action: "nxdomain", Mode: "enforce",
		Lookalike: event.Lookalike{Protected: "mil", Intended: "army.mil", Policy: "partners"},
	}
}

// written returns events as a server writes them.
func written(t *testing.T, events ...*event.Event) string {
	t.Helper()
	var out bytes.Buffer
	encoder := event.NewJSON(&out, "ns1")
	for _, e := range events {
		require.NoError(t, encoder.Encode(e))
	}
	return out.String()
}

// joined loads events and takes records.
func joined(t *testing.T, addresses bool, events string, records ...logs.Record) *Join {
	t.Helper()
	j := New(addresses)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(events), 0o600))
	require.NoError(t, j.Load(t.Context(), []string{path}, nil, Wanted{}))
	for i := range records {
		j.Add(&records[i])
	}
	j.Finish()
	return j
}

// mail is a record of mail from alice.
func mail(id, to string, seconds int, outcome logs.Outcome) logs.Record {
	local, domain, _ := strings.Cut(to, "@")
	return logs.Record{ID: []byte(id), Sender: []byte("Alice@corp.example"), Local: []byte(local), Name: []byte(domain), Time: at(seconds).Unix(), Outcome: outcome}
}

// seen writes what an event has.
func seen(j *Join) []string {
	var all []string
	for _, i := range j.Incidents {
		for n := range i.Messages {
			m := &i.Messages[n]
			s := fmt.Sprintf("%s: %s %s to %s %s x%d at %d", i.ID, m.ID, m.Sender, m.Recipient, m.Outcome, m.Tries, m.First-start.Unix())
			if m.Corrected != 0 {
				s += fmt.Sprintf(", corrected at %d", m.Corrected-start.Unix())
			}
			all = append(all, s)
		}
	}
	return all
}

// TestJoin: which event a message belongs to, and whether it was corrected.
func TestJoin(t *testing.T) {
	one := []*event.Event{army("e1", 0, 10)}
	two := []*event.Event{army("e1", 0, 10), army("e2", 400, 400)}
	bounced := mail("Q1", "bob@army.ml", 1, logs.Bounced)
	const was = "e1: Q1 @corp.example to @army.ml bounced x1 at 1"
	change := func(r logs.Record, how func(*logs.Record)) logs.Record {
		how(&r)
		return r
	}
	tests := []struct {
		name    string
		events  []*event.Event
		records []logs.Record
		want    []string
	}{
		{"at its time", one, []logs.Record{bounced}, []string{was}},
		{"in upper case, with a final dot", one, []logs.Record{change(bounced, func(r *logs.Record) { r.Name = []byte("ARMY.ml.") })}, []string{"e1: Q1 @corp.example to @ARMY.ml. bounced x1 at 1"}},
		{"a minute before", one, []logs.Record{mail("Q1", "bob@army.ml", -60, logs.Bounced)}, []string{"e1: Q1 @corp.example to @army.ml bounced x1 at -60"}},
		{"earlier", one, []logs.Record{mail("Q1", "bob@army.ml", -61, logs.Bounced)}, nil},
		{"a quarter of an hour after the last query", one, []logs.Record{mail("Q1", "bob@army.ml", 910, logs.Delivered)}, []string{"e1: Q1 @corp.example to @army.ml delivered x1 at 910"}},
		{"later", one, []logs.Record{mail("Q1", "bob@army.ml", 911, logs.Delivered)}, nil},
		{"another name", one, []logs.Record{mail("Q1", "bob@navy.ml", 1, logs.Bounced)}, nil},
		{"below the name", one, []logs.Record{mail("Q1", "bob@us.army.ml", 1, logs.Bounced)}, nil},
		{"a query", one, []logs.Record{change(bounced, func(r *logs.Record) { r.Type = 15 })}, nil},
		{"without a time", one, []logs.Record{change(bounced, func(r *logs.Record) { r.Time = 0 })}, nil},
		{"the nearer event", two, []logs.Record{mail("Q1", "bob@army.ml", 200, logs.Deferred), mail("Q1", "bob@army.ml", 350, logs.Deferred)},
			[]string{"e1: Q1 @corp.example to @army.ml deferred x1 at 200", "e2: Q1 @corp.example to @army.ml deferred x1 at 350"}},
		{"two hosts at the same time", []*event.Event{army("e1", 0, 0), army("e2", 3, 3)}, []logs.Record{mail("Q1", "bob@army.ml", 5, logs.Bounced)},
			[]string{"e1: Q1 @corp.example to @army.ml bounced x1 at 5", "e2: Q1 @corp.example to @army.ml bounced x1 at 5"}},
		{"a long event before a short one", []*event.Event{army("e1", 0, 5000), army("e2", 100, 100)}, []logs.Record{mail("Q1", "bob@army.ml", 4000, logs.Bounced)},
			[]string{"e1: Q1 @corp.example to @army.ml bounced x1 at 4000"}},
		{"tried again", one, []logs.Record{mail("Q1", "bob@army.ml", 1, logs.Deferred), mail("Q1", "bob@army.ml", 90, logs.Bounced), mail("Q1", "eve@army.ml", 90, logs.Bounced)},
			[]string{"e1: Q1 @corp.example to @army.ml bounced x2 at 1", "e1: Q1 @corp.example to @army.ml bounced x1 at 90"}},
		{"a mail server that named the host", []*event.Event{{ID: "e1", First: start, Last: start, Name: "mail.army.ml", Question: "partner.example.", Record: "MX", Lookalike: event.Lookalike{Intended: "mail.army.mil"}}},
			[]logs.Record{mail("Q1", "bob@partner.example", 1, logs.Bounced), mail("Q2", "bob@mail.army.ml", 1, logs.Bounced), mail("Q3", "bob@mail.army.mil", 2, logs.Delivered)},
			[]string{"e1: Q1 @corp.example to @partner.example bounced x1 at 1"}},

		{"corrected", one, []logs.Record{bounced, mail("Q2", "BOB@Army.MIL", 700, logs.Delivered)}, []string{was + ", corrected at 700"}},
		{"the correction in a log that is read before", one, []logs.Record{mail("Q2", "bob@army.mil", 700, logs.Delivered), bounced}, []string{was + ", corrected at 700"}},
		{"corrected in the same hour, but written to before, too", one, []logs.Record{mail("Q0", "bob@army.mil", -500, logs.Delivered), bounced, mail("Q2", "bob@army.mil", 700, logs.Delivered)},
			[]string{was + ", corrected at 700"}},
		{"written to before only", one, []logs.Record{mail("Q0", "bob@army.mil", -500, logs.Delivered), bounced}, []string{was}},
		{"a day later", one, []logs.Record{bounced, mail("Q2", "bob@army.mil", 24*3600+1, logs.Delivered)}, []string{was + ", corrected at 86401"}},
		{"later than a day", one, []logs.Record{bounced, mail("Q2", "bob@army.mil", 24*3600+2, logs.Delivered)}, []string{was}},
		{"refused, too", one, []logs.Record{bounced, mail("Q2", "bob@army.mil", 700, logs.Bounced)}, []string{was}},
		{"to somebody else", one, []logs.Record{bounced, mail("Q2", "eve@army.mil", 700, logs.Delivered)}, []string{was}},
		{"from somebody else", one, []logs.Record{bounced, change(mail("Q2", "bob@army.mil", 700, logs.Delivered), func(r *logs.Record) { r.Sender = []byte("carol@corp.example") })}, []string{was}},
		{"nobody knows from whom", one, []logs.Record{change(bounced, func(r *logs.Record) { r.Sender = nil }), change(mail("Q2", "bob@army.mil", 700, logs.Delivered), func(r *logs.Record) { r.Sender = nil })},
			[]string{"e1: Q1  to @army.ml bounced x1 at 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, seen(joined(t, false, written(t, tt.events...), tt.records...)))
		})
	}
}

// TestAddresses: local parts are kept only if that is wanted.
func TestAddresses(t *testing.T) {
	record := mail("Q1", "bob@army.ml", 1, logs.Bounced)
	assert.Equal(t, []string{"e1: Q1 Alice@corp.example to bob@army.ml bounced x1 at 1"}, seen(joined(t, true, written(t, army("e1", 0, 0)), record)))
	record.Sender = []byte("alice")
	assert.Equal(t, []string{"e1: Q1  to @army.ml bounced x1 at 1"}, seen(joined(t, false, written(t, army("e1", 0, 0)), record)))
}

// TestLoad: events as they are written again, those without a client, and what is no event.
func TestLoad(t *testing.T) {
	registered := army("w1", 0, 0)
	registered.Action = event.Registered
	literal := army("l1", 0, 0) // a listener refused mail to an address literal
	literal.Name, literal.Question, literal.Action, literal.Lookalike = "", "", event.SMTPRefused, event.Lookalike{}
	events := written(t, army("e1", 0, 0), registered, literal, army("e1", 0, 300), army("e0", -300, -300)) + "\n{\"event.id\":1}\n{broken\nnot JSON\n"
	j := joined(t, false, events)
	var ids []string
	for _, i := range j.Incidents {
		ids = append(ids, fmt.Sprintf("%s %d-%d", i.ID, i.First-start.Unix(), i.Last-start.Unix()))
	}
	assert.Equal(t, []string{"e0 -300--300", "e1 0-300"}, ids)
	assert.EqualValues(t, 3, j.Unread())

	j = New(false)
	require.NoError(t, j.Load(t.Context(), []string{"-"}, strings.NewReader(events), Wanted{Since: start.Unix() - 100}))
	assert.Len(t, j.Incidents, 1)
	j = New(false)
	require.NoError(t, j.Load(t.Context(), []string{"-"}, strings.NewReader(events), Wanted{Until: start.Unix()}))
	assert.Len(t, j.Incidents, 1)
	require.EqualError(t, New(false).Load(t.Context(), []string{"-"}, strings.NewReader("nothing\n"), Wanted{}), "-: no event; expected lines of JSON, as events writes them, or a history")
	j = New(false)
	require.NoError(t, j.Load(t.Context(), []string{"-"}, strings.NewReader(events), Wanted{IDs: []string{"e0"}}))
	assert.Len(t, j.Incidents, 1)
	require.EqualError(t, New(false).Load(t.Context(), []string{"-"}, strings.NewReader(events), Wanted{IDs: []string{"e0", "e9"}}), `-: no event "e9" that is a query for a lookalike`)
	require.Error(t, New(false).Load(t.Context(), []string{filepath.Join(t.TempDir(), "missing")}, nil, Wanted{}))
}

// TestNames: what is said of sources has no passwords.
func TestNames(t *testing.T) {
	assert.Equal(t, "events.jsonl, postgres://u@host:5432/db", names([]string{"events.jsonl", "postgres://u:secret@host/db"}))
}

// TestBounds: very many events, messages and corrections.
func TestBounds(t *testing.T) {
	var many []*event.Event
	for n := range maxEvents + 1 {
		many = append(many, army(fmt.Sprint("e", n), n, n))
	}
	require.EqualError(t, New(false).Load(t.Context(), []string{"-"}, strings.NewReader(written(t, many...)), Wanted{}), "standard input: more than 20000 events; expected fewer, between -since and -until")

	var records []logs.Record
	for n := range maxMessages + 3 {
		records = append(records, mail(fmt.Sprint("Q", n), "bob@army.ml", 1, logs.Bounced))
	}
	j := joined(t, false, written(t, army("e1", 0, 0)), records...)
	assert.Len(t, j.Incidents[0].Messages, maxMessages)
	assert.EqualValues(t, 3, j.Incidents[0].Others)

	j = New(false)
	require.NoError(t, j.Load(t.Context(), []string{"-"}, strings.NewReader(written(t, army("e1", 0, 0))), Wanted{}))
	for n := range maxSent + 1 {
		r := mail("Q", fmt.Sprint(n, "@army.mil"), 1, logs.Delivered)
		j.Add(&r)
	}
	assert.True(t, j.Forgotten())
	assert.Len(t, j.corrections.sent, maxSent)
}
