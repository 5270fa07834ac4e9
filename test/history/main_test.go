//go:build e2e

// Package history_test kills, starves and starts the databases of histories, and the resolvers that write to them, and counts
// what is lost. It runs as root on Debian.
package history_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/postgres"
)

// wink is how long to wait before asking again.
const wink = 100 * time.Millisecond

// resolver is a running one.
type resolver struct {
	*kit.Process
	dns, metrics, review string // addresses
}

// start starts a resolver with a history, under a host name, or that of this host if it is "", and with further options. It is stopped when
// the test ends, unless it has been before.
func start(t *testing.T, dsn, hostname string, options ...string) *resolver {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	return startWith(t, dsn, hostname, options, binary)
}

// startProgram is start for another program, or for one that becomes it.
func startProgram(t *testing.T, dsn, hostname string, command ...string) *resolver {
	t.Helper()
	return startWith(t, dsn, hostname, nil, command...)
}

func startWith(t *testing.T, dsn, hostname string, options []string, command ...string) *resolver {
	t.Helper()
	r := new(resolver)
	require.NoError(t, kit.FreeAddresses(&r.dns, &r.metrics, &r.review))
	_, port, err := net.SplitHostPort(r.dns)
	require.NoError(t, err)
	content := fmt.Sprintf(".:%s {\nbind 127.0.0.1\nerrors\nprometheus %s\ntypoguard {\nprotect army.mil\nlog_events off\nhistory %s\nreview %s\n%s\n}\n}\n",
		port, r.metrics, dsn, r.review, strings.Join(options, "\n"))
	if hostname != "" {
		command = append([]string{"unshare", "--uts", "sh", "-c", "hostname " + hostname + ` && exec "$0" "$@"`}, command...)
	}
	r.Process, err = kit.Serve(t.Context(), t.TempDir(), content, r.dns, command...)
	require.NoError(t, err)
	t.Cleanup(func() {
		r.End(syscall.SIGTERM)
		assert.NotContains(t, r.Output(), "panic")
		if t.Failed() {
			t.Log(r.Output())
		}
	})
	return r
}

// ask looks up n different lookalikes, the first of which has a number, one after the other, and returns when each was asked
// for. Each is hidden, and nobody waits for a database.
func (r *resolver) ask(t *testing.T, from, n int, pause time.Duration) []time.Time {
	t.Helper()
	client, asked := &dns.Client{Timeout: 2 * time.Second}, make([]time.Time, 0, n)
	var tick <-chan time.Time
	if pause > 0 {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		tick = ticker.C
	}
	for i := range n {
		if tick != nil {
			<-tick
		}
		reply, _, err := client.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(lookalike(from+i)+".", dns.TypeMX), r.dns)
		require.NoError(t, err)
		require.Equal(t, dns.RcodeNameError, reply.Rcode)
		asked = append(asked, time.Now())
	}
	return asked
}

// lookalike is the n-th lookalike.
func lookalike(n int) string { return fmt.Sprintf("n%d.army.ml", n) }

// metric returns the value of a series of the history.
func (r *resolver) metric(t require.TestingT, metric string) int {
	m, err := kit.Scrape(context.Background(), r.metrics)
	require.NoError(t, err)
	for series, value := range m {
		if strings.HasPrefix(series, "coredns_typoguard_"+metric+`{sink="`) && strings.Contains(series, "://") {
			return int(value)
		}
	}
	require.FailNow(t, "no series", metric)
	return 0
}

// page returns the status of the review page.
func (r *resolver) page(t *testing.T) int {
	t.Helper()
	status, _, err := kit.Get(t.Context(), "http://"+r.review+"/")
	require.NoError(t, err)
	return status
}

// awaitSink returns when the history is, or is not, written to.
func (r *resolver) awaitSink(t *testing.T, up int) {
	t.Helper()
	require.Eventually(t, func() bool { return r.metric(t, "events_sink_up") == up }, 2*kit.Patience, wink)
}

// kept returns how often each lookalike is in a history, and by which hosts.
func kept(t require.TestingT, dsn string) (names, hosts map[string]int) {
	store, err := history.Open(historyconfig.Store{DSN: dsn})
	require.NoError(t, err)
	defer store.Close()
	names, hosts = map[string]int{}, map[string]int{}
	require.NoError(t, store.Each(context.Background(), history.Filter{}, func(e *history.Event) error {
		names[e.Name]++
		hosts[e.Host]++
		return nil
	}))
	return names, hosts
}

// awaitAll returns when n different lookalikes are in a history, each of them once.
func awaitAll(t *testing.T, dsn string, n int) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		names, _ := kept(c, dsn)
		assert.Len(c, names, n)
		for name, times := range names {
			assert.Equal(c, 1, times, name)
		}
	}, 3*kit.Patience, wink)
}

// startPostgres starts a server until the test ends.
func startPostgres(t *testing.T) *postgres.Server {
	t.Helper()
	s, err := postgres.New(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// asking returns a function that runs a statement in a server, and returns what it prints.
func asking(t *testing.T, server *postgres.Server) func(statement string) string {
	t.Helper()
	return func(statement string) string {
		t.Helper()
		out, err := server.SQL(t.Context(), "postgres", statement)
		require.NoError(t, err)
		return strings.TrimSpace(out)
	}
}

// together does several things at the same time.
func together(do ...func()) {
	var all sync.WaitGroup
	for _, f := range do {
		all.Go(f)
	}
	all.Wait()
}
