//go:build e2e

package between_test

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestWildcard: a resolver that validates makes records of names that it never asks for from a signed wildcard that it knows, and from the
// proof that a wildcard has no MX record, but not for long: a second in Unbound, five in Knot Resolver. The stranger has such wildcards at
// parents of lookalikes, which no policy covers, and names there that are no lookalikes stay as they are.
func TestWildcard(t *testing.T) {
	at := "." + world.pairs[0].label + ".example"
	for _, s := range setups() {
		if !s.Validates {
			continue
		}
		for _, action := range []string{"nxdomain", "nullmx"} {
			t.Run(s.Name+"/"+action, func(t *testing.T) {
				t.Parallel()
				client := cell{s, action}.start(t)
				for _, parent := range []string{"garrisom", "garrixon"} {
					for _, qtype := range []uint16{dns.TypeMX, dns.TypeA} {
						client.ask(t.Context(), question{name: "canteen." + parent + at, qtype: qtype})
					}
					kit.Eventually(t, "mail for hq."+parent+" not to get to the stranger", func() bool {
						return client.route(t.Context(), "hq."+parent+at) != stranger
					})
					assert.Equal(t, stranger, client.route(t.Context(), "canteen."+parent+at), "no lookalike")
				}
			})
		}
	}
}
