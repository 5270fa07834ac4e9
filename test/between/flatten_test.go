//go:build e2e

package between_test

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// TestFlattened: what passes of a lookalike that is an alias is its own record, so that no cache learns where the alias leads: not by
// way of the plugin dns64 either, which makes an AAAA of it.
func TestFlattened(t *testing.T) {
	p := world.pairs[0]
	typoguard := resolvers.Typoguard
	typoguard.Program = world.binary
	stanzas := policy(world.pairs, "nullmx") + "\ndns64 {\nallow_ipv4\n}"
	port := launch(t, typoguard, makeDir(t), map[string]string{"policy": stanzas, "upstream": world.upstream}).Port
	for _, name := range []string{"us.army." + p.hidden, "x.w.army." + p.hidden, "mail.dn.army." + p.hidden, "us.af." + p.hidden} {
		for qtype, address := range map[uint16]string{dns.TypeA: strangerAddress, dns.TypeAAAA: "64:ff9b::c000:242"} {
			t.Run(name+"/"+dns.TypeToString[qtype], func(t *testing.T) {
				reply := client{"127.0.0.1:" + port}.ask(t.Context(), question{name: name, qtype: qtype, do: true})
				require.NotNil(t, reply)
				assert.False(t, reply.AuthenticatedData)
				require.Len(t, reply.Answer, 1, "%s", reply)
				assert.Equal(t, dns.Fqdn(name), reply.Answer[0].Header().Name)
				assert.Contains(t, reply.Answer[0].String(), address)
			})
		}
	}
}
