//go:build e2e

package mail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// listZone is the zone in the configurations below deploy/mail-servers.
const listZone = "lookalikes.corp.example"

// smartHost is where the relay sends all mail, without looking anything up: the list is all that it learns from typoguard.
var smartHost = armyMil

// listed is the configuration of the list. There is no domain for the name that is only monitored.
var listed = configuration{
	name:   "list",
	stanza: stanza("protect mil", "lookalike_zone "+listZone) + "\n    typoguard trial {\n    protect partner.example\n    mode monitor\n    lookalike_zone " + listZone + "\n    }",
}

// did is what the sender must read about a recipient at army.ml or below.
func did(mean string) string { return "did you mean " + mean + "? Id " }

// listCase is a recipient, and what the reply to it begins with and contains.
type listCase struct {
	name, recipient string
	parameters      string // of MAIL
	code, text      string
}

// listCases are the recipients of which all mail servers must think the same; the reply to an address that some of them do not understand
// may be another refusal.
func listCases(dotted, utf8 listCase) []listCase {
	dotted.name, dotted.recipient = "final dot", "<bob@army.ml.>"
	utf8.name, utf8.recipient = "SMTPUTF8", "<bob@ärmy.ml>"
	return []listCase{
		{name: "lookalike", recipient: "<bob@army.ml>", code: "550 5.1.2", text: did("army.mil")},
		{name: "below a lookalike", recipient: "<bob@mail.army.ml>", code: "550 5.1.2", text: did("mail.army.mil")},
		{name: "protected", recipient: "<bob@army.mil>", code: "250"},
		{name: "monitored", recipient: "<bob@partnr.example>", code: "250"},
		{name: "any other", recipient: "<bob@example.org>", code: "250"},
		{name: "plus address", recipient: "<bob+tag@army.ml>", code: "550 5.1.2", text: did("army.mil")},
		{name: "upper case", recipient: "<BOB@ARMY.ML>", code: "550 5.1.2", text: did("army.mil")},
		{name: "quoted local part", recipient: `<"a b"@mail.army.ml>`, code: "550 5.1.2", text: did("mail.army.mil")},
		{name: "quoted at sign", recipient: `<"bob@army.mil"@army.ml>`, code: "550 5.1.2", text: did("army.mil")},
		{name: "two hyphens", recipient: "<bob@my--host.army.ml>", code: "550 5.1.2", text: did("my--host.army.mil")},
		{name: "no Punycode", recipient: "<bob@xn--a.army.ml>", code: "550 5.1.2", text: did("xn--a.army.mil")},
		{name: "underscore", recipient: "<bob@my_host.army.ml>", code: "550 5.1.2", text: did("my_host.army.mil")},
		{name: "source route", recipient: "<@relay.corp.example:bob@army.ml>", code: "550 5.1.2", text: did("army.mil")},
		dotted,
		utf8,
	}
}

// testList sends recipients to a mail server that asks the list, and checks its replies, also when nobody answers for the list: then it begins
// with dead.
func testList(t *testing.T, start newMTA, cases []listCase, dead string) {
	t.Helper()
	w, relay := newListeningWorld(t, listed, start)
	checkRecipients(t, relay, cases)
	t.Run("one of two recipients", func(t *testing.T) { w.sendBeside(t, relay, cases[1].text) })
	t.Run("nobody answers", func(t *testing.T) {
		relay.ip(t, "neighbour replace "+resolverAddr+" lladdr 02:00:00:00:00:01 nud permanent dev eth0")
		// Sendmail looks the sender's domain up, and Postfix remembers what it has found of other recipients' domains.
		reply := newSMTPSession(t, relay, "", "").command("RCPT TO:<bob@navy.ml>")
		assert.Truef(t, strings.HasPrefix(reply, dead), "%s; expected %s", reply, dead)
	})
}

// smtpOnly is a running mail server that takes mail by SMTP only.
type smtpOnly struct{ output string }

func (m *smtpOnly) submit(t *testing.T, _ message) {
	t.Helper()
	require.Fail(t, "this server takes mail by SMTP only")
}

func (m *smtpOnly) fate(t *testing.T, sent message) string {
	t.Helper()
	return lastLine(kit.ReadFile(t, m.output), sent.to)
}

func (m *smtpOnly) queued(*testing.T) string { return "" }
func (m *smtpOnly) maildir() string          { return "" }
func (m *smtpOnly) log() string              { return m.output }

// notUnderstood returns cases of which a mail server does not understand some recipients, and refuses them without asking.
func notUnderstood(cases []listCase, names ...string) []listCase {
	for i, c := range cases {
		if slices.Contains(names, c.name) {
			cases[i].code, cases[i].text = "501 ", ""
		}
	}
	return cases
}

// newListeningWorld starts the servers of a test case, with a relay that takes mail by SMTP, and returns also its namespace.
func newListeningWorld(t *testing.T, conf configuration, start newMTA) (w *world, relay *netns) {
	t.Helper()
	w = newWorld(t, conf, func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		relay = ns
		ns.replaceEtc(t, "resolv.conf", "nameserver "+resolverAddr+"\noptions timeout:1 attempts:1\nlookup file bind\n")
		server := start(t, ns, dir)
		ns.waitListening(t, "*", 25)
		return server
	})
	return w, relay
}

// checkRecipients checks the replies to recipients.
func checkRecipients(t *testing.T, relay *netns, cases []listCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			reply := newSMTPSession(t, relay, sender, c.parameters).command("RCPT TO:" + c.recipient)
			t.Log(reply)
			assert.Truef(t, strings.HasPrefix(reply, c.code), "%s; expected %s", reply, c.code)
			assert.Contains(t, reply, c.text)
		})
	}
}

// sendBeside sends a message to a name below a lookalike and to the right domain, and checks that the reply to the former contains a text, and
// that only the latter gets it.
func (w *world) sendBeside(t *testing.T, relay *netns, text string) {
	t.Helper()
	s := newSMTPSession(t, relay, sender, "")
	assert.Contains(t, s.command("RCPT TO:<bob@mail.army.ml>"), text)
	assert.Contains(t, s.command("RCPT TO:<"+mailTo(armyMil).to+">"), "250 ")
	assert.Contains(t, s.command("DATA"), "354 ")
	assert.Contains(t, s.command("Subject: travel plan\r\n\r\n"+strings.TrimSuffix(body, "\n")+"\r\n."), "250 ")
	w.waitArrival(t, smartHost)
	assert.Len(t, w.internet.received(t, smartHost), 1)
	assert.False(t, slices.ContainsFunc(w.internet.received(t, smartHost), func(dump string) bool { return strings.Contains(dump, "army.ml") }))
}

// deployed returns a file below deploy/mail-servers, with another directory in the place of one in it.
func deployed(t *testing.T, name, directory, instead string) string {
	t.Helper()
	top, err := kit.Root()
	require.NoError(t, err)
	text := kit.ReadFile(t, filepath.Join(top, "deploy", "mail-servers", name))
	if directory != "" {
		require.Contains(t, text, directory)
	}
	return strings.ReplaceAll(text, directory, instead)
}

// TestListPostfix: Postfix with the configuration in deploy/mail-servers.
func TestListPostfix(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	start := func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		etc := filepath.Join(dir, "postfix", "etc")
		writeFile(t, filepath.Join(etc, "typoguard_command.regexp"), deployed(t, "postfix/typoguard_command.regexp", "", ""))
		conf := deployed(t, "postfix/main.cf", "/etc/postfix", etc)
		return startPostfix(t, newJail(t, ns, dir, bookworm, "postfix"), dir, fmt.Sprintf("relayhost = [%s]\n%s", smartHost.addr, conf))
	}
	cases := listCases(listCase{code: "550 5.1.2", text: did("army.mil")}, listCase{parameters: " SMTPUTF8", code: "550 5.1.2", text: did("xn--rmy-pla.mil")})
	testList(t, start, cases, "250 ")
}

// TestListExim: Exim with the configuration in deploy/mail-servers, and with the one that defers when the list cannot be asked.
func TestListExim(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	cases := listCases(listCase{code: "501 "}, listCase{parameters: " SMTPUTF8", code: "550 5.1.2", text: did("xn--rmy-pla.mil")})
	cases = notUnderstood(cases, "underscore")
	t.Run("accepts", func(t *testing.T) {
		t.Parallel()
		testList(t, newListExim(""), cases, "250 ")
	})
	t.Run("defers", func(t *testing.T) {
		t.Parallel()
		testList(t, newListExim("+defer_unknown : "), cases[:3], "451 ")
	})
}

// newListExim starts Exim as a daemon that asks the list, with options of the first query.
func newListExim(options string) newMTA {
	return func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		acl := deployed(t, "exim/acl_rcpt", "  deny  dnslists = ", "  deny  dnslists = "+options)
		return startEximDaemon(t, ns, dir, acl)
	}
}

// startEximDaemon starts Exim as a daemon that sends all mail to the smart host, with the beginning of an ACL.
func startEximDaemon(t *testing.T, ns *netns, dir, acl string) mta {
	t.Helper()
	config := func(e *exim) string {
		return fmt.Sprintf(`primary_hostname = relay.corp.example
log_file_path = %s/%%slog
never_users = root
keep_environment =
smtputf8_advertise_hosts = *
acl_smtp_rcpt = rcpt
begin acl
rcpt:
%s  accept
begin routers
smarthost:
  driver = manualroute
  route_list = * %s
  transport = out
begin transports
out:
  driver = smtp
`, filepath.Dir(e.log()), acl, smartHost.addr)
	}
	e := prepareExim(t, newJail(t, ns, dir, bookworm, "exim4-daemon-light", eximUser), dir, config)
	e.jail.start(t, filepath.Join(e.dir, "output"), "/usr/sbin/exim4", "-bdf", "-q1m")
	return e
}

// TestListSendmail: Sendmail with the configuration in deploy/mail-servers.
func TestListSendmail(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"rsyslogd": "rsyslog"})
	start := func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		ns.replaceEtc(t, "hosts", "127.0.0.1 relay.corp.example localhost\n")
		more := fmt.Sprintf("define(`SMART_HOST', `[%s]')dnl\n", smartHost.addr) + deployed(t, "sendmail/typoguard.m4", "", "")
		return startSendmail(t, newJail(t, ns, dir, bookworm, "sendmail-bin", smmtaUser, smmspUser, aliceUser), dir, "", more)
	}
	cases := listCases(listCase{code: "550 5.1.2", text: did("army.mil")}, listCase{code: "5"})
	testList(t, start, cases, "250 ")
}

// TestListOpenSMTPD: OpenSMTPD with the filter in deploy/mail-servers.
func TestListOpenSMTPD(t *testing.T) {
	t.Parallel()
	requireTools(t, map[string]string{"rsyslogd": "rsyslog"})
	start := func(t *testing.T, ns *netns, dir string) mta {
		t.Helper()
		filter := filepath.Join(dir, "filter-typoguard")
		writeFile(t, filter, deployed(t, "opensmtpd/filter-typoguard", "", ""))
		require.NoError(t, os.Chmod(filter, 0o755))
		conf := deployed(t, "opensmtpd/smtpd.conf", "/usr/local/libexec/filter-typoguard", filter)
		conf += fmt.Sprintf("action \"relay\" relay host smtp://%s\nmatch from any for any action \"relay\"\n", smartHost.addr)
		j := newJail(t, ns, dir, bookworm, "opensmtpd", smtpdUser, queueUser, aliceUser)
		return startOpenSMTPD(t, j, dir, func(*openSMTPD) string { return conf })
	}
	cases := listCases(listCase{code: "501 "}, listCase{code: "501 "})
	testList(t, start, notUnderstood(cases, "quoted local part", "quoted at sign"), "250 ")
}
