package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refused is mail that was refused, so long after a moment.
func refused(id, recipient string, after time.Duration) *Event {
	return &Event{
		ID: id, First: at.Add(after), Last: at.Add(after), Action: SMTPRefused, Mode: "enforce",
		SMTP: &SMTP{Helo: "relay", Sender: "corp.example", Recipient: recipient},
	}
}

// partsOf has the parts of an event.
func partsOf(e *Event) string {
	var all []string
	for _, p := range e.Parts {
		what := p.Type + p.Via
		switch {
		case p.Rest:
			what = "rest"
		case p.SMTP != nil:
			what = "to " + p.SMTP.Recipient
		}
		all = append(all, fmt.Sprintf("%d %s", p.Count, what))
	}
	return strings.Join(all, ", ")
}

// TestFoldMail: the mail that is refused after queries is part of their event, which is written again soon after, once for all new mail.
func TestFoldMail(t *testing.T) {
	f := NewFolder(10)
	ask := func(qtype, via string, after time.Duration) {
		e := seen("a", qtype, after)
		e.Action, e.Mode, e.Via = "sinkhole", "enforce", via
		require.True(t, f.Add(e))
	}
	due := func(after time.Duration) (all []string) {
		for _, e := range f.Due(at.Add(after)) {
			all = append(all, fmt.Sprintf("%s %d: %s", e.Action, e.Count, partsOf(e)))
		}
		return all
	}
	ask("MX", "", 0)
	ask("A", "", time.Millisecond)
	assert.Equal(t, []string{"sinkhole 2: 1 MX, 1 A"}, due(SettleTime))

	require.True(t, f.Add(refused("a", "bob@army.ml", 2*SettleTime)))
	require.True(t, f.Add(refused("a", "eve@army.ml", 2*SettleTime+1)))
	assert.Empty(t, due(3*SettleTime-1), "more may follow")
	assert.Equal(t, []string{"smtp-refused 4: 1 MX, 1 A, 1 to bob@army.ml, 1 to eve@army.ml"}, due(3*SettleTime))
	assert.Empty(t, due(4*SettleTime))
	require.True(t, f.Add(refused("a", "bob@army.ml", 5*SettleTime)))
	ask("MX", "", 5*SettleTime)
	ask("MX", ViaList, 5*SettleTime)
	assert.Empty(t, due(7*SettleTime), "nothing new")
	assert.Equal(t, []string{"smtp-refused 7: 2 MX, 1 A, 2 to bob@army.ml, 1 to eve@army.ml, 1 MXlist"}, due(Window))
	assert.Zero(t, f.parts)
}

// TestJoin: what an event says of itself when its parts come in this order or that.
func TestJoin(t *testing.T) {
	mail := refused("a", "bob@army.ml", time.Second)
	trial := refused("a", "bob@army.ml", time.Second)
	trial.Mode = "monitor"
	ask := func(mode, action, rcode string) *Event {
		e := seen("a", "MX", 0)
		e.Mode, e.Action, e.ResponseCode, e.Question, e.Via = mode, action, rcode, "army.ml", "192.0.2.53"
		return e
	}
	blocked, monitored := ask("enforce", "sinkhole", "NOERROR"), ask("monitor", "nxdomain", "")
	for _, tt := range []struct {
		name          string
		first, second *Event
		want          string
	}{
		{"mail after a query", blocked, mail, "smtp-refused enforce MX NOERROR army.ml 192.0.2.53 bob@army.ml"},
		{"mail before a query", mail, blocked, "smtp-refused enforce MX NOERROR army.ml 192.0.2.53 bob@army.ml"},
		{"mail for a trial", monitored, trial, "smtp-refused monitor MX  army.ml 192.0.2.53 bob@army.ml"},
		{"mail when it was no trial any more", monitored, mail, "smtp-refused enforce MX  army.ml 192.0.2.53 bob@army.ml"},
		{"mail when it was one", blocked, trial, "smtp-refused enforce MX NOERROR army.ml 192.0.2.53 bob@army.ml"},
		{"a trial's mail before a query", trial, blocked, "smtp-refused enforce MX NOERROR army.ml 192.0.2.53 bob@army.ml"},
		{"enforced after monitored", monitored, blocked, "sinkhole enforce MX NOERROR army.ml 192.0.2.53 "},
		{"monitored after enforced", blocked, monitored, "sinkhole enforce MX NOERROR army.ml 192.0.2.53 "},
	} {
		e := *tt.first
		e.Join(tt.second)
		recipient := ""
		if e.SMTP != nil {
			recipient = e.SMTP.Recipient
		}
		assert.Equal(t, tt.want, strings.Join([]string{e.Action, e.Mode, e.Type, e.ResponseCode, e.Question, e.Via, recipient}, " "), tt.name)
	}

	e, more := *blocked, *mail
	e.To, more.To = []string{"log"}, []string{"log", "file"}
	more.NewClient = true
	e.Join(&more)
	assert.Equal(t, []string{"log", "file"}, e.To, "all who are to hear of either")
	assert.True(t, e.NewClient)
	assert.Equal(t, mail.Last, e.Last)
}

// TestFoldRest: what is too much to be told apart is counted, in one event and in all of them.
func TestFoldRest(t *testing.T) {
	f := NewFolder(10)
	for i := range 3 * maxParts {
		require.True(t, f.Add(refused("a", fmt.Sprintf("u%d@army.ml", i), 0)))
	}
	events := f.Due(at.Add(SettleTime))
	require.Len(t, events, 1)
	assert.Equal(t, 3*maxParts, events[0].Count)
	require.Len(t, events[0].Parts, maxParts+1)
	assert.Equal(t, Part{Rest: true, Count: 2 * maxParts, First: inMillis(at), Last: inMillis(at)}, events[0].Parts[maxParts])

	g := NewFolder(10)
	for i := range 10 {
		for n := range maxParts {
			require.True(t, g.Add(refused(fmt.Sprint(i), fmt.Sprintf("u%d@army.ml", n), 0)))
		}
	}
	total, parts := 0, 0
	for _, e := range g.Close() {
		parts += len(e.Parts)
		for _, p := range e.Parts {
			total += p.Count
		}
	}
	assert.Equal(t, 10*maxParts, total)
	assert.LessOrEqual(t, parts, partsEach*10+2*10, "a first part and a rest each in any case")
}

// TestAllParts: an event that nobody has folded is one part.
func TestAllParts(t *testing.T) {
	e := query()
	assert.Equal(t, []Part{{Type: "MX A AAAA", Count: 3, First: inMillis(e.First), Last: inMillis(e.Last)}}, e.AllParts())
	assert.Zero(t, e.Refusals())
	e = refused("a", "bob@army.ml", 0)
	e.Count = 2
	assert.Equal(t, []Part{{SMTP: e.SMTP, Count: 2, First: inMillis(at), Last: inMillis(at)}}, e.AllParts())
	assert.Equal(t, 2, e.Refusals())
}
