package dns_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// kept is a Corefile with a history and a page.
func kept(dsn, more string) string {
	return `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    typoguard mail {
        protect army.mil
        history ` + dsn + `
        review {$HOST}:{$REVIEW}
        ` + more + `
    }
    forward . {$UPSTREAM}
}
`
}

// page asks for the review page, and returns the status of the reply.
func (s *server) page(t *testing.T) int {
	t.Helper()
	status, _, err := kit.Get(t.Context(), "http://"+s.addr("REVIEW")+"/")
	require.NoError(t, err)
	return status
}

// hidden asks for a lookalike, and returns how long the answer took.
func (s *server) hidden(t *testing.T, name string) time.Duration {
	t.Helper()
	client := &dns.Client{Timeout: patience}
	begin := time.Now()
	reply, _, err := client.Exchange(query(name, dns.TypeMX), s.addr("DNS"))
	require.NoError(t, err)
	assert.Equal(t, dns.RcodeNameError, reply.Rcode)
	return time.Since(begin)
}

// TestHistoryUnreachable: with a database that is not there the server starts, answers at once, says so, and stops in time.
func TestHistoryUnreachable(t *testing.T) {
	t.Parallel()
	dead := kit.FreeAddress(t)
	s := start(t, newUpstream(t).addr, kept("postgres://typoguard:secret@"+dead+"/events", ""))
	sink := `sink="postgres://typoguard@` + dead + `/events"`
	for i := range 20 {
		assert.Less(t, s.hidden(t, fmt.Sprintf("n%d.army.ml.", i)), patience/4, "nobody waits for the database")
	}
	kit.Eventually(t, "the metric to say that the sink is down", func() bool {
		return s.metrics(t).Sum(t, "coredns_typoguard_events_sink_up", sink) == 0
	})
	assert.Positive(t, s.metrics(t).Sum(t, "coredns_typoguard_events_errors_total", sink))
	assert.GreaterOrEqual(t, s.page(t), 500, "the page says it, too")
	assert.Less(t, s.hidden(t, "army.ml."), patience/4)
	kit.Eventually(t, "the log to say it", func() bool {
		return strings.Contains(s.Output(), "events: writing to postgres://typoguard@"+dead+"/events failed")
	})
	assert.NotContains(t, s.Output(), "secret")
}

// TestHistorySilent: a database that takes connections and says nothing keeps nobody waiting either: no query, no reload, and not
// the end, for which a supervisor waits.
func TestHistorySilent(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", net.JoinHostPort(localhost, "0"))
	require.NoError(t, err)
	defer silent.Close()
	dir := t.TempDir()
	dsn := "postgres://typoguard@" + silent.Addr().String() + "/events"
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), kept(dsn, ""))
	s := startIn(t, dir, localhost, newUpstream(t).addr)
	go func() { // somebody looks at the page
		reply, err := http.Get("http://" + s.addr("REVIEW") + "/")
		if err == nil {
			_ = reply.Body.Close()
		}
	}()
	for i := range 20 {
		assert.Less(t, s.hidden(t, fmt.Sprintf("n%d.army.ml.", i)), patience/4)
	}
	kit.Eventually(t, "the events to be on their way", func() bool { return strings.Contains(s.Output(), "n19.army.ml looks like") })
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), kept(dsn+"?application_name=other", "allow arm.mil"))
	from, to := s.reload(t, "[INFO] Reloading complete")
	assert.Less(t, to.Sub(from), 10*time.Second, "the reload")
	s.hidden(t, "army.ml.")
	begin := time.Now()
	require.NoError(t, s.Signal(syscall.SIGTERM))
	<-s.Exited()
	assert.Less(t, time.Since(begin), 10*time.Second, "the end")
	t.Logf("reload %s, end %s", to.Sub(from), time.Since(begin))
}

// TestHistoryReload: a reload keeps history and page, whether the new Corefile is good or not, and another page takes the place
// of the first. In the end all events are there.
func TestHistoryReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const dsn = "sqlite://{$DIR}/events.db"
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), kept(dsn, ""))
	s := startIn(t, dir, localhost, newUpstream(t).addr)
	s.hidden(t, "one.army.ml.")
	assert.Equal(t, http.StatusOK, s.page(t))

	kit.WriteFile(t, filepath.Join(dir, "Corefile"), kept(dsn, "allow not..a..suffix"))
	s.reload(t, "[ERROR] SIGUSR1: ")
	assert.Equal(t, http.StatusOK, s.page(t))
	s.hidden(t, "two.army.ml.")

	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.Replace(kept(dsn, ""), "{$HOST}:{$REVIEW}", "{$UPSTREAM}", 1)) // where somebody else listens
	s.reload(t, "[ERROR] SIGUSR1: ")
	assert.Contains(t, s.Output(), "address already in use")
	assert.Equal(t, http.StatusOK, s.page(t))

	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.Replace(kept(dsn, "allow arm.mil"), "{$REVIEW}", "{$DOH}", 1))
	s.reload(t, "[INFO] Reloading complete")
	_, err := net.Dial("tcp", s.addr("REVIEW"))
	require.ErrorContains(t, err, "connection refused")
	s.ports["REVIEW"] = s.ports["DOH"]
	assert.Equal(t, http.StatusOK, s.page(t))
	s.hidden(t, "three.army.ml.")

	store, err := history.Open(historyconfig.Store{DSN: history.SQLite(filepath.Join(dir, "events.db"))})
	require.NoError(t, err)
	defer store.Close()
	kit.Eventually(t, "all events", func() bool {
		names := map[string]bool{}
		require.NoError(t, store.Each(t.Context(), history.Filter{}, func(e *history.Event) error {
			names[e.Name] = true
			return nil
		}))
		return len(names) == 3
	})
}

// TestReviewForAll: a page that others than this host may reach wants TLS and a user, as the manual's example says.
func TestReviewForAll(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "plugin", "typoguard", "README.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(manual), "~~~ yaml\n")
	require.True(t, found)
	config, _, _ := strings.Cut(rest, "~~~")
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "web.yml"), strings.NewReplacer("review.pem", built.certificate.file, "review.key", built.certificate.keyFile).Replace(config))
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.Replace(kept("sqlite://{$DIR}/events.db", ""), "{$HOST}:{$REVIEW}", "0.0.0.0:{$REVIEW} web_config {$DIR}/web.yml", 1))
	s := startIn(t, dir, localhost, newUpstream(t).addr)
	client := http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: built.certificate.client(), DisableKeepAlives: true}}
	for password, status := range map[string]int{"": http.StatusUnauthorized, "wrong": http.StatusUnauthorized, "fakepassword": http.StatusOK} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr("REVIEW")+"/", nil)
		require.NoError(t, err)
		if password != "" {
			request.SetBasicAuth("alice", password)
		}
		reply, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, reply.Body.Close())
		assert.Equal(t, status, reply.StatusCode, password)
	}
	reply, err := http.Get("http://" + s.addr("REVIEW") + "/")
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	assert.Equal(t, http.StatusBadRequest, reply.StatusCode, "without TLS")
}

// TestReviewPortTaken: the server does not start, and says which address it is about.
func TestReviewPortTaken(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", net.JoinHostPort(localhost, "0"))
	require.NoError(t, err)
	defer busy.Close()
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.Replace(kept("sqlite://{$DIR}/events.db", ""), "{$HOST}:{$REVIEW}", busy.Addr().String(), 1))
	s := launch(t, dir, localhost, localhost)
	select {
	case <-s.Exited():
	case <-time.After(patience):
		require.FailNow(t, "the server started")
	}
	assert.Positive(t, s.ExitCode(), "exit code")
	assert.Contains(t, s.Output(), "review "+busy.Addr().String()+": listen tcp "+busy.Addr().String()+": bind: address already in use")
}
