package withhistory_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// withPage is a stanza with a history in a directory and a page.
func withPage(dir, address string) string {
	return fmt.Sprintf("typoguard mil {\nprotect mil army.nl\nhistory sqlite://%s/events.db\nreview %s\n}", dir, address)
}

// request is a request to a page of which the server has only got the first line.
type request struct {
	t    *testing.T
	conn net.Conn
}

func begin(t *testing.T, address string) *request {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\n")
	require.NoError(t, err)
	return &request{t, conn}
}

// end sends the rest, and returns the reply's status.
func (r *request) end() int {
	r.t.Helper()
	_, err := fmt.Fprintf(r.conn, "Host: %s\r\nConnection: close\r\n\r\n", r.conn.RemoteAddr())
	require.NoError(r.t, err)
	reply, err := http.ReadResponse(bufio.NewReader(r.conn), nil)
	require.NoError(r.t, err)
	_, err = io.Copy(io.Discard, reply.Body)
	require.NoError(r.t, err)
	return reply.StatusCode
}

// TestHistory: the events of all modes are in the database, each once, whatever reloads there were in between.
func TestHistory(t *testing.T) {
	caddytest.UseDirectives(t)
	ignore := goleak.IgnoreCurrent()
	dir := t.TempDir()
	stanzas := withPage(dir, kit.FreeAddress(t)) + "\ntypoguard trial {\nprotect nato.int\nmode monitor\nclient_mask 8 0\nhistory sqlite://" + dir + "/events.db\n}"
	instance, stop := caddytest.Start(t, caddytest.Corefile(stanzas))
	assert.Equal(t, dns.RcodeNameError, ask(t, instance, "us.army.ml."))
	next, err := instance.Restart(caddytest.Corefile(stanzas + "\n" + caddytest.Failing + " startup"))
	require.Error(t, err)
	ask(t, next, "us.army.ml.")
	instance = caddytest.Restart(t, next, caddytest.Corefile(stanzas))
	ask(t, instance, "us.army.ml.")
	ask(t, instance, "ntao.int.")
	ask(t, instance, "example.org.")
	stop(instance)
	goleak.VerifyNone(t, ignore)
	assert.Equal(t, []string{
		`us.army.ml us.army.nl mil enforce 127.0.0.1 3 [{"protected":"mil","intended":"us.army.mil","kind":"omission","distance":1,"policy":"mil"}] open`,
		"ntao.int nato.int trial monitor 127.0.0.0 1  open",
	}, rows(t, filepath.Join(dir, "events.db"), "SELECT lookalike, intended, policy, mode, client, count, candidates, state FROM events ORDER BY policy"))
}

// TestReviewReloads is about one request that lives through reloads, good and bad ones: the page stays open, and is never
// opened twice. In the end nothing is left.
func TestReviewReloads(t *testing.T) {
	caddytest.UseDirectives(t)
	ignore := goleak.IgnoreCurrent()
	dir, address := t.TempDir(), kit.FreeAddress(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	good := withPage(dir, address)
	broken := []string{
		good + "\n" + caddytest.Failing + " startup",
		good + "\n" + strings.Replace(withPage(dir, busy.Addr().String()), "mil {", "other {", 1),
		"typoguard {\nprotect nl\n}",
	}
	instance, stop := caddytest.Start(t, caddytest.Corefile(good))
	survivor := begin(t, address)
	for i := range 9 {
		instance, err = instance.Restart(caddytest.Corefile(broken[i%len(broken)]))
		require.Error(t, err)
		assert.Equal(t, http.StatusOK, begin(t, address).end())
		instance = caddytest.Restart(t, instance, caddytest.Corefile(good))
	}
	assert.Equal(t, http.StatusOK, survivor.end())
	stop(instance)
	assert.True(t, kit.Closed(t, address))
	goleak.VerifyNone(t, ignore)
}

// TestReviewAddressChanges: at a reload a page that is gone closes and a new one opens, and a page with other settings takes the
// place of one at the same address.
func TestReviewAddressChanges(t *testing.T) {
	caddytest.UseDirectives(t)
	dir, one, two := t.TempDir(), kit.FreeAddress(t), kit.FreeAddress(t)
	instance, stop := caddytest.Start(t, caddytest.Corefile(withPage(dir, one)))
	instance = caddytest.Restart(t, instance, caddytest.Corefile(withPage(dir, two)))
	assert.True(t, kit.Closed(t, one))
	assert.Equal(t, http.StatusOK, begin(t, two).end())
	instance = caddytest.Restart(t, instance, caddytest.Corefile(withPage(t.TempDir(), two+" host review.corp.example")))
	assert.Equal(t, http.StatusOK, begin(t, two).end())
	instance = caddytest.Restart(t, instance, caddytest.Corefile("typoguard {\nprotect mil\n}"))
	assert.True(t, kit.Closed(t, two))
	stop(instance)
}

// TestReviewBusyPort: it fails the start, with the address in the message, and leaves nothing open; at a reload what was there
// stays, even if its own page had to be closed before.
func TestReviewBusyPort(t *testing.T) {
	caddytest.UseDirectives(t)
	ignore := goleak.IgnoreCurrent()
	dir, address := t.TempDir(), kit.FreeAddress(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	_, err = caddy.Start(caddytest.Corefile(withPage(dir, address) + "\n" + strings.Replace(withPage(dir, busy.Addr().String()), "mil {", "other {", 1)))
	require.ErrorContains(t, err, fmt.Sprintf("review %s: listen tcp %[1]s: bind: address already in use", busy.Addr()))
	assert.True(t, kit.Closed(t, address))
	goleak.VerifyNone(t, ignore)

	instance, stop := caddytest.Start(t, caddytest.Corefile(withPage(dir, address)))
	instance, err = instance.Restart(caddytest.Corefile(withPage(dir, busy.Addr().String())))
	require.ErrorContains(t, err, "address already in use")
	assert.Equal(t, http.StatusOK, begin(t, address).end())
	stop(instance)
	goleak.VerifyNone(t, ignore)
}

// TestDeadDatabase: the server starts and answers, and what happened is written when the database is there.
func TestDeadDatabase(t *testing.T) {
	caddytest.UseDirectives(t)
	ignore := goleak.IgnoreCurrent()
	dir := t.TempDir()
	database := filepath.Join(dir, "events.db")
	later := filepath.Join(dir, "later")
	require.NoError(t, os.Symlink(filepath.Join(later, "events.db"), database))
	instance, stop := caddytest.Start(t, caddytest.Corefile(withPage(dir, kit.FreeAddress(t))))
	assert.Equal(t, dns.RcodeNameError, ask(t, instance, "army.ml."))
	require.NoError(t, os.Mkdir(later, 0o700))
	stop(instance)
	assert.Equal(t, []string{"army.ml"}, rows(t, database, "SELECT lookalike FROM events"))
	goleak.VerifyNone(t, ignore)
}
