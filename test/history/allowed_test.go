//go:build e2e

package history_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// code returns the code of the answer about a name.
func (r *resolver) code(t require.TestingT, name string) int {
	reply, _, err := (&dns.Client{Timeout: 2 * time.Second}).ExchangeContext(context.Background(), new(dns.Msg).SetQuestion(name+".", dns.TypeMX), r.dns)
	require.NoError(t, err)
	return reply.Rcode
}

// post posts a form to the review page.
func (r *resolver) post(t *testing.T, path string, form url.Values) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.review+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := http.DefaultTransport.RoundTrip(request) // which does not follow redirects
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusSeeOther, reply.StatusCode)
}

// awaitPass returns when names under n7.army.ml pass or not, and how long that took.
func (r *resolver) awaitPass(t *testing.T, passes bool) time.Duration {
	t.Helper()
	begun := time.Now()
	require.Eventually(t, func() bool { return (r.code(t, lookalike(7)) != dns.RcodeNameError) == passes }, 5*time.Second, 20*time.Millisecond)
	return time.Since(begun)
}

// TestAllowOnOnePage: what is allowed on one resolver's page passes on the other within seconds, although they look at their lists
// once an hour. While the database is dead both keep it, and one that restarts uses its copy. What is revoked meanwhile by somebody else
// is hidden when the database is back.
func TestAllowOnOnePage(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	dsn, copies := server.DSN("postgres"), t.TempDir()
	options := "allow_from history\nreload 1h\ncache_dir " + copies
	one, two := start(t, dsn, "ns1", options), start(t, dsn, "ns2", options)
	one.ask(t, 0, 10, time.Millisecond)
	awaitAll(t, dsn, 10)
	_, list, err := kit.Get(t.Context(), "http://"+one.review+"/events?lookalike="+lookalike(7))
	require.NoError(t, err)
	id := regexp.MustCompile(`/events/([a-z2-7]{10})`).FindStringSubmatch(list)[1]
	allow := url.Values{"suffix": {lookalike(7)}, "owner": {"mail team"}, "reason": {"a partner"}}
	one.post(t, "/events/"+id+"/allow", allow)
	here, there := one.awaitPass(t, true), two.awaitPass(t, true)
	two.post(t, "/allowed/revoke", url.Values{"policy": {"default"}, "suffix": {lookalike(7)}})
	revoked := one.awaitPass(t, false)
	two.awaitPass(t, false)
	one.post(t, "/events/"+id+"/allow", allow)
	one.awaitPass(t, true)
	two.awaitPass(t, true)
	require.Eventually(t, func() bool { return two.code(t, lookalike(8)) == dns.RcodeNameError }, 5*time.Second, wink)

	require.NoError(t, server.Stop())
	two.End(syscall.SIGTERM)
	two = start(t, dsn, "ns2", options)
	for range 20 { // some seconds, in which both try to reach it
		assert.NotEqual(t, dns.RcodeNameError, one.code(t, lookalike(7)))
		assert.NotEqual(t, dns.RcodeNameError, two.code(t, lookalike(7)))
		<-time.After(wink)
	}
	assert.Contains(t, two.Output(), "starting with an older copy of its lists")
	require.NoError(t, server.Start(t.Context()))
	asking(t, server)("DELETE FROM allowance") // by hand
	require.Eventually(t, func() bool {
		return one.code(t, lookalike(7)) == dns.RcodeNameError && two.code(t, lookalike(7)) == dns.RcodeNameError
	}, 3*kit.Patience, wink)
	t.Logf("FIGURE until an allowance passes: %s on the resolver of the page, %s on the other; revoked: %s", here.Round(time.Millisecond), there.Round(time.Millisecond), revoked.Round(time.Millisecond))
}

// TestAllowNothingWithoutDatabase: without a copy and a database, a server with on_missing fail does not start; with start it does.
func TestAllowNothingWithoutDatabase(t *testing.T) {
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	const dsn = "postgres://typoguard@127.0.0.1:1/postgres?sslmode=disable"
	var address string
	require.NoError(t, kit.FreeAddresses(&address))
	content := fmt.Sprintf(".:%s {\nbind 127.0.0.1\ntypoguard {\nprotect army.mil\nallow_from history\nhistory %s\n}\n}\n", address[strings.LastIndex(address, ":")+1:], dsn)
	_, err = kit.Serve(t.Context(), t.TempDir(), content, address, binary)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "there is no copy, because cache_dir is not set")
	r := start(t, dsn, "", "allow_from history\non_missing start")
	assert.Equal(t, dns.RcodeServerFailure, r.code(t, lookalike(7)), "mail waits, because nobody knows what is allowed")
}
