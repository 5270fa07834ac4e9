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

// TestSendmail checks what becomes of mail that Sendmail relays under each action.
func TestSendmail(t *testing.T) {
	requireTools(t, map[string]string{"rsyslogd": "rsyslog"})
	unknown := bounces("5.1.2", "Host unknown")
	refuses := bounces("5.1.10", "Host does not accept mail: MX 0 .")
	noConnection := waits("stat=Deferred: Connection refused")
	forEachRelease(t, func(t *testing.T, r release) {
		t.Helper()
		start := newSendmail(r, "")
		for _, c := range []mailCase{
			{unprotected, arrives(), arrives()},
			{nxdomain, unknown, unknown},
			{nodata, unknown, unknown},
			{nullMX, refuses, refuses},
			{deadSinkhole, noConnection, noConnection},
		} {
			t.Run(c.name, func(t *testing.T) { c.run(t, "Sendmail from 8.16 on", start) })
		}
		testSinkhole(t, "Sendmail from 8.16 on", "5.1.2", start, newSendmail(r, sendmailRequiringTLS))
	})
}

// sendmail is Debian's Sendmail with a configuration, a queue and mailboxes of its own.
type sendmail struct {
	jail *jail
	dir  string
}

// The users of Debian's Sendmail.
var (
	smmtaUser = user{name: "smmta", id: 64905, home: "/var/lib/sendmail"}
	smmspUser = user{name: "smmsp", id: 64906, home: "/var/lib/sendmail"}
)

// newSendmail starts Sendmail of a release of Debian, with a table of what it demands of other servers.
func newSendmail(r release, access string) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		ns.replaceEtc(t, "hosts", "127.0.0.1 relay.corp.example localhost\n")
		return startSendmail(t, newJail(t, ns, dir, r, "sendmail-bin", smmtaUser, smmspUser, aliceUser), dir, access, "")
	}
}

// sendmailRequiringTLS is the table to deliver to the lookalikes' mail servers with TLS only.
const sendmailRequiringTLS = "TLS_Srv:army.ml\tENCR:112\nTLS_Srv:navy.ml\tENCR:112\n"

// startSendmail starts Sendmail in a jail, with more at the end of its configuration. It delivers what it is given in the background; the daemon is there for bounces,
// which it queues.
func startSendmail(t *testing.T, j *jail, dir, access, more string) mta {
	t.Helper()
	s := &sendmail{jail: j, dir: filepath.Join(dir, "sendmail")}
	s.jail.startSyslog(t, s.log())
	makeDir(t, filepath.Join(s.dir, "queue"))
	require.NoError(t, os.Chmod(filepath.Join(s.dir, "queue"), 0o700))
	for _, sub := range []string{"tmp", "new"} {
		makeDir(t, filepath.Join(s.maildir(), sub))
		require.NoError(t, os.Chmod(filepath.Join(s.maildir(), sub), 0o777), "Sendmail delivers as the user it likes")
	}
	writeFile(t, s.mailer(), fmt.Sprintf("#!/bin/sh\nsed '1{/^From /d;}' >%[1]s/tmp/$$ && mv %[1]s/tmp/$$ %[1]s/new/\n", s.maildir()))
	require.NoError(t, os.Chmod(s.mailer(), 0o755))

	source := filepath.Join(s.dir, "sendmail.mc")
	writeFile(t, source, s.config()+more)
	out, err := s.jail.command("m4", "-D_CF_DIR_=/usr/share/sendmail/cf/", source).Output()
	require.NoError(t, err, "m4")
	writeFile(t, s.cf(), string(out))
	// Without a database of aliases, be it empty, no bounce is delivered; and it may not lie below /tmp.
	writeFile(t, filepath.Join(s.jail.root, "var", "lib", "sendmail", "aliases"), "")
	said, err := s.jail.command(sendmailBinary, "-C", s.cf(), "-bi").CombinedOutput()
	require.NoErrorf(t, err, "newaliases: %s", said)
	writeFile(t, filepath.Join(s.jail.root, "var", "lib", "sendmail", "access"), access)
	said, err = s.jail.command("sh", "-c", "cd /var/lib/sendmail && /usr/sbin/makemap -C "+s.cf()+" hash access <access").CombinedOutput()
	require.NoErrorf(t, err, "makemap: %s", said)
	s.jail.start(t, filepath.Join(s.dir, "output"), sendmailBinary, "-C", s.cf(), "-bD", "-q1s")
	return s
}

// sendmailBinary is where Debian has it.
const sendmailBinary = "/usr/libexec/sendmail/sendmail"

// config is the source of Sendmail's configuration. Other programs may keep the machine as busy as they like, for which Sendmail would stop
// delivering and accepting mail.
func (s *sendmail) config() string {
	return fmt.Sprintf(`include(`+"`/usr/share/sendmail/cf/m4/cf.m4'"+`)dnl
OSTYPE(`+"`linux'"+`)dnl
define(`+"`confDOMAIN_NAME', `relay.corp.example'"+`)dnl
define(`+"`confDELIVERY_MODE', `background'"+`)dnl
define(`+"`confQUEUE_LA', `1000'"+`)dnl
define(`+"`confREFUSE_LA', `1000'"+`)dnl
define(`+"`confPID_FILE', `%[1]s/pid'"+`)dnl
define(`+"`QUEUE_DIR', `%[1]s/queue'"+`)dnl
define(`+"`STATUS_FILE', `'"+`)dnl
define(`+"`HELP_FILE', `'"+`)dnl
define(`+"`ALIAS_FILE', `/var/lib/sendmail/aliases'"+`)dnl
define(`+"`LOCAL_MAILER_PATH', `%[2]s'"+`)dnl
define(`+"`LOCAL_MAILER_ARGS', `mailer $u'"+`)dnl
FEATURE(`+"`access_db', `hash /var/lib/sendmail/access'"+`)dnl
MAILER(`+"`local'"+`)dnl
MAILER(`+"`smtp'"+`)dnl
LOCAL_CONFIG
Cwcorp.example
`, s.dir, s.mailer())
}

// cf is the configuration file.
func (s *sendmail) cf() string { return filepath.Join(s.dir, "sendmail.cf") }

// mailer is the program that delivers to the sender's mailbox.
func (s *sendmail) mailer() string { return filepath.Join(s.dir, "mailer") }

// log is what syslog writes.
func (s *sendmail) log() string { return filepath.Join(s.dir, "maillog") }

// maildir is the mailbox of the sender.
func (s *sendmail) maildir() string { return filepath.Join(s.dir, "mail", "alice") }

// submit hands a message to Sendmail.
func (s *sendmail) submit(t *testing.T, m message) {
	t.Helper()
	m.submitTo(t, s.jail.command(sendmailBinary, append([]string{"-C", s.cf(), "-i", "-f", sender}, m.recipients()...)...))
}

// fate is the last line that Sendmail logged about the delivery of a message.
func (s *sendmail) fate(t *testing.T, m message) string {
	t.Helper()
	return lastLine(kit.ReadFile(t, s.log()), ": to="+m.to+",")
}

// queued lists the messages that have been neither delivered nor bounced.
func (s *sendmail) queued(t *testing.T) string {
	t.Helper()
	out, err := s.jail.command(sendmailBinary, "-C", s.cf(), "-bp").CombinedOutput()
	require.NoErrorf(t, err, "mailq: %s", out)
	if strings.Contains(string(out), " is empty") {
		return ""
	}
	return string(out)
}
