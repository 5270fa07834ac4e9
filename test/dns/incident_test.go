package dns_test

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// incidentCorefile tells everybody of what happens.
const incidentCorefile = `.:{$DNS} {
    bind {$HOST}
    metadata
    log . "metadata {/typoguard/id}"
    typoguard mail {
        protect army.mil
        clients 127.0.0.0/8
        action sinkhole {$HOST}
        smtp {$HOST}:{$SMTP}
        lookalike_zone list.corp.example
        events {$DIR}/events.json
        syslog udp://{$UPSTREAM}
        history sqlite://{$DIR}/events.db
        review {$HOST}:{$REVIEW}
    }
}
`

// TestOneIncident: a mail server's queries, its retries, its question to the list and the sinkhole's refusal are one event with one id,
// wherever somebody looks for it.
func TestOneIncident(t *testing.T) {
	t.Parallel()
	syslog, err := net.ListenPacket("udp", net.JoinHostPort(localhost, "0"))
	require.NoError(t, err)
	defer syslog.Close()
	s := start(t, syslog.LocalAddr().String(), incidentCorefile)
	askFor := func(name string, qtype uint16) *dns.Msg {
		reply, err := dns.Exchange(query(name, qtype).SetEdns0(1232, false), s.addr("DNS"))
		require.NoError(t, err)
		return reply
	}
	id := idIn(t, askFor("us.army.ml.", dns.TypeMX))
	for range 3 { // a delivery and two more
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA} {
			assert.Equal(t, id, idIn(t, askFor("US.army.ml.", qtype)))
		}
	}
	listed := askFor("us.army.ml.list.corp.example.", dns.TypeTXT)
	require.Len(t, listed.Answer, 1)
	assert.Contains(t, listed.Answer[0].(*dns.TXT).Txt[0], "Id "+id)
	awaitEvent := func(least float64) (last map[string]any) {
		kit.Eventually(t, "the event in the file", func() bool {
			for line := range strings.Lines(kit.ReadFile(t, filepath.Join(s.dir, "events.json"))) {
				last = map[string]any{}
				require.NoError(t, json.Unmarshal([]byte(line), &last))
			}
			return last != nil && last["typoguard.count"].(float64) >= least
		})
		return last
	}
	first := awaitEvent(1)
	assert.Equal(t, []any{id, "sinkhole"}, []any{first["event.id"], first["event.action"]})

	c := s.greeted(t)
	c.say(t, "EHLO relay.example")
	c.say(t, "MAIL FROM:<alice@corp.example>")
	assert.True(t, strings.HasSuffix(c.say(t, "RCPT TO:<bob@us.army.ml>")[0], "? Id "+id))
	assert.True(t, strings.HasSuffix(c.say(t, "RCPT TO:<eve@us.army.ml>")[0], "? Id "+id))
	last := awaitEvent(13)
	assert.Equal(t, []any{id, "smtp-refused"}, []any{last["event.id"], last["event.action"]})
	assert.InDelta(t, 13, last["typoguard.count"], 0)
	assert.InDelta(t, 2, last["typoguard.refusals"], 0)
	assert.Equal(t, []any{"MX", "A", "AAAA", "TXT"}, last["typoguard.types"])
	assert.Len(t, last["typoguard.parts"], 5, "three types, the list, and mail of one domain to another")

	message := make([]byte, 64<<10)
	require.NoError(t, syslog.SetReadDeadline(time.Now().Add(patience)))
	for range 2 {
		n, _, err := syslog.ReadFrom(message)
		require.NoError(t, err)
		assert.Contains(t, string(message[:n]), `"event.id":"`+id+`"`)
	}
	kit.Eventually(t, "the log", func() bool {
		return strings.Contains(s.Output(), "from <corp.example> to <us.army.ml> and 1 more (HELO ")
	})
	for line := range strings.Lines(s.Output()) {
		if strings.Contains(line, "looks like") {
			assert.Contains(t, line, ", id "+id)
		}
	}
	assert.Equal(t, 11, strings.Count(s.Output(), "metadata "+id))

	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(s.dir, "events.db"))})
	require.NoError(t, err)
	defer store.Close()
	kit.Eventually(t, "the refusals in the database", func() bool {
		list, err := store.Events(t.Context(), history.Filter{}, history.Page{})
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Events), 1)
		return len(list.Events) == 1 && list.Events[0].ID == id && list.Events[0].Refusals() == 2
	})
	totals, err := store.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, history.Totals{Span: history.Day, Refused: history.Count{Events: 1, Queries: 13}}, totals[0])
	for path, want := range map[string]string{"/events/" + id: "What it consists of", "/events?text=" + id: `id="e-` + id + `"`} {
		status, body, err := kit.Get(t.Context(), "http://"+s.addr("REVIEW")+path)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, want)
	}
}
