//go:build e2e

package mail_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// inboundView is a server block for the relay, as one that takes mail in, in which no policy holds. It stands before the
// other one.
const inboundView = `. {
    bind ` + resolverAddr + `
    view inbound {
        expr incidr(client_ip(), '` + relayAddr + `/32')
    }
    cache 30
    forward . ` + rootServerAddr + `
}
`

// TestInbound: a host that takes mail in, and refuses senders of domains that it cannot find, refuses mail from Mali if the
// policy is for it too; and takes it if there is a view or a policy for the other hosts.
func TestInbound(t *testing.T) {
	requireTools(t, map[string]string{"smtp-source": "postfix"})
	for _, tt := range []struct {
		name    string
		conf    configuration
		refused bool
	}{
		{"guarded", nxdomain, true},
		{"another view", configuration{before: inboundView, stanza: nxdomain.stanza}, false},
		{"other clients", configuration{stanza: stanza("protect mil", "clients "+resolverAddr)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.conf, newPostfix(bookworm, "smtpd_sender_restrictions = reject_unknown_sender_domain\n"))
			relay := w.relay.(*postfix)
			out, err := relay.jail.ns.command("smtp-source", "-f", "bob@army.ml", "-t", sender, "127.0.0.1:25").CombinedOutput()
			if tt.refused {
				require.Error(t, err)
				assert.Contains(t, string(out), "450 4.1.8 <bob@army.ml>: Sender address rejected: Domain not found")
				return
			}
			require.NoErrorf(t, err, "%s", out)
			kit.Eventually(t, "mail from Mali in the mailbox", func() bool {
				entries, err := os.ReadDir(filepath.Join(relay.maildir(), "new"))
				return err == nil && len(entries) == 1
			})
		})
	}
}
