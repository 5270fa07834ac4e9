//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestPostfix checks what becomes of mail that Postfix relays under each action.
func TestPostfix(t *testing.T) {
	requireTools(t, nil)
	noDomain := bounces("5.4.4", "Host not found")
	noData := bounces("5.4.4", "Host found but no data record of requested type")
	armyRefuses := bounces("5.1.0", "Domain army.ml does not accept mail (nullMX)")
	navyRefuses := bounces("5.1.0", "Domain navy.ml does not accept mail (nullMX)")
	noConnection := waits("status=deferred (connect to ")
	forEachRelease(t, func(t *testing.T, r release) {
		t.Helper()
		start := newPostfix(r, "")
		for _, c := range []mailCase{
			{unprotected, arrives(), arrives()},
			{monitored, arrives(), arrives()},
			{nxdomain, noDomain, noDomain},
			{nxdomainFullDomains, noDomain, noDomain},
			{nodata, noData, noData},
			{nullMX, armyRefuses, navyRefuses},
			{nullMXNoAddresses, armyRefuses, navyRefuses},
			{deadSinkhole, noConnection, noConnection},
		} {
			t.Run(c.name, func(t *testing.T) { c.run(t, "Postfix", start) })
		}
		testSinkhole(t, "Postfix", "5.1.2", start, newPostfix(r, postfixRequiringTLS))
	})
}

// postfix is Debian's Postfix with a configuration, a queue and mailboxes of its own.
type postfix struct {
	jail *jail
	dir  string
}

// newPostfix starts Postfix of a release of Debian, with further lines in its configuration. Its users are the machine's: the
// package is installed for smtp-sink.
func newPostfix(r release, more string) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		return startPostfix(t, newJail(t, ns, dir, r, "postfix"), dir, more)
	}
}

// postfixRequiringTLS is the line to deliver to the lookalikes' mail servers with TLS only.
const postfixRequiringTLS = "smtp_tls_policy_maps = inline:{army.ml=encrypt,navy.ml=encrypt}\n"

// startPostfix starts Postfix in a jail.
func startPostfix(t *testing.T, j *jail, dir, more string) mta {
	t.Helper()
	p := &postfix{jail: j, dir: filepath.Join(dir, "postfix")}
	writeFile(t, filepath.Join(p.dir, "etc", "main.cf"), p.mainCF()+more)
	writeFile(t, filepath.Join(p.dir, "etc", "master.cf"), postfixMasterCF)
	makeDir(t, filepath.Join(p.dir, "queue"))
	makeDir(t, p.maildir())
	require.NoError(t, os.Chown(p.maildir(), nobody, nobody))
	t.Cleanup(func() {
		// Without this it would be killed with the rest of the namespace, but then its log has no end.
		_ = j.command("postfix", "-c", p.etc(), "stop").Run()
		if t.Failed() {
			t.Logf("Postfix logged:\n%s", kit.ReadFile(t, p.log()))
		}
	})
	out, err := j.command("postfix", "-c", p.etc(), "start").CombinedOutput()
	require.NoErrorf(t, err, "postfix start: %s", out)
	return p
}

// mainCF is Postfix's configuration: mail for corp.example goes to its mailboxes, all other by MX, nothing is chrooted.
func (p *postfix) mainCF() string {
	return fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[2]s
maillog_file_prefixes = %[1]s
myhostname = relay.corp.example
myorigin = corp.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = corp.example
virtual_mailbox_maps = inline:{alice@corp.example=alice/}
virtual_mailbox_base = %[3]s
virtual_uid_maps = static:%[4]d
virtual_gid_maps = static:%[4]d
`, p.dir, p.log(), filepath.Dir(p.maildir()), nobody)
}

// postfixMasterCF is Debian's master.cf without chroot and without the services that no case uses.
const postfixMasterCF = `
smtp       inet  n  -  n  -      -  smtpd
pickup     unix  n  -  n  60     1  pickup
cleanup    unix  n  -  n  -      0  cleanup
qmgr       unix  n  -  n  300    1  qmgr
tlsmgr     unix  -  -  n  1000?  1  tlsmgr
rewrite    unix  -  -  n  -      -  trivial-rewrite
bounce     unix  -  -  n  -      0  bounce
defer      unix  -  -  n  -      0  bounce
trace      unix  -  -  n  -      0  bounce
verify     unix  -  -  n  -      1  verify
flush      unix  n  -  n  1000?  0  flush
proxymap   unix  -  -  n  -      -  proxymap
proxywrite unix  -  -  n  -      1  proxymap
smtp       unix  -  -  n  -      -  smtp
showq      unix  n  -  n  -      -  showq
error      unix  -  -  n  -      -  error
retry      unix  -  -  n  -      -  error
virtual    unix  -  n  n  -      -  virtual
anvil      unix  -  -  n  -      1  anvil
scache     unix  -  -  n  -      1  scache
postlog    unix-dgram n - n -    1  postlogd
`

// etc is the configuration directory.
func (p *postfix) etc() string { return filepath.Join(p.dir, "etc") }

// log is the log file.
func (p *postfix) log() string { return filepath.Join(p.dir, "maillog") }

// maildir is the mailbox of the sender.
func (p *postfix) maildir() string { return filepath.Join(p.dir, "mail", "alice") }

// submit hands a message to Postfix's sendmail.
func (p *postfix) submit(t *testing.T, m message) {
	t.Helper()
	m.submitTo(t, p.jail.command("sendmail", append([]string{"-C", p.etc(), "-i", "-f", sender}, m.recipients()...)...))
}

// fate is the last line that Postfix logged about the delivery of a message.
func (p *postfix) fate(t *testing.T, m message) string {
	t.Helper()
	log := kit.ReadFile(t, p.log())
	id := regexp.MustCompile(`cleanup\[\d+\]: (\w+): message-id=` + regexp.QuoteMeta(m.id())).FindStringSubmatch(log)
	if id == nil {
		return ""
	}
	return lastLine(log, fmt.Sprintf("%s: to=<%s>,", id[1], m.to))
}

// queued lists the messages that have been neither delivered nor bounced, one a line.
func (p *postfix) queued(t *testing.T) string {
	t.Helper()
	out, err := p.jail.command("postqueue", "-c", p.etc(), "-j").CombinedOutput()
	require.NoErrorf(t, err, "postqueue -j: %s", out)
	return strings.TrimSpace(string(out))
}
