//go:build e2e

package mail_test

import (
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// sender is who writes all mail, from a mailbox on the relay.
const sender = "alice@corp.example"

// mta is a mail server under test, the relay.
type mta interface {
	// submit hands it a message.
	submit(t *testing.T, m message)
	// fate is the last line it logged about the delivery of a message, or nothing yet.
	fate(t *testing.T, m message) string
	// queued lists the messages it has neither delivered nor bounced, or nothing.
	queued(t *testing.T) string
	// maildir is the sender's mailbox.
	maildir() string
	// log is the file it logs to.
	log() string
}

// newMTA starts a mail server in the relay's namespace, its files below dir.
type newMTA func(t *testing.T, ns *netns, dir string) mta

// message is a message from the sender.
type message struct {
	to string
	cc []string // further recipients
}

// mailTo is a message to Bob at a site.
func mailTo(s site) message { return message{to: "bob@" + s.domain} }

// recipients are all of the message's.
func (m message) recipients() []string { return append([]string{m.to}, m.cc...) }

// id is the message's Message-ID.
func (m message) id() string { return "<to-" + m.to + ">" }

// body is the text of every message.
const body = "The general lands at noon.\n"

// submitTo runs a program that takes the message on its standard input, as sendmail does.
func (m message) submitTo(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stdin = m.reader()
	out, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "sending to %s: %s", m.to, out)
}

// reader reads the message.
func (m message) reader() io.Reader {
	return strings.NewReader(fmt.Sprintf("From: %s\nTo: %s\nMessage-ID: %s\nSubject: travel plan\n\n%s",
		sender, strings.Join(m.recipients(), ", "), m.id(), body))
}

// outcome is what becomes of a message.
type outcome struct {
	place  place
	status string // the enhanced status code in a bounce
	text   string // in a bounce, or in the log line about a message that waits

	// forPeople has what a person must find in the bounce without looking for it: in the part that is for people.
	forPeople []string
}

// place is where a message ends up.
type place int

const (
	atSite   place = iota // at the mail server of the domain it is addressed to
	atSender              // back, in a bounce
	inQueue               // on the relay, to be tried again
)

// arrives is the outcome for mail to the right domain, and for mail to a lookalike the one to prevent.
func arrives() outcome { return outcome{place: atSite} }

// bounces is the outcome that typoguard is there for: the sender learns at once that the message was not delivered.
func bounces(status, text string) outcome {
	return outcome{place: atSender, status: status, text: text}
}

// explains is the outcome that is best: the sender learns at once which address was probably meant.
func explains(status string, lookalike, intended site) outcome {
	o := bounces(status, "5.1.2")
	o.forPeople = []string{
		lookalike.domain + " looks like a mistyped " + intended.domain + ".",
		"Nothing was sent. Please check the address: " + mailTo(intended).to + " ?",
		"Questions? Call the help desk, 2525, about " + mailTo(intended).to + " (mail).",
	}
	return o
}

// waits is the outcome that keeps the message in but leaves the sender in the dark for hours or days.
func waits(text string) outcome { return outcome{place: inQueue, text: text} }

// mailCase is what becomes of mail to lookalikes under one configuration.
type mailCase struct {
	configuration
	army outcome // of mail to army.ml, which has an MX record
	navy outcome // of mail to navy.ml, which has only an address
}

// run sends a message to each site and checks what becomes of it, and what the Internet and the resolver's log know
// about it afterwards. What was seen is noted for a mail server of that name.
func (c mailCase) run(t *testing.T, server string, start newMTA) {
	t.Helper()
	w := newWorld(t, c.configuration, start)
	want := map[site]outcome{armyMil: arrives(), navyMil: arrives(), armyML: c.army, navyML: c.navy}

	sent := time.Now()
	for _, s := range foreignSites {
		w.relay.submit(t, mailTo(s))
	}
	for _, s := range foreignSites {
		w.waitOutcome(t, s, want[s])
	}
	t.Logf("everything was decided within %v", time.Since(sent).Round(time.Millisecond))

	w.checkQueue(t, want)
	w.checkReceived(t, want)
	assert.Equal(t, c.address, w.resolver.address(t, navyML.domain), "the address of navy.ml")
	w.checkUpstream(t, c.upstream)
	w.checkAudit(t, w.internet.dir, want)
	logged := "army.ml. MX " + c.logged
	kit.Eventually(t, "the resolver's log to have "+logged, func() bool { return slices.Contains(w.resolver.lines(t, "army.ml."), logged) })
	w.checkRefusals(t, c.refused)
	if !t.Failed() {
		seen.note(server, c.name, c.army)
	}
}

// world is the servers of a test case.
type world struct {
	internet *internet
	resolver *resolver
	relay    mta
}

// newWorld starts the servers of a test case.
func newWorld(t *testing.T, conf configuration, start newMTA) *world {
	t.Helper()
	dir := caseDir(t)
	net := newNetwork(t)
	w := &world{internet: newInternet(t, net.internet, dir, conf.between.Name != "")}
	w.resolver = newResolver(t, net, dir, conf)
	if conf.between.Name != "" {
		w.startForwarder(t, net.relay, dir, conf.between)
	}
	w.relay = start(t, net.relay, dir)
	t.Cleanup(func() { keepLog(t, w.relay.log()) })
	return w
}

// waitOutcome waits until it is decided what becomes of the message to a site, and checks it.
func (w *world) waitOutcome(t *testing.T, s site, want outcome) {
	t.Helper()
	m := mailTo(s)
	switch want.place {
	case atSite:
		w.waitArrival(t, s)
	case atSender:
		b := w.waitBounce(t, s)
		t.Logf("bounce of mail to %s: Status: %s, Diagnostic-Code: %s", m.to, b.status, b.diagnostic)
		assert.Equal(t, "failed", b.action)
		assert.Equal(t, want.status, b.status)
		assert.Contains(t, b.text+b.diagnostic, want.text)
		text := strings.Join(strings.Fields(b.text), " ") // mail servers break lines
		for _, words := range want.forPeople {
			assert.Contains(t, text, words, "what the sender reads")
		}
		if len(want.forPeople) > 0 {
			t.Logf("the sender reads:\n%s", b.text)
			seen.noteText(b.text)
		}
	case inQueue:
		kit.Eventually(t, "mail to "+m.to+" in the queue", func() bool {
			return strings.Contains(w.relay.fate(t, m), want.text) && strings.Contains(w.relay.queued(t), m.to)
		})
	}
	// Mail servers log what they did after they did it.
	kit.Eventually(t, "a log line about mail to "+m.to, func() bool { return w.relay.fate(t, m) != "" })
	t.Logf("the relay logged: %s", w.relay.fate(t, m))
}

// waitArrival waits until a site has received the message to it as it was sent.
func (w *world) waitArrival(t *testing.T, s site) {
	t.Helper()
	w.waitArrivalAt(t, s, s)
}

// waitArrivalAt waits until the mail server of one site has received the message to another as it was sent.
func (w *world) waitArrivalAt(t *testing.T, server, s site) {
	t.Helper()
	kit.Eventually(t, "mail to "+s.domain+" at the server of "+server.domain, func() bool {
		return slices.ContainsFunc(w.internet.received(t, server), func(dump string) bool {
			return strings.Contains(dump, "X-Rcpt-Args: <"+mailTo(s).to+">") && strings.Contains(dump, body)
		})
	})
}

// waitBounce waits until the sender has got a bounce of the message to a site.
func (w *world) waitBounce(t *testing.T, s site) bounce {
	t.Helper()
	var found bounce
	kit.Eventually(t, "a bounce of mail to "+s.domain, func() bool {
		require.Empty(t, w.internet.received(t, s), "mail that leaked to %s", s.domain)
		all := readBounces(t, w.relay.maildir())
		i := slices.IndexFunc(all, func(b bounce) bool { return b.recipient == mailTo(s).to })
		if i < 0 {
			return false
		}
		found = all[i]
		return true
	})
	return found
}

// checkQueue checks that the relay has no message left to try again, except those that are expected to wait.
func (w *world) checkQueue(t *testing.T, want map[site]outcome) {
	t.Helper()
	for _, o := range want {
		if o.place == inQueue {
			return // That it is there has been checked while waiting for it.
		}
	}
	kit.Eventually(t, "an empty mail queue", func() bool { return w.relay.queued(t) == "" })
}

// checkReceived checks that sites where mail is expected to arrive got one message, and the others not a word.
func (w *world) checkReceived(t *testing.T, want map[site]outcome) {
	t.Helper()
	for s, o := range want {
		n := 0
		if o.place == atSite {
			n = 1
		}
		assert.Len(t, w.internet.received(t, s), n, "messages at the server of %s", s.domain)
	}
}

// checkRefusals checks that the resolver logged what its SMTP listener refused, without local parts.
func (w *world) checkRefusals(t *testing.T, want string) {
	t.Helper()
	for _, s := range []site{armyML, navyML} {
		if want == "" {
			assert.Empty(t, w.resolver.refusals(t, s))
			continue
		}
		kit.Eventually(t, "a log line about the refusal of mail to "+s.domain, func() bool { return len(w.resolver.refusals(t, s)) > 0 })
		for _, line := range w.resolver.refusals(t, s) {
			assert.Regexp(t, want, line)
			assert.NotContains(t, line, "bob")
		}
	}
}

// checkUpstream checks that of the questions about lookalikes only those of the given types reached the Internet.
func (w *world) checkUpstream(t *testing.T, types []string) {
	t.Helper()
	queries := w.internet.queries(t)
	for _, s := range []site{armyMil, navyMil} {
		assert.Contains(t, queries, query{s.domain, "MX"}, "the Internet's query log works")
	}
	for _, q := range queries {
		if isOrUnder(q.name, armyML.domain) || isOrUnder(q.name, navyML.domain) {
			assert.Contains(t, types, q.qtype, "the question %v reached the Internet", q)
		}
	}
}

// isOrUnder says whether name is domain or lies under it.
func isOrUnder(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}
