package typoguard

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	runtimemetrics "runtime/metrics"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/bind" // the servers of these tests listen on loopback only

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// failing is a directive that fails in the phase of a start that its argument names.
const failing = caddytest.Failing

// useDirectives makes caddy know what these tests use.
func useDirectives(t *testing.T) { t.Helper(); caddytest.UseDirectives(t) }

// corefile returns a Corefile with one server on a free port of loopback, and further lines in its block.
func corefile(stanza, more string) caddy.CaddyfileInput {
	return caddytest.Corefile(stanza + "\n" + more)
}

// start starts a server. The returned function stops it.
func start(t *testing.T, input caddy.Input) (*caddy.Instance, func(*caddy.Instance)) {
	t.Helper()
	return caddytest.Start(t, input)
}

// waitServing waits until every socket has answered.
func waitServing(t *testing.T, instance *caddy.Instance) {
	t.Helper()
	caddytest.AwaitServing(t, instance)
}

// replaceFile gives a file new content at one stroke.
func replaceFile(t *testing.T, path, content string) { t.Helper(); kit.WriteFile(t, path, content) }

// rcodeOf asks a running server and returns the answer's code.
func rcodeOf(t *testing.T, instance *caddy.Instance, name string) int {
	t.Helper()
	reply, err := dns.Exchange(question(name, dns.TypeMX), instance.Servers()[0].LocalAddr().String())
	require.NoError(t, err)
	return reply.Rcode
}

// TestStackOfQueries: while an instance runs, goroutines start with the stack that a query needs, also after a reload.
func TestStackOfQueries(t *testing.T) {
	useDirectives(t)
	startingSize := func() uint64 {
		runtime.GC()
		samples := []runtimemetrics.Sample{{Name: "/gc/stack/starting-size:bytes"}}
		runtimemetrics.Read(samples)
		return samples[0].Value.Uint64()
	}
	require.Less(t, startingSize(), uint64(8<<10))
	instance, stop := start(t, corefile("typoguard {\nprotect army.mil\n}", ""))
	assert.GreaterOrEqual(t, startingSize(), uint64(8<<10))
	instance = caddytest.Restart(t, instance, corefile("typoguard {\nprotect navy.mil\n}", ""))
	assert.GreaterOrEqual(t, startingSize(), uint64(8<<10))
	stop(instance)
	assert.Less(t, startingSize(), uint64(8<<10))
}

// TestReloads is about 50 reloads, every other of which fails in one of the ways a start can fail: the policy in force
// is the last good one, its files are watched by exactly one goroutine, and in the end none is left.
func TestReloads(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()

	path := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(path, []byte("army.mil\n"), 0o600))
	stanza := func(more string) string { return "typoguard {\nprotect_file " + path + "\n" + more + "\n}" }
	broken := []struct {
		name  string
		input caddy.CaddyfileInput
	}{
		{"a directive's setup", corefile(stanza("protect navy.mil"), failing+" setup")},
		{"a directive's startup", corefile(stanza("protect navy.mil"), failing+" startup")},
		{"a busy port", caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns",
			Contents: append(corefile(stanza("protect navy.mil"), "").Contents, fmt.Sprintf("dns://.:%d {\nbind 127.0.0.1\n}\n", busy.Addr().(*net.TCPAddr).Port)...)}},
		{"the policy", corefile(stanza("protect nl"), "")},
		{"the Corefile's syntax", corefile(stanza("protect navy.mil"), "bind {")},
	}

	instance, stop := start(t, corefile(stanza(""), ""))
	for i := range 25 {
		b := broken[i%len(broken)]
		var err error
		instance, err = instance.Restart(b.input)
		require.Error(t, err, b.name)
		assert.Equal(t, dns.RcodeNameError, rcodeOf(t, instance, "army.ml."), b.name)
		assert.NotEqual(t, dns.RcodeNameError, rcodeOf(t, instance, "navy.ml."), b.name)
		assert.InDelta(t, 1, testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues("default", "protect")), 0, b.name)

		instance, err = instance.Restart(corefile(stanza(""), ""))
		require.NoError(t, err)
		waitServing(t, instance)
		assert.Equal(t, dns.RcodeNameError, rcodeOf(t, instance, "army.ml."))
	}
	stop(instance)
	goleak.VerifyNone(t, ignore)
}

// TestReloadedListReachesQueries: a list that changes on disk changes the answers of the running server, and a server
// that took the policy back after a failed reload still watches.
func TestReloadedListReachesQueries(t *testing.T) {
	useDirectives(t)
	path := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(path, []byte("army.mil\n"), 0o600))
	stanza := "typoguard {\nprotect_file " + path + "\nreload 1s\n}"
	instance, stop := start(t, corefile(stanza, ""))
	defer func() { stop(instance) }()
	require.NotEqual(t, dns.RcodeNameError, rcodeOf(t, instance, "navy.ml."))

	var err error
	instance, err = instance.Restart(corefile(stanza, failing+" startup"))
	require.Error(t, err)
	replaceFile(t, path, "army.mil\nnavy.mil\n")
	require.Eventually(t, func() bool { return rcodeOf(t, instance, "navy.ml.") == dns.RcodeNameError }, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, dns.RcodeNameError, rcodeOf(t, instance, "army.ml."))
}

// TestSeveralServerBlocks: each has its policies, and the gauges tell of all.
func TestSeveralServerBlocks(t *testing.T) {
	useDirectives(t)
	input := corefile("typoguard {\nprotect army.mil navy.mil\n}", "")
	input.Contents = append(input.Contents, "dns://example.:0 dns://example.org.:0 {\nbind 127.0.0.1\ntypoguard {\nprotect mil\nallow ml\n}\ntypoguard other {\nprotect gov\n}\n}\n"...)
	instance, stop := start(t, input)
	defer stop(instance)
	suffixes := func(policy, list string) float64 {
		return testutil.ToFloat64(metrics.PolicySuffixes.WithLabelValues(policy, list))
	}
	assert.InDelta(t, 3, suffixes("default", "protect"), 0)
	assert.InDelta(t, 1, suffixes("default", "allow"), 0)
	assert.InDelta(t, 1, suffixes("other", "protect"), 0)
}

func TestServerAddresses(t *testing.T) {
	config := &dnsserver.Config{ListenHosts: []string{"127.0.0.1", "::1"}}
	got := serverAddresses(config, []string{"dns://.:53", "tls://example.org.:853"})
	assert.Equal(t, []string{"dns://127.0.0.1:53", "dns://[::1]:53", "tls://127.0.0.1:853", "tls://[::1]:853"}, got)
	assert.Equal(t, []string{"dns://:53"}, serverAddresses(&dnsserver.Config{ListenHosts: []string{""}}, []string{"dns://.:53"}))
}
