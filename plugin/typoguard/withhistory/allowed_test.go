package withhistory_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

// opened returns a store of a database until the test ends.
func opened(t *testing.T, path string) *history.Store {
	t.Helper()
	s, err := history.Open(historyconfig.Store{DSN: history.SQLite(path)})
	require.NoError(t, err)
	return s
}

// firstEvent waits for the event of a lookalike, and returns its id.
func firstEvent(t *testing.T, s *history.Store, name string) (id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		list, err := s.Events(context.Background(), history.Filter{Lookalike: name}, history.Page{})
		if err != nil || len(list.Events) == 0 {
			return false
		}
		id = list.Events[0].ID
		return true
	}, patience, 50*time.Millisecond)
	return id
}

// TestAllowFromHistory: what somebody allows on the page passes within seconds, also for commands, while the database is away, and after a
// restart without it; and what is revoked does not.
func TestAllowFromHistory(t *testing.T) {
	caddytest.UseDirectives(t)
	ignore := goleak.IgnoreCurrent()
	dir := t.TempDir()
	path, copies := filepath.Join(dir, "events.db"), t.TempDir()
	corefile := caddytest.Corefile(fmt.Sprintf("typoguard mil {\nprotect mil\nallow_from history\ncache_dir %s\nhistory sqlite://%s\nreload 1s\n}", copies, path))
	loaded := func() policy.Decision {
		blocks, err := typoguard.Load(corefile)
		require.NoError(t, err)
		d := blocks[0].Judge(&policy.Query{Name: "us.army.ml", Type: dns.TypeMX})
		if d.Verdict == policy.Allowed {
			suffix, ok := blocks[0].Noted("army.ml")
			assert.True(t, ok)
			assert.Contains(t, suffix.Note, "mail team: a partner")
			assert.Equal(t, "sqlite://"+path+"#mil:2", suffix.At.String())
		}
		return d
	}
	assert.Equal(t, policy.Lookalike, loaded().Verdict)
	assert.NoFileExists(t, path, "reading begins no history")

	instance, stop := caddytest.Start(t, corefile)
	require.Equal(t, dns.RcodeNameError, ask(t, instance, "us.army.ml."))
	s := opened(t, path)
	_, err := s.Allow(t.Context(), history.Allowance{Event: firstEvent(t, s, "us.army.ml"), Suffix: "army.ml", Owner: "mail team", Reason: "a partner"})
	require.NoError(t, err)
	passes := func(want bool) {
		t.Helper()
		require.Eventually(t, func() bool { return (ask(t, instance, "us.army.ml.") != dns.RcodeNameError) == want }, 5*time.Second, 50*time.Millisecond)
	}
	passes(true)
	assert.Equal(t, dns.RcodeNameError, ask(t, instance, "navy.ml."))
	assert.Equal(t, policy.Allowed, loaded().Verdict)

	require.NoError(t, s.Revoke(t.Context(), "mil", "army.ml", ""))
	passes(false)
	_, err = s.Allow(t.Context(), history.Allowance{Event: firstEvent(t, s, "us.army.ml"), Suffix: "army.ml", Owner: "mail team", Reason: "a partner"})
	require.NoError(t, err)
	passes(true)
	require.NoError(t, s.Close())

	require.NoError(t, os.Rename(dir, dir+".away"))
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir+".away")) })
	require.Eventually(t, func() bool { return testutil.ToFloat64(metrics.PolicyReloadSuccessful.WithLabelValues("mil")) == 0 }, patience, 50*time.Millisecond)
	passes(true)
	require.NoError(t, os.Mkdir(dir, 0o700)) // as an empty place to mount
	instance = caddytest.Restart(t, instance, corefile)
	ask(t, instance, "af.ml.")
	fresh := opened(t, path)
	firstEvent(t, fresh, "af.ml")
	require.NoError(t, fresh.Close())
	passes(true)
	assert.Equal(t, policy.Allowed, loaded().Verdict)
	stop(instance)
	goleak.VerifyNone(t, ignore)
}
