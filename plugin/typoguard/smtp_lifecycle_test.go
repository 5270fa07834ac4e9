package typoguard

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// sinkholeAt is a stanza that protects some suffixes, with an SMTP listener.
func sinkholeAt(address string, suffixes ...string) string {
	return fmt.Sprintf("typoguard {\nprotect %s\naction sinkhole 192.0.2.25\nsmtp %s\n}", strings.Join(suffixes, " "), address)
}

// smtpClient is a session with an SMTP listener.
type smtpClient struct {
	t    *testing.T
	conn net.Conn
	in   *textproto.Reader
}

// dialSMTP begins a session and a transaction.
func dialSMTP(t *testing.T, address string) *smtpClient {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	c := &smtpClient{t, conn, textproto.NewReader(bufio.NewReader(conn))}
	c.expect("220 typoguard.invalid ")
	c.say("EHLO relay.example", "250-typoguard.invalid")
	c.say("MAIL FROM:<alice@corp.example>", "250 ")
	return c
}

// say sends a command, and expects the first line of the reply to begin with something.
func (c *smtpClient) say(command, want string) {
	c.t.Helper()
	_, err := c.conn.Write([]byte(command + "\r\n"))
	require.NoError(c.t, err)
	c.expect(want)
}

func (c *smtpClient) expect(want string) {
	c.t.Helper()
	line, err := c.in.ReadLine()
	require.NoError(c.t, err)
	require.True(c.t, strings.HasPrefix(line, want), "%q begins with %q", line, want)
	for strings.HasPrefix(line[3:], "-") {
		line, err = c.in.ReadLine()
		require.NoError(c.t, err)
	}
}

const (
	likeArmy = "550 5.1.2 <bob@army.ml>: army.ml looks like a mistyped army.mil"
	likeNavy = "550 5.1.2 <bob@navy.ml>: navy.ml looks like a mistyped navy.mil"
)

// TestSMTPReloads is about one session that lives through 50 reloads, every other of which fails: it is judged by the
// policy in force, the listener is never closed and never opened twice, and in the end nothing is left.
func TestSMTPReloads(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	address := kit.FreeAddress(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	army, both := sinkholeAt(address, "army.mil"), sinkholeAt(address, "army.mil", "navy.mil")
	broken := []struct {
		name  string
		input caddy.CaddyfileInput
	}{
		{"a directive's setup", corefile(both, failing+" setup")},
		{"a directive's startup", corefile(both, failing+" startup")},
		{"a busy SMTP port", corefile(sinkholeAt(address+" "+busy.Addr().String(), "army.mil", "navy.mil"), "")},
		{"a busy SMTP port instead", corefile(sinkholeAt(busy.Addr().String(), "army.mil", "navy.mil"), "")},
		{"a busy DNS port", caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns",
			Contents: append(corefile(both, "").Contents, fmt.Sprintf("dns://.:%d {\nbind 127.0.0.1\n}\n", busy.Addr().(*net.TCPAddr).Port)...)}},
		{"the policy", corefile(sinkholeAt(address, "nl"), "")},
	}

	instance, stop := start(t, corefile(army, ""))
	sessions := testutil.ToFloat64(metrics.SMTPSessions.WithLabelValues(address))
	session := dialSMTP(t, address)
	navy := "550 5.7.1 <bob@navy.ml>: this host takes no mail"
	for i := range 25 {
		b := broken[i%len(broken)]
		var err error
		instance, err = instance.Restart(b.input)
		require.Error(t, err, b.name)
		// A listener that the broken one would have closed has been opened anew; its sessions are gone.
		if b.name == "a busy SMTP port instead" {
			session.expect("421 4.3.2 typoguard.invalid Shutting down")
			session = dialSMTP(t, address)
		}
		session.say("RCPT TO:<bob@army.ml>", likeArmy)
		session.say("RCPT TO:<bob@navy.ml>", navy)

		instance = caddytest.Restart(t, instance, corefile(both, ""))
		session.say("RCPT TO:<bob@navy.ml>", likeNavy)
		instance = caddytest.Restart(t, instance, corefile(army, ""))
		navy = "451 4.4.4 <bob@navy.ml>: navy.ml is no longer sent here" // it was, a moment ago
		session.say("RCPT TO:<bob@navy.ml>", navy)
	}
	assert.InDelta(t, 1, testutil.ToFloat64(metrics.SMTPActive.WithLabelValues(address)), 0)
	assert.InDelta(t, sessions+5, testutil.ToFloat64(metrics.SMTPSessions.WithLabelValues(address)), 0)
	stop(instance)
	session.expect("421 4.3.2 typoguard.invalid Shutting down")
	assert.True(t, kit.Closed(t, address))
	assert.InDelta(t, 0, testutil.ToFloat64(metrics.SMTPActive.WithLabelValues(address)), 0)
	goleak.VerifyNone(t, ignore)
}

// TestSMTPBusyPort: it fails the start, with the address in the message, and leaves nothing open.
func TestSMTPBusyPort(t *testing.T) {
	useDirectives(t)
	ignore := goleak.IgnoreCurrent()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	free := kit.FreeAddress(t)
	_, err = caddy.Start(corefile(sinkholeAt("127.0.0.1:0 "+free+" "+busy.Addr().String(), "army.mil"), ""))
	require.ErrorContains(t, err, fmt.Sprintf("smtp %s: listen tcp4 %[1]s: bind: address already in use", busy.Addr()))
	assert.True(t, kit.Closed(t, free))
	assert.Nil(t, running.instance)
	goleak.VerifyNone(t, ignore)
}

// TestSMTPAddressChanges: at a reload listeners that are gone close, new ones open, and a wildcard may take the place of
// an address that it includes.
func TestSMTPAddressChanges(t *testing.T) {
	useDirectives(t)
	one, two := kit.FreeAddress(t), kit.FreeAddress(t)
	instance, stop := start(t, corefile(sinkholeAt(one, "army.mil"), ""))
	gone := dialSMTP(t, one)

	wildcard := netip.AddrPortFrom(netip.IPv4Unspecified(), netip.MustParseAddrPort(one).Port()).String()
	instance = caddytest.Restart(t, instance, corefile(sinkholeAt(wildcard, "army.mil"), ""))
	gone.expect("421 ")
	dialSMTP(t, one).say("RCPT TO:<bob@army.ml>", likeArmy)

	instance = caddytest.Restart(t, instance, corefile(sinkholeAt(two, "army.mil"), ""))
	assert.True(t, kit.Closed(t, one))
	dialSMTP(t, two).say("RCPT TO:<bob@army.ml>", likeArmy)

	instance = caddytest.Restart(t, instance, corefile("typoguard {\nprotect army.mil\n}", ""))
	assert.True(t, kit.Closed(t, two))
	stop(instance)
}

// TestSMTPSharedByBlocks: the policies of two server blocks have one listener; one of them only monitors.
func TestSMTPSharedByBlocks(t *testing.T) {
	useDirectives(t)
	address := kit.FreeAddress(t)
	input := corefile(sinkholeAt(address, "army.mil"), "")
	input.Contents = append(input.Contents, "example.:0 {\nbind 127.0.0.1\n"+
		strings.Replace(sinkholeAt(address, "navy.mil"), "typoguard {", "typoguard trial {\nmode monitor", 1)+"\n}\n"...)
	instance, stop := start(t, input)
	session := dialSMTP(t, address)
	count := testutil.ToFloat64(metrics.SMTPRejected.WithLabelValues("trial", "omission"))
	others := testutil.ToFloat64(metrics.SMTPOthers.WithLabelValues(address))
	session.say("RCPT TO:<bob@army.ml>", likeArmy)
	session.say("RCPT TO:<bob@navy.ml>", strings.Replace(likeNavy, "550 5.1.2", "451 4.4.4", 1))
	session.say("RCPT TO:<bob@example.org>", "550 5.7.1 ")
	assert.InDelta(t, count+1, testutil.ToFloat64(metrics.SMTPRejected.WithLabelValues("trial", "omission")), 0)
	assert.InDelta(t, others+1, testutil.ToFloat64(metrics.SMTPOthers.WithLabelValues(address)), 0)
	stop(instance)
}

// TestSMTPReloadedList: a list that changes on disk reaches a session in progress.
func TestSMTPReloadedList(t *testing.T) {
	useDirectives(t)
	path := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(path, []byte("army.mil\n"), 0o600))
	address := kit.FreeAddress(t)
	stanza := strings.Replace(sinkholeAt(address, "af.mil"), "protect", "reload 1s\nprotect_file "+path+"\nprotect", 1)
	instance, stop := start(t, corefile(stanza+"\ntypoguard other {\nprotect nato.int\n}", ""))
	session := dialSMTP(t, address)
	session.say("RCPT TO:<bob@navy.ml>", "550 5.7.1 ")
	replaceFile(t, path, "army.mil\nnavy.mil\n")
	reply, err := dns.Exchange(question("navy.ml.", dns.TypeA), instance.Servers()[0].LocalAddr().String())
	for err == nil && len(reply.Answer) == 0 {
		<-time.After(50 * time.Millisecond)
		reply, err = dns.Exchange(question("navy.ml.", dns.TypeA), instance.Servers()[0].LocalAddr().String())
	}
	require.NoError(t, err)
	session.say("RCPT TO:<bob@navy.ml>", likeNavy)
	session.say("RCPT TO:<bob@example.org>", "451 4.4.4 ") // which may have been hidden until now
	session.say("RCPT TO:<bob@nato.in>", "550 5.7.1 ")     // which another policy hides
	session.say("RCPT TO:<bob@[192.0.2.1]>", "550 5.7.1 ")
	stop(instance)
}

// TestSMTPSeriesBegin: what a listener can count exists before it is counted.
func TestSMTPSeriesBegin(t *testing.T) {
	useDirectives(t)
	for _, c := range collectors()[6:13] {
		c.(interface{ Reset() }).Reset()
	}
	address := kit.FreeAddress(t)
	instance, stop := start(t, corefile(sinkholeAt(address, "army.mil"), ""))
	var counts []int
	for _, c := range collectors()[6:13] {
		counts = append(counts, testutil.CollectAndCount(c))
	}
	assert.Equal(t, []int{1, 1, 9, 1, 1, 8, 2}, counts, "sessions, active, rejected by kind, others, deferred, limits, TLS results")
	stop(instance)
}
