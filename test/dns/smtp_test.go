package dns_test

import (
	"bufio"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// sunk is a Corefile with an SMTP listener for mail servers on this host, with limits.
func sunk(protect, limits string) string {
	return `.:{$DNS} {
    bind {$HOST}
    prometheus {$HOST}:{$METRICS}
    typoguard mail {
        protect ` + protect + `
        clients 127.0.0.0/8
        action sinkhole {$HOST}
        smtp {$HOST}:{$SMTP}
        smtp_limits ` + limits + `
        hint "Call 2525."
    }
    forward . {$UPSTREAM}
}
`
}

// smtpSession is a connection to the SMTP listener that has been greeted.
type smtpSession struct {
	net.Conn
	in *bufio.Reader
}

// greeted connects to the SMTP listener of a server.
func (s *server) greeted(t *testing.T) smtpSession {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr("SMTP"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(3*patience)))
	c := smtpSession{conn, bufio.NewReader(conn)}
	require.Contains(t, c.line(t), "220 typoguard.invalid ")
	return c
}

// line reads a line.
func (c smtpSession) line(t *testing.T) string {
	t.Helper()
	line, err := c.in.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

// say sends a command, and returns the lines of the reply.
func (c smtpSession) say(t *testing.T, command string) []string {
	t.Helper()
	_, err := c.Write([]byte(command + "\r\n"))
	require.NoError(t, err)
	lines := []string{c.line(t)}
	for lines[len(lines)-1][3] == '-' {
		lines = append(lines, c.line(t))
	}
	return lines
}

// idIn returns the id in an answer's Extended DNS Error.
func idIn(t *testing.T, reply *dns.Msg) string {
	t.Helper()
	for _, option := range reply.IsEdns0().Option {
		if ede, ok := option.(*dns.EDNS0_EDE); ok {
			found := regexp.MustCompile(`, id ([a-z2-7]{10})\)$`).FindStringSubmatch(ede.ExtraText)
			require.Len(t, found, 2, ede.ExtraText)
			return found[1]
		}
	}
	require.FailNow(t, "no Extended DNS Error", "%s", reply)
	return ""
}

// TestSMTP follows a message as a mail server sends it that trusts the answer: from the MX record to the address, and to a
// reply that helps. The session outlives reloads of the Corefile, one of them of a broken one.
func TestSMTP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), sunk("army.mil", "connections 100"))
	s := startIn(t, dir, localhost, newUpstream(t).addr)
	reply, err := dns.Exchange(query("us.army.ml.", dns.TypeMX).SetEdns0(1232, false), s.addr("DNS"))
	require.NoError(t, err)
	require.Len(t, reply.Answer, 1)
	id := idIn(t, reply)
	assert.Equal(t, "us.army.ml.", reply.Answer[0].(*dns.MX).Mx)
	assert.Equal(t, localhost, reply.Extra[0].(*dns.A).A.String())

	c := s.greeted(t)
	assert.Contains(t, c.say(t, "EHLO relay.example"), "250-STARTTLS")
	assert.Equal(t, []string{"250 2.1.0 Sender noted"}, c.say(t, "MAIL FROM:<alice@corp.example>"))
	army := []string{
		"550-5.1.2 <bob@us.army.ml>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check the address: bob@us.army.mil ? Id " + id,
		"550 5.1.2 Call 2525.",
	}
	assert.Equal(t, army, c.say(t, "RCPT TO:<bob@us.army.ml>"))
	navy := []string{"550 5.7.1 <bob@navy.ml>: this host takes no mail"}
	assert.Equal(t, navy, c.say(t, "RCPT TO:<bob@navy.ml>"))

	kit.WriteFile(t, filepath.Join(dir, "Corefile"), sunk("not..a..suffix", "connections 100"))
	s.reload(t, "[ERROR] SIGUSR1: ")
	assert.Equal(t, army, c.say(t, "RCPT TO:<bob@us.army.ml>"))
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), sunk("army.mil navy.mil", "connections 100"))
	s.reload(t, "[INFO] Reloading complete")
	assert.Contains(t, c.say(t, "RCPT TO:<bob@navy.ml>")[0], "550-5.1.2 <bob@navy.ml>: navy.ml looks like a mistyped navy.mil.")

	listener := `listener="` + s.addr("SMTP") + `"`
	m := s.metrics(t)
	assert.Equal(t, 1, m.Sum(t, "coredns_typoguard_smtp_sessions_total", listener))
	assert.Equal(t, 1, m.Sum(t, "coredns_typoguard_smtp_active_sessions", listener))
	assert.Equal(t, 3, m.Sum(t, "coredns_typoguard_smtp_rejected_recipients_total", `policy="mail"`, `kind="omission"`))
	assert.Equal(t, 1, m.Sum(t, "coredns_typoguard_smtp_other_recipients_total", listener))
	for _, logged := range []string{
		"asked for MX, the sinkhole refused mail from <corp.example> to <us.army.ml>", "Refused mail from <corp.example> to <navy.ml>, which does not look like",
		"Refused mail from <corp.example> to <navy.ml>, which looks like navy.mil",
	} {
		kit.Eventually(t, logged, func() bool { return strings.Contains(s.Output(), logged) })
	}
	assert.NotContains(t, s.Output(), "bob", "addresses are personal data")
}

// TestSMTPTenThousand: 10,000 clients that say nothing are all greeted, and the next one is told to come again. Names are
// answered meanwhile, and when the clients are gone there is room again.
func TestSMTPTenThousand(t *testing.T) {
	const many = 10_000
	s := start(t, newUpstream(t).addr, sunk("army.mil", "connections 10000 per_client 1000000 rate 1000000"))
	idle := make([]smtpSession, many)
	for i := range idle {
		idle[i] = s.greeted(t)
	}
	one := idle[many/2]
	assert.Contains(t, one.say(t, "EHLO relay.example"), "250-STARTTLS", "they are served")
	late, err := net.Dial("tcp", s.addr("SMTP"))
	require.NoError(t, err)
	defer late.Close()
	line, err := bufio.NewReader(late).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "421 4.3.2 typoguard.invalid Too many connections, try again later\r\n", line)
	reply, err := dns.Exchange(query("army.ml.", dns.TypeA), s.addr("DNS"))
	require.NoError(t, err)
	assert.Len(t, reply.Answer, 1)

	listener := `listener="` + s.addr("SMTP") + `"`
	assert.Equal(t, many, s.metrics(t).Sum(t, "coredns_typoguard_smtp_active_sessions", listener))
	assert.Equal(t, 1, s.metrics(t).Sum(t, "coredns_typoguard_smtp_limits_hit_total", listener, `limit="connections"`))
	for _, c := range idle {
		require.NoError(t, c.Close())
	}
	kit.Eventually(t, "all sessions to end", func() bool {
		return s.metrics(t).Sum(t, "coredns_typoguard_smtp_active_sessions", listener) == 0
	})
	s.greeted(t)
}

// TestSMTPPortTaken: the server does not start, and says which address it is about.
func TestSMTPPortTaken(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", net.JoinHostPort(localhost, "0"))
	require.NoError(t, err)
	defer busy.Close()
	dir := t.TempDir()
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), strings.ReplaceAll(sunk("army.mil", "connections 1"), "{$HOST}:{$SMTP}", busy.Addr().String()))
	s := launch(t, dir, localhost, localhost)
	select {
	case <-s.Exited():
	case <-time.After(patience):
		require.FailNow(t, "the server started")
	}
	assert.Positive(t, s.ExitCode(), "exit code")
	assert.Contains(t, s.Output(), "smtp "+busy.Addr().String()+": listen tcp4 "+busy.Addr().String()+": bind: address already in use")
}
