package typoguard

import (
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/watch"
)

// TestWatchNames: watched are the names that the policies which watch would hide.
func TestWatchNames(t *testing.T) {
	h := handler(t, "typoguard on {\nprotect moedef.de mil\nallow meodef.de\nwatch on\n}\ntypoguard off {\nprotect nato.int\n}")
	var names []string
	for _, n := range h.block.neighbours() {
		assert.Equal(t, "on", n.Policy)
		names = append(names, n.Name)
	}
	assert.Contains(t, names, "medef.de")
	assert.NotContains(t, names, "meodef.de")
	assert.NotContains(t, names, "nto.int")
	h.Next = military()
	reply := h.lookUp(t.Context(), "mx.mil.", dns.TypeMX)
	require.NotNil(t, reply, "by the plugins behind")
	assert.Len(t, reply.Answer, 1)
	assert.True(t, h.block.policies[0].watch)
	assert.False(t, handler(t, "typoguard {\nprotect mil\nwatch off\n}").block.watches())
}

// TestWatchReports: a change is an event for the sinks of the policy, and counted. In the end nothing runs.
func TestWatchReports(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	path := filepath.Join(t.TempDir(), "events.json")
	instance, stop := start(t, corefile("typoguard watches {\nprotect moedef.de\nwatch on\nevents "+path+"\nlog_events off\n}", ""))
	b := running.blocks[0]
	assert.True(t, b.watches())
	names := b.neighbours()
	require.NotEmpty(t, names)
	before := testutil.ToFloat64(metrics.WatchChanges.WithLabelValues("watches", event.TakesMail))
	watchObserver{b}.Changed(&names[0], watch.TakesMail, watch.State{Exists: true, Host: "mx.stranger.example"})
	stop(instance)
	goleak.VerifyNone(t, ignore)
	written := eventsIn(t, path)
	require.Len(t, written, 1)
	for field, want := range map[string]string{
		"event.action": event.TakesMail, "typoguard.lookalike": names[0].Name, "typoguard.via": "mx.stranger.example", "typoguard.policy": "watches", "typoguard.mode": "monitor",
	} {
		assert.Equal(t, want, written[0][field], field)
	}
	assert.Contains(t, written[0]["message"], "it takes mail now, mail server mx.stranger.example")
	assert.InDelta(t, before+1, testutil.ToFloat64(metrics.WatchChanges.WithLabelValues("watches", event.TakesMail)), 0)
}
