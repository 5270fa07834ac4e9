//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestOpenSMTPD checks what becomes of mail that OpenSMTPD relays under each action. It takes an answer without data
// for a passing failure and tries again for four days. Before 7.5 it does not know of RFC 7505: it looks for the address of
// ".", finds none, and tries again as well.
func TestOpenSMTPD(t *testing.T) {
	requireTools(t, map[string]string{"rsyslogd": "rsyslog"})
	noDomain := bounces("5.0.0", "Domain does not exist")
	noMX := waits("No MX found for domain")
	noConnection := waits("Network error on destination MXs")
	forEachRelease(t, func(t *testing.T, r release) {
		t.Helper()
		server, refuses := "OpenSMTPD before 7.5", noMX
		if r != bookworm {
			server, refuses = "OpenSMTPD from 7.5 on", bounces("5.0.0", "Domain does not accept mail")
		}
		start := newOpenSMTPD(r, "relay")
		for _, c := range []mailCase{
			{unprotected, arrives(), arrives()},
			{nxdomain, noDomain, noDomain},
			{nodata, noMX, noMX},
			{nullMX, refuses, refuses},
			{deadSinkhole, noConnection, noConnection},
		} {
			t.Run(c.name, func(t *testing.T) { c.run(t, server, start) })
		}
		testSinkhole(t, server, "5.0.0", start, newOpenSMTPD(r, "relay tls no-verify"))
	})
}

// openSMTPD is Debian's OpenSMTPD with a configuration, a queue and mailboxes of its own.
type openSMTPD struct {
	jail *jail
	dir  string
}

// The users of OpenSMTPD: two that Debian's package makes, and the sender, since OpenSMTPD delivers only to users.
var (
	smtpdUser = user{name: "opensmtpd", id: 64902, home: "/var/lib/opensmtpd/empty"}
	queueUser = user{name: "opensmtpq", id: 64903, home: "/var/lib/opensmtpd/empty"}
	aliceUser = user{name: "alice", id: 64904, home: "/nonexistent"}
)

// newOpenSMTPD starts OpenSMTPD of a release of Debian, with an action for lookalikes.
func newOpenSMTPD(r release, relay string) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		config := func(o *openSMTPD) string { return o.config(relay) }
		return startOpenSMTPD(t, newJail(t, ns, dir, r, "opensmtpd", smtpdUser, queueUser, aliceUser), dir, config)
	}
}

// startOpenSMTPD starts OpenSMTPD in a jail, with a configuration.
func startOpenSMTPD(t *testing.T, j *jail, dir string, config func(*openSMTPD) string) mta {
	t.Helper()
	o := &openSMTPD{jail: j, dir: filepath.Join(dir, "opensmtpd")}
	// The package's installation does this; without it smtpctl, which is sendmail too, refuses to work.
	smtpctl := filepath.Join(j.usr, "sbin", "smtpctl")
	require.NoError(t, os.Chown(smtpctl, 0, queueUser.id))
	require.NoError(t, os.Chmod(smtpctl, 0o755|os.ModeSetgid))

	makeDir(t, o.maildir())
	require.NoError(t, os.Chown(o.maildir(), aliceUser.id, aliceUser.id))
	conf := filepath.Join(o.dir, "smtpd.conf")
	writeFile(t, conf, config(o))
	o.jail.startSyslog(t, o.log())
	o.jail.start(t, filepath.Join(o.dir, "output"), "/usr/sbin/smtpd", "-F", "-f", conf)
	// The socket alone does not do: what is submitted while nobody answers there yet lies until the next start.
	kit.Eventually(t, "OpenSMTPD to answer", func() bool { return o.jail.command("/usr/sbin/smtpctl", "show", "status").Run() == nil })
	return o
}

// config is OpenSMTPD's configuration: Debian's, with one mailbox.
func (o *openSMTPD) config(relay string) string {
	return fmt.Sprintf(`listen on socket
action "mailbox" maildir "%s"
action "outbound" relay helo "relay.corp.example"
action "lookalikes" %s helo "relay.corp.example"
match from local for domain "corp.example" action "mailbox"
match from local for domain { "army.ml", "navy.ml" } action "lookalikes"
match from local for any action "outbound"
`, o.maildir(), relay)
}

// log is what syslog writes.
func (o *openSMTPD) log() string { return filepath.Join(o.dir, "log") }

// maildir is the mailbox of the sender.
func (o *openSMTPD) maildir() string { return filepath.Join(o.dir, "mail", "alice") }

// submit hands a message to OpenSMTPD under its name of sendmail.
func (o *openSMTPD) submit(t *testing.T, m message) {
	t.Helper()
	m.submitTo(t, o.jail.command("/usr/sbin/sendmail", append([]string{"-i", "-f", sender}, m.recipients()...)...))
}

// fate is the last line that OpenSMTPD logged about the delivery of a message.
func (o *openSMTPD) fate(t *testing.T, m message) string {
	t.Helper()
	return lastLine(kit.ReadFile(t, o.log()), "to=<"+m.to+"> rcpt=")
}

// queued lists the messages that have been neither delivered nor bounced, one a line.
func (o *openSMTPD) queued(t *testing.T) string {
	t.Helper()
	out, err := o.jail.command("/usr/sbin/smtpctl", "show", "queue").CombinedOutput()
	require.NoErrorf(t, err, "smtpctl show queue: %s", out)
	return strings.TrimSpace(string(out))
}
