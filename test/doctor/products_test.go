//go:build e2e

package doctor_test

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// products are resolvers that forward to typoguard, besides Unbound and dnsmasq, by their names in package resolvers.
var products = []string{"bind", "pdns-process", "knot"}

// examineProducts has doctor find nothing wrong with each product, and that it hides the canaries of both policies.
func examineProducts(t *testing.T) {
	t.Helper()
	nobody := resolvers.Anchors{Root: &dns.DS{Digest: "00"}} // nobody validates
	_, port, err := net.SplitHostPort(guarded + ":53")
	require.NoError(t, err)
	for _, name := range products {
		t.Run(name, func(t *testing.T) {
			product, err := resolvers.ForwarderNamed(name)
			require.NoError(t, err)
			dir, err := os.MkdirTemp("", "doctor") //nolint:usetesting // PowerDNS has a socket in it, whose path is short
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
			client := &dns.Client{Timeout: time.Second}
			server, err := product.Start(t.Context(), dir, "", product.Variables(guarded, port, nobody), func(port string) bool {
				reply, _, err := client.Exchange(new(dns.Msg).SetQuestion("ready.example.net.", dns.TypeA), net.JoinHostPort(guarded, port))
				return err == nil && reply.Rcode == dns.RcodeSuccess
			})
			require.NoError(t, err)
			t.Cleanup(server.Stop)
			h := newHost(t)
			through := net.JoinHostPort(guarded, server.Port)
			h.args = []string{"-through", through}
			status, findings := h.examine()
			assert.Zero(t, status, "%+v", findings)
			for _, canary := range []string{`armyy.mil, of policy "default"`, `mindeff.nl, of policy "told"`} {
				assert.Contains(t, findings, finding{Level: "ok", Check: "resolver", What: through + " (-through) hides " + canary})
			}
		})
	}
}
