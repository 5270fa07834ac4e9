//go:build e2e

package mail_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// testSinkhole checks what becomes of mail that a server sends to typoguard's SMTP listener: plainly, over IPv6, when it
// requires TLS, and with a right recipient beside the mistyped one. status is that of the bounces.
func testSinkhole(t *testing.T, server, status string, start, startRequiringTLS newMTA) {
	t.Helper()
	army, navy := explains(status, armyML, armyMil), explains(status, navyML, navyMil)
	for _, c := range []struct {
		mailCase
		start newMTA
	}{
		{mailCase{sinkhole, army, navy}, start},
		{mailCase{sinkhole6, army, navy}, start},
		{mailCase{sinkholeTLS, army, navy}, startRequiringTLS},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, server, c.start) })
	}
	t.Run("sinkhole for one of two recipients", func(t *testing.T) {
		w := newWorld(t, sinkhole, start)
		w.relay.submit(t, message{to: mailTo(armyML).to, cc: []string{mailTo(armyMil).to}})
		w.waitArrival(t, armyMil)
		w.waitOutcome(t, armyML, army)
		w.checkID(t, armyML)
		kit.Eventually(t, "an empty mail queue", func() bool { return w.relay.queued(t) == "" })
		assert.Len(t, w.internet.received(t, armyMil), 1)
		assert.Empty(t, w.internet.received(t, armyML))
		returned := readBounces(t, w.relay.maildir())
		assert.False(t, slices.ContainsFunc(returned, func(b bounce) bool { return b.recipient == mailTo(armyMil).to && b.action == "failed" }))
		if !t.Failed() {
			seen.note(server, "one of two recipients", army)
		}
	})
}

// checkID checks that the id in the bounce of mail to a site is that of the event of the mail server's queries.
func (w *world) checkID(t *testing.T, s site) {
	t.Helper()
	b := w.waitBounce(t, s)
	id := regexp.MustCompile(`\bId ([a-z2-7]{10})\b`).FindStringSubmatch(strings.Join(strings.Fields(b.text+" "+b.diagnostic), " "))
	require.Len(t, id, 2, "an id in %s", b.text)
	kit.Eventually(t, "a log line about queries and mail with that id", func() bool {
		return slices.ContainsFunc(w.resolver.refusals(t, s), func(line string) bool {
			return strings.Contains(line, " asked for ") && strings.Contains(line, ", the sinkhole refused mail") && strings.Contains(line, ", id "+id[1])
		})
	})
}
