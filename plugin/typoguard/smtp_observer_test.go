package typoguard

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// TestRefusalEvent: a refusal is an event that goes where the policy sends its events, with the client masked.
func TestRefusalEvent(t *testing.T) {
	const options = "action sinkhole 192.0.2.25\nsmtp 192.0.2.25:2525\n"
	b, err := parseCorefile(t, t.TempDir(), "typoguard a {\nprotect gov\n"+options+"}\ntypoguard mil {\nprotect mil\n"+options+"log_events off\nsyslog udp://192.0.2.1\nclient_mask 24 56\n}")
	require.NoError(t, err)
	l := &listener{address: netip.MustParseAddrPort("192.0.2.25:2525"), blocks: []*block{b}, policies: b.policies}
	mil := event.Lookalike{Protected: "mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "mil"}
	nl := event.Lookalike{Protected: "army.nl", Intended: "us.army.nl", Kind: "substitution", Distance: 1, Policy: "a"}
	refusal := &smtp.Refusal{
		ID: "abcd2345", Client: netip.MustParseAddr("192.0.2.7"), Helo: "relay", TLS: true, Sender: "corp.example", Recipient: "bob@us.army.ml",
		Domain: "us.army.ml", Suggestions: []smtp.Suggestion{
			{Lookalike: mil}, {Lookalike: nl},
		},
	}
	e := l.event(refusal)
	assert.WithinDuration(t, time.Now(), e.First, time.Minute)
	assert.Equal(t, e.First, e.Last)
	e.First, e.Last = time.Time{}, time.Time{}
	assert.Equal(t, event.Event{
		ID: "abcd2345", To: []string{"udp://192.0.2.1:514"}, Client: "192.0.2.0", Action: "smtp-refused", Mode: "enforce",
		Lookalike: mil, Name: "us.army.ml",
		SMTP: &event.SMTP{Helo: "relay", Sender: "corp.example", Recipient: "bob@us.army.ml", TLS: true},
	}, e)

	b.policies[1].Candidates = true
	assert.Equal(t, []event.Lookalike{nl}, l.event(refusal).Candidates)

	refusal.Suggestions = nil
	e = l.event(refusal)
	assert.Equal(t, []string{"log"}, e.To, "of the first policy")
	assert.Equal(t, "192.0.2.7", e.Client)
	assert.Empty(t, e.Policy)
}

// TestRefusalID: the id in a refusal is that in the answer by which the client came, of the policy that hides the name.
func TestRefusalID(t *testing.T) {
	const options = "action sinkhole 192.0.2.25\nsmtp 192.0.2.25:2525\nclient_mask 24 56\n"
	b, err := parseCorefile(t, t.TempDir(), "typoguard a {\nprotect gov\n"+options+"}\ntypoguard mil {\nprotect mil\n"+options+"}")
	require.NoError(t, err)
	events := sink.NewDispatcher(metrics.Events{})
	defer events.Close()
	b.events.Store(events)
	h := newTypoguard(b)
	h.counters = b.newCounters([]string{""}, "")
	asked := newEvent(hitOf(t, h, &test.ResponseWriter{}, question("US.army.ml.", dns.TypeMX)))
	l := &listener{address: netip.MustParseAddrPort("192.0.2.25:2525"), blocks: []*block{b}, policies: b.policies}
	id := l.config(events, nil).ID
	assert.Equal(t, asked.ID, id(netip.MustParseAddr("10.240.0.99"), "us.army.ml", "mil"), "masked")
	assert.NotEqual(t, asked.ID, id(netip.MustParseAddr("10.240.1.1"), "us.army.ml", "mil"))
	assert.NotEqual(t, asked.ID, id(netip.MustParseAddr("10.240.0.1"), "us.army.ml", "a"))
}

// TestFailuresAreLogged: a flood of failures is not, and makes nobody wait.
func TestFailuresAreLogged(t *testing.T) {
	lines := captureLog(t, "text", func() {
		synctest.Test(t, func(*testing.T) {
			l := newFailureLog()
			for range 1000 {
				l.add(errors.New("no"))
				synctest.Wait()
			}
			l.close()
			for range 100 {
				l.add(errors.New("too late"))
			}
		})
	})
	assert.Equal(t, maxFailures, strings.Count(lines, "no\n"))
}
