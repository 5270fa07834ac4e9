//go:build e2e

package mail_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// audited is what the command audit says of a lookalike.
type audited struct {
	Name      string `json:"name"`
	Intended  string `json:"intended"`
	Delivered int    `json:"delivered"`
	Bounced   int    `json:"bounced"`
	Deferred  int    `json:"deferred"`
	Sources   []struct {
		Value string `json:"value"`
	} `json:"sources"`
	Senders []struct {
		Value string `json:"value"`
	} `json:"senders"`
}

// audit lets the command audit read the relay's log, whose format it must recognise, and returns what it says of each
// lookalike.
func (w *world) audit(t *testing.T, dir string) map[string]audited {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	corefile := filepath.Join(dir, "Corefile.audit")
	writeFile(t, corefile, ". {\n"+nxdomain.stanza+"\n}\n")
	out, err := exec.Command(binary, "audit", "-conf", corefile, "-json", "-addresses", w.relay.log()).Output()
	require.NoError(t, err)
	var report struct {
		Lookalikes []audited `json:"lookalikes"`
		Lines      struct {
			Unknown int `json:"unknown"`
		} `json:"lines"`
	}
	require.NoError(t, json.Unmarshal(out, &report))
	assert.Zero(t, report.Lines.Unknown, "lines that audit did not understand: %s", out)
	found := map[string]audited{}
	for _, l := range report.Lookalikes {
		found[l.Name] = l
	}
	return found
}

// checkAudit checks that audit reads from the relay's log what became of the mail to lookalikes.
func (w *world) checkAudit(t *testing.T, dir string, want map[site]outcome) {
	t.Helper()
	found := w.audit(t, dir)
	for s, o := range want {
		l, ok := found[s.domain]
		if s == armyMil || s == navyMil {
			assert.False(t, ok, "%s is protected", s.domain)
			continue
		}
		switch o.place {
		case atSite:
			assert.Equal(t, [3]int{1, 0, 0}, [3]int{l.Delivered, l.Bounced, l.Deferred}, "delivered, bounced, deferred: %s", s.domain)
		case atSender:
			assert.Equal(t, [3]int{0, 1, 0}, [3]int{l.Delivered, l.Bounced, l.Deferred}, "delivered, bounced, deferred: %s", s.domain)
		case inQueue:
			assert.Equal(t, [2]int{0, 0}, [2]int{l.Delivered, l.Bounced}, "delivered, bounced: %s", s.domain)
			assert.Positive(t, l.Deferred, "deferred: %s", s.domain)
		}
		require.Len(t, l.Sources, 1, s.domain)
		assert.Equal(t, "local", l.Sources[0].Value)
		require.Len(t, l.Senders, 1, s.domain)
		assert.Equal(t, sender, l.Senders[0].Value)
	}
}

// TestAuditSMTP: of mail that came to Postfix by SMTP, audit tells from which host.
func TestAuditSMTP(t *testing.T) {
	requireTools(t, map[string]string{"smtp-source": "postfix"})
	w := newWorld(t, unprotected, newPostfix(bookworm, ""))
	relay := w.relay.(*postfix)
	for _, s := range foreignSites {
		relay.jail.ns.run(t, "smtp-source", "-f", sender, "-t", mailTo(s).to, "127.0.0.1:25")
	}
	for _, s := range foreignSites {
		kit.Eventually(t, "mail at the server of "+s.domain, func() bool { return len(w.internet.received(t, s)) == 1 })
		kit.Eventually(t, "a log line about it", func() bool { return lastLine(kit.ReadFile(t, relay.log()), "to=<"+mailTo(s).to+">,") != "" })
	}
	found := w.audit(t, w.internet.dir)
	for _, s := range []site{armyML, navyML} {
		assert.Equal(t, 1, found[s.domain].Delivered, s.domain)
		require.Len(t, found[s.domain].Sources, 1, s.domain)
		assert.Equal(t, "localhost[127.0.0.1]", found[s.domain].Sources[0].Value)
	}
}
