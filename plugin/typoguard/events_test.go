package typoguard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	golog "log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// eventsIn returns the events in a file, of which there may be none yet.
func eventsIn(t require.TestingT, path string) []map[string]any {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	var all []map[string]any
	for line := range bytes.Lines(content) {
		fields := map[string]any{}
		require.NoError(t, json.Unmarshal(line, &fields), "%s", line)
		all = append(all, fields)
	}
	return all
}

// TestEvents: what clients ask for reaches the file, with the lookups of one delivery as one event, and the id of its
// Extended DNS Error. Reloads in between, good and bad ones, neither lose nor split anything, and in the end nothing runs.
func TestEvents(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	path := filepath.Join(t.TempDir(), "events.json")
	stanza := "typoguard mil {\nprotect mil\nevents " + path + "\nclient_mask 8 0\nlog_events off\n}\ntypoguard trial {\nprotect army.nl\nmode monitor\nevents " + path + "\n}"
	instance, stop := start(t, corefile(stanza, ""))
	ask := func(name string, qtype uint16) *dns.Msg {
		r := question(name, qtype).SetEdns0(1232, false)
		reply, err := dns.Exchange(r, instance.Servers()[0].LocalAddr().String())
		require.NoError(t, err)
		return reply
	}
	blocked := ask("US.army.ml.", dns.TypeMX)
	var err error
	instance, err = instance.Restart(corefile(stanza, failing+" startup"))
	require.Error(t, err)
	ask("us.army.ml.", dns.TypeA)
	instance, err = instance.Restart(corefile(stanza, ""))
	require.NoError(t, err)
	waitServing(t, instance)
	ask("us.army.ml.", dns.TypeAAAA)
	ask("amry.nl.", dns.TypeMX)
	ask("example.org.", dns.TypeMX)
	stop(instance)
	goleak.VerifyNone(t, ignore)

	last := map[string]map[string]any{} // by id: what was written last counts
	for _, e := range eventsIn(t, path) {
		last[e["event.id"].(string)] = e
	}
	require.Len(t, last, 2)
	for id, e := range last {
		if e["rule.name"] == "trial" {
			assert.Equal(t, "amry.nl", e["dns.question.name"])
			assert.Equal(t, "127.0.0.1", e["client.ip"])
			assert.NotContains(t, e, "dns.response_code")
			continue
		}
		assert.Contains(t, ede(blocked)[0].ExtraText, "id "+id+")")
		assert.Equal(t, "us.army.ml", e["dns.question.name"])
		assert.Equal(t, "us.army.mil", e["typoguard.intended"])
		assert.InDelta(t, 3, e["typoguard.count"], 0)
		assert.Equal(t, []any{"MX", "A", "AAAA"}, e["typoguard.types"])
		assert.Equal(t, "NXDOMAIN", e["dns.response_code"])
		assert.Equal(t, "127.0.0.0", e["client.ip"], "masked")
		assert.Equal(t, true, e["typoguard.new_client"])
	}
}

// TestEventsReconfigured: after a reload events go where the new Corefile says, and what was for the old sinks is there.
func TestEventsReconfigured(t *testing.T) {
	useDirectives(t)
	dir := t.TempDir()
	stanza := func(file string) string {
		return "typoguard {\nprotect mil\nevents " + filepath.Join(dir, file) + "\n}"
	}
	instance, stop := start(t, corefile(stanza("old.json size 1MB"), ""))
	rcodeOf(t, instance, "army.ml.")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Len(c, eventsIn(t, filepath.Join(dir, "old.json")), 1)
	}, 10*time.Second, 20*time.Millisecond)
	var err error
	instance, err = instance.Restart(corefile(stanza("new.json"), ""))
	require.NoError(t, err)
	waitServing(t, instance)
	rcodeOf(t, instance, "navy.ml.")
	stop(instance)
	assert.Len(t, eventsIn(t, filepath.Join(dir, "old.json")), 1)
	require.Len(t, eventsIn(t, filepath.Join(dir, "new.json")), 1)
	assert.Equal(t, "navy.ml", eventsIn(t, filepath.Join(dir, "new.json"))[0]["dns.question.name"])
}

// TestDnstapMissing: a policy that tells nobody does not start.
func TestDnstapMissing(t *testing.T) {
	useDirectives(t)
	_, err := caddy.Start(corefile("typoguard {\nprotect mil\ndnstap on\n}", ""))
	require.EqualError(t, err, "plugin/typoguard: Corefile:5 - Error during parsing: dnstap: no dnstap plugin in the server block; expected one to send the messages")
}

// hitOf returns what a handler finds about a query for a lookalike.
func hitOf(t *testing.T, h *Typoguard, w dns.ResponseWriter, r *dns.Msg) *hit {
	t.Helper()
	found := h.judge(t.Context(), w, r).hit
	require.NotNil(t, found)
	require.True(t, found.Covered())
	return found
}

// TestNewEvent: an event has what the answer has.
func TestSight(t *testing.T) {
	for action, code := range map[string]string{"nxdomain": "NXDOMAIN", "nodata": "NOERROR", "nullmx": "NOERROR", "sinkhole 192.0.2.1": "NOERROR"} {
		h := handler(t, "typoguard {\nprotect army.mil\naction "+action+"\n}")
		e := newEvent(hitOf(t, h, &test.ResponseWriter{}, question("US.army.ml.", dns.TypeMX)))
		assert.Regexp(t, "^[a-z2-7]{10}$", e.ID)
		assert.WithinDuration(t, time.Now(), e.First, time.Minute)
		e.ID, e.First, e.Last = "", time.Time{}, time.Time{}
		assert.Equal(t, event.Event{
			To: []string{"log"}, Client: "10.240.0.1", Action: strings.Fields(action)[0], Mode: "enforce",
			Lookalike: event.Lookalike{Protected: "army.mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "default"},
			Name:      "us.army.ml", Question: "us.army.ml", Type: "MX", ResponseCode: code,
		}, e)
	}
}

// TestNewEventForwarder: the client is whom a trusted forwarder asks for, and else the forwarder.
func TestNewEventForwarder(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil\nclients 192.0.2.0/24 10.240.0.1\nclient_subnet_from 10.240.0.1\nclient_mask 28 56\n}")
	for name, want := range map[string][2]string{"192.0.2.33": {"192.0.2.32", "10.240.0.1"}, "": {"10.240.0.0", ""}} {
		r := question("army.ml.", dns.TypeMX).SetEdns0(1232, false)
		if name != "" {
			r.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 32, Address: net.ParseIP(name)}}
		}
		e := newEvent(hitOf(t, h, &test.ResponseWriter{}, r))
		assert.Equal(t, want, [2]string{e.Client, e.Via})
	}
}

// TestNewEventTarget: an event about a record in a reply has both names.
func TestNewEventTarget(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil\ninspect mx\n}")
	q := h.judge(t.Context(), &test.ResponseWriter{}, question("Partner.example.", dns.TypeMX))
	ask, reply := q.ask(), &dns.Msg{Answer: []dns.RR{test.MX("partner.example. 60 IN MX 10 MX.army.ml.")}}
	in := q.set().Inspect(&ask, reply, &policy.ReplyDecision{})
	found := q.reportAll(in.Findings, in.By)
	require.NotNil(t, found)
	e := newEvent(found)
	assert.Equal(t, []string{"mx.army.ml", "partner.example", "MX", "mx.army.mil", ""}, []string{e.Name, e.Question, e.Record, e.Intended, e.ResponseCode})
	assert.Contains(t, reason(found, ""), "id "+e.ID)
}

// captureLog returns what is logged meanwhile, in a format.
func captureLog(t *testing.T, format string, during func()) string {
	t.Helper()
	var out bytes.Buffer
	flags := golog.Flags()
	require.NoError(t, clog.Configure(format, &out))
	golog.SetFlags(0)
	defer func() {
		require.NoError(t, clog.Configure("text", io.Discard))
		golog.SetFlags(flags)
	}()
	during()
	return out.String()
}

// TestLogTarget: the essentials are in the text, all of it in JSON, and a flood fills no disk.
func TestLogTarget(t *testing.T) {
	e := &event.Event{ID: "abcdefghij", Count: 1, Name: "army.ml",
		Lookalike: event.Lookalike{Protected: "mil", Intended: "army.mil", Kind: "omission", Distance: 1, Policy: "mil"},
		Client:    "192.0.2.1", Type: "MX", Action: "nxdomain"}
	write := func(times int) func() {
		return func() {
			target, err := newLogTarget()
			require.NoError(t, err)
			for range times {
				n, err := target.Write(t.Context(), []*event.Event{e})
				require.NoError(t, err)
				require.Equal(t, 1, n)
			}
			require.NoError(t, target.Close())
		}
	}
	assert.Equal(t, "[INFO] plugin/typoguard: army.ml looks like army.mil (omission, policy mil): client 192.0.2.1 asked for MX, "+
		"answered nxdomain, id abcdefghij\n", captureLog(t, "text", write(1)))
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(captureLog(t, "json", write(1))), &fields))
	for field, want := range map[string]any{"level": "INFO", "plugin": "typoguard", "event.id": "abcdefghij", "typoguard.distance": 1.0, "client.ip": "192.0.2.1"} {
		assert.Equal(t, want, fields[field], field)
	}
	before := testutil.ToFloat64(metrics.EventsDropped.WithLabelValues(logSink))
	lines := strings.Count(captureLog(t, "text", write(10*eventsAtOnce)), "\n")
	dropped := testutil.ToFloat64(metrics.EventsDropped.WithLabelValues(logSink)) - before
	assert.Less(t, lines, 2*eventsAtOnce)
	assert.InDelta(t, 10*eventsAtOnce, float64(lines)+dropped, 2+eventsAtOnce/10)
}
