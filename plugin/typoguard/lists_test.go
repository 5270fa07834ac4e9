package typoguard

import (
	"bytes"
	"fmt"
	golog "log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coredns/caddy"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// logged is what CoreDNS's log has been sent.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String returns what has been logged.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// keepLog returns what is logged until the test ends.
func keepLog(t *testing.T) *logged {
	t.Helper()
	l := new(logged)
	golog.SetOutput(l)
	t.Cleanup(clog.Discard)
	return l
}

// ships returns a list of so many suffixes: ship1.mil…
func ships(n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "ship%d.mil\n", i+1)
	}
	return list.String()
}

// TestLosingLists: a list that turns to rubbish in the background is not taken over.
func TestLosingLists(t *testing.T) {
	const refused = "reload failed, keeping the previous lists"
	tests := []struct {
		name, options, before, after string
		log                          string // "" if the list is taken
	}{
		{"one of 200 lines", "", ships(200), ships(1), "200 suffixes before, 1 after (+0 −199); expected it to lose at most 50% (shrink)"},
		{"an error page", "", ships(200), "unavailable\n", "200 suffixes before, 1 after (+1 −200)"},
		{"another list", "", ships(10), strings.ReplaceAll(ships(10), "ship", "boat"), "10 suffixes before, 10 after (+10 −10)"},
		{"null in a short list", "", ships(2), "null\n", `"null" is no top-level domain`},
		{"an added line of a log", "", ships(20), ships(20) + "unavailable\n", `"unavailable" is no top-level domain (20 suffixes before, 21 after (+1 −0))`},
		{"half", "", ships(200), ships(100), ""},
		{"less than half", "", ships(200), ships(99), "(+0 −101)"},
		{"a short list", "", ships(9), ships(1), ""},
		{"a smaller percentage", "shrink 10", ships(200), ships(179), "expected it to lose at most 10% (shrink)"},
		{"any percentage", "shrink 100", ships(200), ships(1), ""},
		{"a top-level domain", "", ships(20), ships(20) + "army\n", ""},
		{"an internationalised top-level domain", "", ships(20), ships(20) + "рус\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := writeLists(t, map[string]string{"list.txt": tt.before})
			out := keepLog(t)
			watched(t, dir, "typoguard losing {\nprotect_file list.txt\nreload 10s\n"+tt.options+"\n}", func(b *block, elapse func(time.Duration)) {
				suffixes := testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("losing", "protect"))
				replaceFile(t, filepath.Join(dir, "list.txt"), tt.after)
				elapse(10 * time.Minute)
				after := testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("losing", "protect"))
				successful := testutil.ToFloat64(metrics.PolicyReloadSuccessful.WithLabelValues("losing"))
				age := time.Since(time.Unix(int64(testutil.ToFloat64(metrics.ListSuccess.WithLabelValues("losing", filepath.Join(dir, "list.txt")))), 0))
				if tt.log == "" {
					assert.InDelta(t, 1, successful, 0)
					assert.InDelta(t, strings.Count(tt.after, "\n"), after, 0)
					assert.Less(t, age, 12*time.Second)
					assert.NotContains(t, out.String(), refused)
					return
				}
				assert.InDelta(t, 0, successful, 0)
				assert.InDelta(t, suffixes, after, 0)
				assert.Greater(t, age, 9*time.Minute)
				assert.Equal(t, 1, strings.Count(out.String(), refused), "one line")
				assert.Contains(t, out.String(), tt.log)
				assert.Equal(t, policy.Lookalike, verdictOn(b, "ship1.ml"))
			})
		})
	}
}

// TestLosingListsAtRestart: a restart or a reload of the Corefile takes what is refused in the background, and says so.
func TestLosingListsAtRestart(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": ships(200)})
	const corefile = "typoguard mil {\nprotect_file list.txt\n}"
	began := func() *instance {
		b, err := parseCorefile(t, dir, corefile)
		require.NoError(t, err)
		i := newInstance()
		require.NoError(t, i.add(b))
		require.NoError(t, i.start())
		return i
	}
	first := began()
	out := keepLog(t)
	replaceFile(t, filepath.Join(dir, "list.txt"), "null\n")
	second := began()
	assert.Contains(t, out.String(), `policy "mil": `+dir+`/list.txt has lost many suffixes since it was last loaded, and is taken nevertheless: 200 suffixes before, 1 after (+1 −200)`)
	assert.Contains(t, out.String(), `policy "mil": `+dir+`/list.txt:1: "null" is no top-level domain; is this the right list?`)
	assert.Equal(t, policy.Pass, verdictOn(second.blocks[0], "ship1.ml"))
	require.NoError(t, first.stop())
	require.NoError(t, second.stop())
}

// TestListThatBlocks: a list that is a pipe fails alone, and holds up nothing.
func TestListThatBlocks(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "army.mil\n", "other.txt": "af.mil\n"})
	watched(t, dir, "typoguard blocks {\nprotect_file list.txt other.txt\nreload 10s\n}", func(b *block, elapse func(time.Duration)) {
		list := filepath.Join(dir, "list.txt")
		require.NoError(t, os.Remove(list))
		require.NoError(t, syscall.Mkfifo(list, 0o600))
		elapse(time.Minute)
		require.Equal(t, policy.Lookalike, verdictOn(b, "army.ml"))
		require.Equal(t, policy.Pass, verdictOn(b, "navy.ml"))
		require.ErrorContains(t, b.lists[0].Stale(), list+" is not a regular file")
		replaceFile(t, filepath.Join(dir, "other.txt"), "af.mil\nnavy.mil\n")
		elapse(time.Minute)
		require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"), "the other list is taken")
		require.Equal(t, policy.Lookalike, verdictOn(b, "army.ml"))
		require.InDelta(t, 0, testutil.ToFloat64(metrics.PolicyReloadSuccessful.WithLabelValues("blocks")), 0)
	})
}

// startWithout starts an instance with stanzas whose list the list server has not got, and returns the log.
func startWithout(t *testing.T, s *listServer, stanzas string) (*block, *logged) {
	t.Helper()
	s.set("", http.StatusBadGateway)
	out := keepLog(t)
	b, err := parseCorefile(t, "", stanzas)
	require.NoError(t, err)
	i := newInstance()
	require.NoError(t, i.add(b))
	require.NoError(t, i.start())
	t.Cleanup(func() { require.NoError(t, i.stop()) })
	return b, out
}

// TestNothingIsProtected: a server that starts without its list says so in one line, and tries again after a second.
func TestNothingIsProtected(t *testing.T) {
	s := newListServer(t, "navy.mil\n")
	b, out := startWithout(t, s, "typoguard mil {\nprotect_file "+s.URL+"\non_missing start\nreload 1h\n}")
	assert.Equal(t, 1, strings.Count(out.String(), `policy "mil": NOTHING IS PROTECTED until its lists can be fetched: `))
	s.set("navy.mil\n", 0)
	assert.Eventually(t, func() bool { return verdictOn(b, "navy.ml") == policy.Lookalike }, 10*time.Second, 10*time.Millisecond)
}

// TestAllowListMissing: while it is unknown what is allowed, mail to lookalikes waits: it neither leaks nor bounces.
func TestAllowListMissing(t *testing.T) {
	s := newListServer(t, "gov.ml\n")
	b, out := startWithout(t, s, "typoguard mil {\nprotect mil\nallow_file "+s.URL+"\non_missing start\nreload 1h\n}\ntypoguard other {\nprotect army.nl\n}")
	assert.Equal(t, 1, strings.Count(out.String(), `policy "mil": starting without a list of what is allowed; LOOKALIKES ARE ANSWERED WITH SERVFAIL`))
	h := newTypoguard(b)
	h.Next = replying(t, signedReply(t, "partner.example. 300 IN MX 10 mx.partner.example."))
	for _, name := range []string{"gov.ml. MX", "navy.ml. MX", "arny.nl. MX"} {
		reply := ask(t, t.Context(), h, withEDNS(asked(name), 1232, false))
		assert.Equal(t, dns.RcodeServerFailure, reply.Rcode, name)
		require.Len(t, ede(reply), 1)
		assert.Contains(t, ede(reply)[0].ExtraText, "an allow list missing")
	}
	assert.Equal(t, dns.RcodeSuccess, ask(t, t.Context(), h, asked("partner.example. MX")).Rcode)
	h.Next = replying(t, signedReply(t, "alias.example. 300 IN CNAME gov.ml.\ngov.ml. 300 IN MX 10 mx.gov.ml."))
	alias := ask(t, t.Context(), h, asked("alias.example. MX"))
	assert.Equal(t, dns.RcodeServerFailure, alias.Rcode)
	assert.Empty(t, alias.Answer)
	_, err := newInstance().feedInput(b, &feedZone{})
	require.ErrorContains(t, err, "a list of what is allowed has never been there", "secondaries would hide what it allows")
	s.set("gov.ml\n", 0)
	assert.Eventually(t, func() bool { return verdictOn(b, "gov.ml") == policy.Allowed }, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, dns.RcodeNameError, ask(t, t.Context(), h, asked("navy.ml. MX")).Rcode)
}

// TestAllowListEmpty: a list of what is allowed that is empty is being written, or the disk is full; one with a comment is meant.
func TestAllowListEmpty(t *testing.T) {
	dir := writeLists(t, map[string]string{"allow.txt": "gov.ml\n"})
	watched(t, dir, "typoguard {\nprotect mil\nallow_file allow.txt\nreload 10s\n}", func(b *block, elapse func(time.Duration)) {
		for _, step := range []struct {
			content string
			want    policy.Verdict
		}{{"", policy.Allowed}, {"\n", policy.Allowed}, {"# none\n", policy.Lookalike}, {"", policy.Lookalike}} {
			replaceFile(t, filepath.Join(dir, "allow.txt"), step.content)
			elapse(time.Minute)
			assert.Equal(t, step.want, verdictOn(b, "gov.ml"), "%q", step.content)
		}
	})
}

// TestClockJumps: entries that have expired only because the clock was wrong come back with the right time.
func TestClockJumps(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "navy.mil until=2001-01-01\naf.mil\n"})
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	watchedAt(t, dir, "typoguard {\nprotect_file list.txt\n}", now, func(b *block, elapse func(time.Duration)) {
		for _, step := range []struct {
			years int
			want  policy.Verdict
		}{{0, policy.Lookalike}, {10, policy.Pass}, {0, policy.Lookalike}, {-10, policy.Lookalike}, {10, policy.Pass}, {0, policy.Lookalike}} {
			offset.Store(int64(time.Duration(step.years) * 365 * 24 * time.Hour))
			elapse(longestWait + time.Second)
			require.Equal(t, step.want, verdictOn(b, "navy.ml"), "%+d years", step.years)
			require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))
		}
	})
}

// TestTrialEndsAfterJumps: a policy that only monitors until a time does so by the clock as it is, in decisions and in metrics.
func TestTrialEndsAfterJumps(t *testing.T) {
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	watchedAt(t, t.TempDir(), "typoguard trial {\nprotect navy.mil\nmode monitor until=2001-01-01\n}", now, func(b *block, elapse func(time.Duration)) {
		for _, step := range []struct {
			years int
			want  policy.Mode
		}{{0, policy.Monitor}, {10, policy.Enforce}, {0, policy.Monitor}, {-10, policy.Monitor}, {10, policy.Enforce}} {
			offset.Store(int64(time.Duration(step.years) * 365 * 24 * time.Hour))
			d := b.set.Load().Judge(&policy.Query{Name: "navy.ml", Type: dns.TypeMX, Now: now})
			require.Equal(t, step.want, d.Mode, "%+d years", step.years)
			elapse(longestWait + time.Second)
			assert.InDelta(t, 1, testutil.ToFloat64(metrics.PolicyInfo.WithLabelValues("trial", b.set.Load().Hashes[0], step.want.String(), "nxdomain", caddy.AppVersion)), 0)
			assert.Equal(t, 1, testutil.CollectAndCount(metrics.PolicyInfo))
		}
	})
}

// TestInForce: the log says what is in force at the start and after each change, and the hash changes with the suffixes and nothing else.
func TestInForce(t *testing.T) {
	dir := writeLists(t, map[string]string{"list.txt": "army.mil\naf.mil\n", "allow.txt": "gov.ml\n"})
	list := filepath.Join(dir, "list.txt")
	out := keepLog(t)
	hash := func() string {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		_, hash, ok := strings.Cut(lines[len(lines)-1], ", hash ")
		require.True(t, ok, lines[len(lines)-1])
		return hash
	}
	watched(t, dir, "typoguard watched {\nprotect_file list.txt\nallow_file allow.txt\nclients 192.0.2.0/24\nclient_subnet_from 203.0.113.53\naction sinkhole 192.0.2.25\nlookalike_zone list.corp.example\n"+
		"mode monitor until=2000-01-02T00:00:00Z\nreload 10s\n}", func(_ *block, elapse func(time.Duration)) {
		assert.Contains(t, out.String(), `policy "watched" in force: mode monitor until 2000-01-02T00:00:00Z, 2 protected, 1 allowed, action sinkhole 192.0.2.25, `+
			`clients 192.0.2.0/24, client_subnet_from 203.0.113.53/32, list `+list+` of 2000-01-01T00:00:00Z, list `+dir+`/allow.txt of 2000-01-01T00:00:00Z, list zone list.corp.example, hash `)
		info := func(mode string) float64 {
			return testutil.ToFloat64(metrics.PolicyInfo.WithLabelValues("watched", hash(), mode, "sinkhole", caddy.AppVersion))
		}
		assert.InDelta(t, 1, info("monitor"), 0)
		first := hash()
		replaceFile(t, list, "army.mil\nnavy.mil\n")
		elapse(11 * time.Second)
		assert.NotEqual(t, first, hash())
		assert.Contains(t, out.String(), "2 protected")
		replaceFile(t, list, "af.mil # the same in another order\narmy.mil\narmy.mil\n")
		elapse(11 * time.Second)
		assert.Equal(t, first, hash())
		elapse(25 * time.Hour)
		assert.InDelta(t, 1, info("enforce"), 0)
		assert.Equal(t, 1, testutil.CollectAndCount(metrics.PolicyInfo), "what is no longer in force is gone")
	})
}

// TestIntervals: what failed is tried again soon, and then less and less often.
func TestIntervals(t *testing.T) {
	i := &intervals{reload: 30 * time.Second, retry: firstRetry}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		assert.InDelta(t, want*time.Second, i.next(suffixlist.Failed), float64(want*time.Second)/9)
	}
	assert.Equal(t, settle, i.next(suffixlist.Unsettled))
	assert.Equal(t, 30*time.Second, i.next(suffixlist.Unchanged))
	assert.InDelta(t, time.Second, i.next(suffixlist.Failed), float64(time.Second)/9)
	i.fetched = true
	seen := map[time.Duration]bool{}
	for range 10 {
		next := i.next(suffixlist.Unchanged)
		assert.InDelta(t, 30*time.Second, next, float64(30*time.Second)/9)
		seen[next] = true
	}
	assert.Greater(t, len(seen), 1, "many hosts do not ask in step")
}
