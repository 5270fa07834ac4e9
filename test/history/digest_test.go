//go:build e2e

package history_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// relay is a Postfix that delivers mail for corp.example into a mailbox, and has a certificate.
type relay struct{ dir, address, ca, mailbox string }

// newRelay makes the files of a relay, which is not started.
func newRelay(t *testing.T) *relay {
	t.Helper()
	dir, err := os.MkdirTemp("", "typoguard-postfix-") //nolint:usetesting // Postfix's users cannot enter tb.TempDir's paths
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	r := &relay{dir: dir, ca: filepath.Join(dir, "cert.pem"), mailbox: filepath.Join(dir, "mail", "soc")}
	require.NoError(t, kit.FreeAddresses(&r.address))
	require.NoError(t, kit.Certificate(r.ca, filepath.Join(dir, "key.pem"), "127.0.0.1"))
	for _, name := range []string{"etc", "queue", "data", "mail"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "mail"), 0o777))
	require.NoError(t, exec.CommandContext(t.Context(), "chown", "postfix", filepath.Join(dir, "data")).Run())
	kit.WriteFile(t, filepath.Join(dir, "etc", "main.cf"), fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/mail.log
maillog_file_prefixes = %[1]s
myhostname = relay.corp.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = corp.example
virtual_mailbox_maps = inline:{soc@corp.example=soc/}
virtual_mailbox_base = %[1]s/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = %[1]s/cert.pem
smtpd_tls_key_file = %[1]s/key.pem
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_relay_restrictions = reject_unauth_destination
`, dir))
	kit.WriteFile(t, filepath.Join(dir, "etc", "master.cf"), r.address+` inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`)
	return r
}

// start starts it, until the test ends.
func (r *relay) start(t *testing.T) {
	t.Helper()
	run := func(ctx context.Context, what string) ([]byte, error) {
		return exec.CommandContext(ctx, "postfix", "-c", filepath.Join(r.dir, "etc"), what).CombinedOutput()
	}
	out, err := run(t.Context(), "start")
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() {
		_, err := run(context.WithoutCancel(t.Context()), "stop")
		assert.NoError(t, err)
		if t.Failed() {
			t.Log(kit.ReadFile(t, filepath.Join(r.dir, "mail.log")))
		}
	})
}

// mails returns the messages in the mailbox.
func (r *relay) mails(t require.TestingT) (all []string) {
	names, err := filepath.Glob(filepath.Join(r.mailbox, "new", "*"))
	require.NoError(t, err)
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		all = append(all, string(content))
	}
	return all
}

// TestDigest: of two resolvers that share a database one sends a digest, over TLS that it verifies, by a relay that was away when it was due.
func TestDigest(t *testing.T) {
	const name = "mailto:soc@corp.example"
	server, mail := startPostgres(t), newRelay(t)
	dsn := server.DSN("postgres")
	due := time.Now().UTC().Add(-2 * time.Minute).Truncate(time.Minute)
	store, err := history.Open(historyconfig.Store{DSN: dsn})
	require.NoError(t, err)
	series := fmt.Sprintf(`%s ["default"] day %s UTC`, name, due.Format("15:04"))
	require.NoError(t, store.BeginDigest(t.Context(), series, due.AddDate(0, 0, -1), due.AddDate(0, 0, -1)))
	then := due.Add(-time.Hour)
	_, err = store.Write(t.Context(), []*event.Event{{
		ID: "aaaaaaaaaa", First: then, Last: then, Count: 2, Client: "192.0.2.7", Name: "us.army.ml", Question: "us.army.ml", Type: "MX", Action: "nxdomain", Mode: "enforce",
		Lookalike: event.Lookalike{Protected: "army.mil", Intended: "us.army.mil", Kind: "omission", Distance: 1, Policy: "default"},
	}})
	require.NoError(t, err)
	require.NoError(t, store.Close())

	options := fmt.Sprintf("notify %s relay smtp://%s from typoguard@resolver.example at %s timezone UTC ca %s url https://review.corp.example", name, mail.address, due.Format("15:04"), mail.ca)
	both := []*resolver{start(t, dsn, "ns1", options), start(t, dsn, "ns2", options)}
	overdue := func(want float64) {
		t.Helper()
		for _, r := range both {
			require.Eventually(t, func() bool {
				m, err := kit.Scrape(t.Context(), r.metrics)
				return err == nil && m[`coredns_typoguard_digest_overdue{digest="`+name+`"}`] == want
			}, 3*time.Minute, wink)
		}
	}
	overdue(1)
	both[0].ask(t, 0, 1, 0) // DNS is none the worse for it
	mail.start(t)
	overdue(0)
	require.Eventually(t, func() bool { return len(mail.mails(t)) > 0 }, kit.Patience, wink)
	sent := 0
	for _, r := range both {
		m, err := kit.Scrape(t.Context(), r.metrics)
		require.NoError(t, err)
		sent += int(m[`coredns_typoguard_digests_sent_total{digest="`+name+`"}`])
	}
	assert.Equal(t, 1, sent)
	require.Len(t, mail.mails(t), 1)
	got := mail.mails(t)[0]
	for _, want := range []string{
		"Auto-Submitted: auto-generated\n", "Message-ID: <typoguard-", "From: <typoguard@resolver.example>\n", "Subject: typoguard: 1 blocked, 0 only monitored,",
		"us.army.ml  us.army.mil  192.0.2.7  1 ", "\nPolicies: default\n", "https://review.corp.example/events?",
	} {
		assert.Contains(t, got, want)
	}
	assert.Contains(t, got, "(using TLSv1.3 with cipher ", "over TLS")
	assert.Equal(t, 1, strings.Count(got, "\nDate: "))
	assert.Equal(t, "1|t", asking(t, server)("SELECT count(*), bool_and(sent > 0) FROM digest WHERE until = "+fmt.Sprint(due.UnixMilli())))
}
