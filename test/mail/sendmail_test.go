//go:build e2e

package mail_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSendmail checks what becomes of mail that Sendmail relays under each action.
func TestSendmail(t *testing.T) {
	requireTools(t, nil)
	hostUnknown := bounces("5.1.2", "Host unknown")
	refuses := bounces("5.1.10", "Host does not accept mail: MX 0 .")
	noConnection := waits("Deferred: Connection refused")
	for _, c := range []mailCase{
		{unprotected, arrives(), arrives()},
		{nxdomain, hostUnknown, hostUnknown},
		{nodata, hostUnknown, hostUnknown},
		{nullMX, refuses, refuses},
		{deadSinkhole, noConnection, noConnection},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "Sendmail from 8.16 on", newSendmail) })
	}
	testSinkhole(t, "Sendmail from 8.16 on", "5.1.2", newSendmail, newSendmailRequiringTLS)
}

// sendmail is Debian's Sendmail with a configuration, a queue and mailboxes of its own.
type sendmail struct {
	jail *jail
	dir  string
}

// newSendmail unpacks Sendmail in the namespace. It needs no daemon: every submission delivers, and returns, at once.
func newSendmail(t *testing.T, ns *netns, dir string) mta {
	t.Helper()
	return startSendmail(t, ns, dir, "")
}

// newSendmailRequiringTLS unpacks a Sendmail that delivers to the lookalikes' mail servers with TLS only.
func newSendmailRequiringTLS(t *testing.T, ns *netns, dir string) mta {
	t.Helper()
	return startSendmail(t, ns, dir, "TLS_Srv:army.ml\tENCR:112\nTLS_Srv:navy.ml\tENCR:112\n")
}

// startSendmail unpacks Sendmail with a table of what it demands of other servers.
func startSendmail(t *testing.T, ns *netns, dir, access string) mta {
	t.Helper()
	s := &sendmail{jail: unpackage(t, ns, dir, "sendmail-bin", aliceUser), dir: filepath.Join(dir, "sendmail")}
	// Without a host name that it can qualify Sendmail waits for a minute, every time.
	host, err := os.Hostname()
	require.NoError(t, err)
	ns.replaceEtc(t, "hosts", fmt.Sprintf("127.0.0.1 localhost\n%s relay.corp.example %s\n", relayAddr, host))
	// Sendmail uses no file below a directory that others may write to, such as /tmp.
	writeFile(t, s.file("sendmail.mc"), sendmailMC)
	writeFile(t, s.file("access"), access)
	writeFile(t, s.file("deliver"), fmt.Sprintf("#!/bin/sh\nexec cat >%s/new/$$\n", s.maildir()))
	require.NoError(t, os.Chmod(s.file("deliver"), 0o755))
	makeDir(t, s.queue())
	require.NoError(t, os.Chmod(s.queue(), 0o700))
	makeDir(t, filepath.Join(s.maildir(), "new"))
	require.NoError(t, os.Chown(filepath.Join(s.maildir(), "new"), aliceUser.id, aliceUser.id))
	makeDir(t, s.dir)

	for _, command := range []string{
		"m4 -D_CF_DIR_=/usr/share/sendmail/cf/ /usr/share/sendmail/cf/m4/cf.m4 sendmail.mc >sendmail.cf",
		"/usr/sbin/makemap -C sendmail.cf hash access <access",
	} {
		out, err := s.jail.command("sh", "-c", "cd /var/lib/sendmail && "+command).CombinedOutput()
		require.NoErrorf(t, err, "%s: %s", command, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Sendmail said:\n%s", readFile(t, s.log()))
		}
	})
	return s
}

// sendmailMC is Sendmail's configuration for an Internet host, with mailboxes that a script writes to.
const sendmailMC = `OSTYPE(linux)
define(confDOMAIN_NAME, relay.corp.example)
define(QUEUE_DIR, /var/spool/mqueue)
define(STATUS_FILE, /var/lib/sendmail/statistics)
define(confPID_FILE, /run/sendmail.pid)
define(confTO_IDENT, 0)
undefine(` + "`ALIAS_FILE'" + `)
FEATURE(local_procmail, /var/lib/sendmail/deliver, deliver $u)
FEATURE(access_db, hash /var/lib/sendmail/access)
LOCAL_DOMAIN(corp.example)
MAILER(local)
MAILER(smtp)
`

// file is a file of Sendmail's, in /var/lib/sendmail for itself.
func (s *sendmail) file(name string) string {
	return filepath.Join(s.jail.root, "var", "lib", "sendmail", name)
}

// queue is the queue's directory, /var/spool/mqueue for Sendmail.
func (s *sendmail) queue() string { return filepath.Join(s.jail.root, "var", "spool", "mqueue") }

// log is what Sendmail said while it delivered, and how it ended.
func (s *sendmail) log() string { return filepath.Join(s.dir, "log") }

// maildir is the mailbox of the sender.
func (s *sendmail) maildir() string { return filepath.Join(s.dir, "mail", "alice") }

// submit has Sendmail deliver a message, and say what it does.
func (s *sendmail) submit(t *testing.T, m message) {
	t.Helper()
	args := append([]string{"-C", "/var/lib/sendmail/sendmail.cf", "-v", "-odi", "-i", "-f", sender}, m.recipients()...)
	cmd := s.jail.command("/usr/libexec/sendmail/sendmail", args...)
	cmd.Stdin = m.reader()
	said, err := cmd.CombinedOutput()
	writeFile(t, s.log(), fmt.Sprintf("%s%s... ended with: %v\n%s", readFile(t, s.log()), m.to, err, said))
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= exNoUser && exit.ExitCode() <= exUnavailable {
		return
	}
	require.NoErrorf(t, err, "sending to %s: %s", m.to, said)
}

// Sendmail ends with a status of sysexits.h from the first to the last of these if it could not deliver, and has returned the
// message.
const (
	exNoUser      = 67
	exUnavailable = 69
)

// fate is the last line that Sendmail said about the delivery of a message.
func (s *sendmail) fate(t *testing.T, m message) string {
	t.Helper()
	return lastLine(readFile(t, s.log()), m.to+"... ")
}

// queued lists the recipients of messages that have been neither delivered nor bounced.
func (s *sendmail) queued(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.queue(), "qf*"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		all.WriteString(readFile(t, file))
	}
	return all.String()
}
