//go:build e2e

package mail_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAuditQmail: what audit reads in the log of qmail is what became of the messages, by syslog and by multilog.
func TestAuditQmail(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"rsyslogd": "rsyslog", "cc": "gcc", "make": "make"})
	source := buildQmail(t, filepath.Join(runDir, "qmail"))
	for name, logs := range map[string]qmailLogs{
		"syslog":   {file: "run/maillog", syslog: true, by: []string{"splogger", "qmail"}},
		"multilog": {file: qmailHome + "/log/current", by: []string{"multilog", "t", qmailHome + "/log"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkLog(t, newQmail(source, logs), map[string]tried{armyML.domain: {1, 1}, navyML.domain: {1, 1}, nowhere.domain: {1, 0, 1}})
		})
	}
}

// qmailLogs is how qmail logs.
type qmailLogs struct {
	file   string   // in the jail
	syslog bool     // by way of syslog
	by     []string // the program
}

// qmailHome is where qmail lives in its jail: the directories of its own there are those below /var/lib.
const qmailHome = "/var/lib/qmail"

// qmailPrograms are those that send mail, and those that make the queue.
var qmailPrograms = []string{
	"qmail-clean", "qmail-getpw", "qmail-inject", "qmail-local", "qmail-lspawn", "qmail-queue", "qmail-remote", "qmail-rspawn", "qmail-send", "qmail-start",
	"splogger", "instpackage", "instchown",
}

// buildQmail compiles qmail in a directory, and returns where its programs are.
func buildQmail(t *testing.T, dir string) string {
	t.Helper()
	makeDir(t, dir)
	archive := filepath.Join("qmail", "notqmail-1.09.tar.gz")
	out, err := exec.Command("tar", "-xzf", archive, "-C", dir, "--strip-components=1").CombinedOutput()
	require.NoErrorf(t, err, "unpacking %s: %s", archive, out)
	writeFile(t, filepath.Join(dir, "conf-qmail"), qmailHome+"\n")
	writeFile(t, filepath.Join(dir, "conf-cc"), "cc -w\n")
	out, err = exec.Command("make", append([]string{"-s", "-j", "2", "-C", dir}, qmailPrograms...)...).CombinedOutput()
	require.NoErrorf(t, err, "building qmail: %s", out)
	return dir
}

// qmailUsers are the users of qmail and, the last two, those whose groups it uses.
func qmailUsers() []user {
	var users []user
	for i, name := range []string{"alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "qmail", "nofiles"} {
		users = append(users, user{name: name, id: 64910 + i, home: qmailHome + "/alias"})
	}
	return users
}

// installQmail is a script that installs qmail from where its programs are to where it lives.
const installQmail = `set -e
cd "$1"
./instpackage queue-only
./instchown queue-only
mkdir -p "$2/bin" "$2/log"
cp qmail-* splogger "$2/bin"
cd "$2"
chown qmailq bin/qmail-queue
chmod 4711 bin/qmail-queue
chown qmaill log`

// newQmail starts qmail, with a program that logs to a file in its jail, the one of the package with multilog.
func newQmail(source string, logs qmailLogs) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		j := newJail(t, ns, dir, bookworm, "daemontools", qmailUsers()...)
		log := filepath.Join(j.root, logs.file)
		if logs.syslog {
			j.startSyslog(t, log)
		}
		for name, content := range map[string]string{
			"control/me": "relay.corp.example\n", "control/locals": "corp.example\n",
			"alias/.qmail-default": "#\n", // bounces are thrown away
		} {
			writeFile(t, filepath.Join(j.root, qmailHome, name), content)
		}
		said, err := j.command("sh", "-c", installQmail, "sh", source, qmailHome).CombinedOutput()
		require.NoErrorf(t, err, "installing qmail: %s", said)
		path := "PATH=" + qmailHome + "/bin:/usr/bin:/bin"
		j.start(t, filepath.Join(dir, "qmail.output"), "env", append([]string{path, "qmail-start", "./Mailbox"}, logs.by...)...)
		return &logger{file: log, send: func(t *testing.T, m message) {
			t.Helper()
			m.submitTo(t, j.command(qmailHome+"/bin/qmail-inject", "-f", sender, m.to))
		}}
	}
}
