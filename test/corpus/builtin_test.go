//go:build corpus

package corpus_test

import (
	"fmt"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/miekg/dns"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// TestBuiltin bounds how many legitimate domains the lists hide that come with the plugin.
func TestBuiltin(t *testing.T) {
	t.Parallel()
	c, err := load()
	require.NoError(t, err)
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	for name, most := range map[string]int{"us-military": 0, "us-federal": 0, "freemail": 47} {
		corefile := fmt.Sprintf(". {\ntypoguard {\nprotect builtin:%s\n}\n}", name)
		blocks, err := typoguard.Load(caddy.CaddyfileInput{Contents: []byte(corefile), Filepath: "Corefile", ServerTypeName: "dns"})
		require.NoError(t, err)
		hidden := 0
		for _, domain := range c.domains {
			if d := blocks[0].Judge(&policy.Query{Name: domain, Type: dns.TypeMX}); d.Enforced() {
				t.Logf("%s hides %s, which looks like %s", name, domain, d.Lookalike.Intended)
				hidden++
			}
		}
		assert.LessOrEqual(t, hidden, most, name)
	}
}
