package typoguard

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// verdictOn returns what a block says of a name at this moment.
func verdictOn(b *block, name string) policy.Verdict {
	client := policy.ClientAt(netip.MustParseAddr("192.0.2.1"))
	d := b.set.Load().Judge(&policy.Query{Name: name, Type: dns.TypeMX, Client: func() *policy.Client { return client }})
	return d.Verdict
}

// watched runs steps in a bubble of fake time in which the files of a block are watched. A step is a change on disk and
// what must be the verdict on navy.ml before and after the files were next looked at.
func watched(t *testing.T, dir, corefile string, steps func(b *block, pass func(time.Duration))) {
	t.Helper()
	watchedAt(t, dir, corefile, time.Now, steps)
}

// watchedAt is watched with another clock on the wall.
func watchedAt(t *testing.T, dir, corefile string, now func() time.Time, steps func(b *block, pass func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, err := parseCorefile(t, dir, corefile)
		require.NoError(t, err)
		b.now = now
		i := newInstance()
		require.NoError(t, i.add(b))
		require.NoError(t, i.start())
		defer func() { require.NoError(t, i.stop()) }()
		steps(b, func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		})
	})
}

const watchedStanza = "typoguard watched {\nprotect army.mil\nprotect_file list.txt\nallow_file allow.txt\nreload 10s\n}"

func TestWatch(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "af.mil\n", "allow.txt": ""})
	list, allow := filepath.Join(dir, "list.txt"), filepath.Join(dir, "allow.txt")
	reloads := func(result string) float64 { return testutil.ToFloat64(metrics.PolicyReloads.WithLabelValues(result)) }
	ok, failed := reloads(metrics.ResultOK), reloads(metrics.ResultError)
	check := func(b *block, want policy.Verdict, moreOK, moreFailed, successful float64, what string) {
		t.Helper()
		assert.Equal(t, want, verdictOn(b, "navy.ml"), what)
		assert.Equal(t, policy.Lookalike, verdictOn(b, "army.ml"), what)
		assert.InDelta(t, ok+moreOK, reloads(metrics.ResultOK), 0, what)
		assert.InDelta(t, failed+moreFailed, reloads(metrics.ResultError), 0, what)
		assert.InDelta(t, successful, testutil.ToFloat64(metrics.PolicyReloadSuccessful.WithLabelValues("watched")), 0, what)
	}
	watched(t, dir, watchedStanza, func(b *block, elapse func(time.Duration)) {
		check(b, policy.Pass, 0, 0, 1, "at the start")
		elapse(30 * time.Second)
		check(b, policy.Pass, 0, 0, 1, "nothing changed")

		replaceFile(t, list, "navy.mil\n")
		check(b, policy.Pass, 0, 0, 1, "not looked at yet")
		elapse(11 * time.Second)
		check(b, policy.Lookalike, 1, 0, 1, "a good list")

		const gone = "gone"
		for _, step := range []struct {
			file, content          string
			want                   policy.Verdict
			ok, failed, successful float64
			what                   string
		}{
			{list, "navy.mil\naf..mil\n", policy.Lookalike, 1, 1, 0, "a broken list, told of once"},
			{list, gone, policy.Lookalike, 1, 2, 0, "no list"},
			{list, "# nothing\n", policy.Lookalike, 1, 3, 0, "an empty list"},
			{list, "navy.mil\n", policy.Lookalike, 2, 3, 1, "the same list as before"},
			{allow, "navy.ml\n", policy.Allowed, 3, 3, 1, "an allow list"},
			{list, "navy.ml\n", policy.Allowed, 3, 4, 0, "a contradiction between two files"},
			{allow, "# none\n", policy.Protected, 4, 4, 1, "which is resolved"},
		} {
			if step.content == gone {
				require.NoError(t, os.Remove(step.file))
			} else {
				replaceFile(t, step.file, step.content)
			}
			elapse(time.Minute)
			check(b, step.want, step.ok, step.failed, step.successful, step.what)
		}
		assert.InDelta(t, 2, testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("watched", "protect")), 0)
		assert.InDelta(t, 0, testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("watched", "allow")), 0)
	})
}

// TestWatchSettles: a list that is being written is not taken over half.
func TestWatchSettles(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "navy.mil\n", "allow.txt": ""})
	list := filepath.Join(dir, "list.txt")
	watched(t, dir, watchedStanza, func(b *block, elapse func(time.Duration)) {
		require.NoError(t, os.WriteFile(list, []byte("af.mil\n"), 0o600))
		elapse(10*time.Second + settle/2)
		require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
		require.NoError(t, os.WriteFile(list, []byte("af.mil\nnavy.mil\n"), 0o600))
		for range 100 {
			elapse(settle / 10)
			require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
		}
		require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))
	})
}

// TestWatchUntil: a line stops counting at its end, without anybody touching the file.
func TestWatchUntil(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "navy.mil # for good\n", "allow.txt": ""})
	allow := filepath.Join(dir, "allow.txt")
	expiring := func() float64 { return testutil.ToFloat64(metrics.PolicyExpiring.WithLabelValues("watched", "allow")) }
	watched(t, dir, watchedStanza, func(b *block, elapse func(time.Duration)) {
		end := time.Now().Add(10 * 24 * time.Hour)
		replaceFile(t, allow, "navy.ml until="+end.Format(time.RFC3339)+" # ticket 4711\n")
		elapse(11 * time.Second)
		require.Equal(t, policy.Allowed, verdictOn(b, "navy.ml"))
		require.InDelta(t, 0, expiring(), 0)
		elapse(time.Until(end) - 7*24*time.Hour)
		require.InDelta(t, 1, expiring(), 0)
		elapse(time.Until(end) - time.Second)
		require.Equal(t, policy.Allowed, verdictOn(b, "navy.ml"))
		elapse(time.Second)
		require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
		require.InDelta(t, 0, expiring(), 0)
		require.InDelta(t, 0, testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("watched", "allow")), 0)
		replaceFile(t, filepath.Join(dir, "list.txt"), "navy.mil until=2000-01-01\n")
		elapse(11 * time.Second)
		require.Equal(t, policy.Pass, verdictOn(b, "navy.ml"), "what was protected until some time ago")
	})
}

// TestWatchNever: reload 0s leaves the files alone.
func TestWatchNever(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "af.mil\n"})
	watched(t, dir, "typoguard {\nprotect_file list.txt\nreload 0s\n}", func(b *block, elapse func(time.Duration)) {
		replaceFile(t, filepath.Join(dir, "list.txt"), "navy.mil\n")
		elapse(time.Hour)
		require.Equal(t, policy.Pass, verdictOn(b, "navy.ml"))
	})
}
