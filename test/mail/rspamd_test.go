//go:build e2e

package mail_test

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestAuditRspamd: audit finds in the log of Rspamd the recipients of the messages that it was asked about.
func TestAuditRspamd(t *testing.T) {
	requireTools(t, nil)
	checkLog(t, newRspamd, map[string]tried{armyML.domain: {1}, navyML.domain: {1}, nowhere.domain: {1}})
}

// newRspamd starts Rspamd of Debian 12 with Debian's form of log lines.
func newRspamd(t *testing.T, ns *netns, dir string) mta {
	t.Helper()
	j := newJail(t, ns, dir, bookworm, "rspamd")
	home := filepath.Join(dir, "rspamd.d")
	makeDir(t, home)
	log, conf := filepath.Join(home, "rspamd.log"), filepath.Join(home, "rspamd.conf")
	writeFile(t, conf, fmt.Sprintf(`options {
	filters = "";
	pidfile = "%[1]s/pid";
	tempdir = "%[1]s";
	dns { nameserver = ["%[2]s"]; }
}
logging {
	type = "file";
	filename = "%[3]s";
	.include "%[4]s"
}
actions { reject = 15; }
worker "normal" {
	bind_socket = "127.0.0.1:11333";
	count = 1;
}
`, home, resolverAddr, log, filepath.Join(filepath.Dir(j.usr), "etc", "rspamd", "logging.inc")))
	j.start(t, filepath.Join(home, "output"), "/usr/bin/rspamd", "--no-fork", "--insecure", "--config", conf)
	ns.waitListening(t, "127.0.0.1", 11333)
	return &logger{file: log, send: func(t *testing.T, m message) {
		t.Helper()
		m.submitTo(t, j.command("/usr/bin/rspamc", "--connect", "127.0.0.1:11333", "--from", sender, "--rcpt", m.to, "--ip", "10.1.1.1"))
	}}
}
