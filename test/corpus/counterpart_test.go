//go:build corpus

package corpus_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/miekg/dns"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// military are domains under mil that have public web sites or are in public mail addresses.
var military = strings.Fields(`
	af africom ang army centcom cybercom darpa dc3 dcaa dcma dcsa dfas dia disa dla dma dod dodig dtic dtra eucom
	health jcs mail mda navy ndu nga norad northcom nro osd pacom pentagon pfpa socom southcom spaceforce spacecom
	stratcom tricare usarmy uscg uscc usmc ustranscom whs`)

// TestCounterpart counts the legitimate domains that protecting mil hides, without and with require counterpart. What it
// cannot count are domains under mil that are not in military: each of them hides its namesakes under ml and il.
func TestCounterpart(t *testing.T) {
	t.Parallel()
	c, err := load()
	require.NoError(t, err)
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	hits := map[string]int{}
	for _, option := range []string{"", "require counterpart"} {
		corefile := fmt.Sprintf(". {\ntypoguard {\nprotect mil\n%s\n}\n}", option)
		blocks, err := typoguard.Load(caddy.CaddyfileInput{Contents: []byte(corefile), Filepath: "Corefile", ServerTypeName: "dns"})
		require.NoError(t, err)
		hidden := func(name string) bool {
			d := blocks[0].Judge(&policy.Query{Name: name, Type: dns.TypeMX, Exists: func(domain string, _ time.Duration) policy.Existence {
				if slices.Contains(military, strings.TrimSuffix(domain, ".mil.")) {
					return policy.Exists
				}
				return policy.Absent
			}})
			return d.Enforced()
		}
		for _, name := range c.domains {
			if hidden(name) {
				hits[option]++
				if option != "" {
					t.Log(name)
				}
			}
		}
		for _, child := range military {
			assert.True(t, hidden("mail."+child+".ml"), child)
		}
	}
	documented, err := os.ReadFile("../../docs/protect.md")
	require.NoError(t, err)
	assert.Contains(t, string(documented), fmt.Sprintf("`require counterpart` leaves %d of the %d", hits["require counterpart"], hits[""]))
}
