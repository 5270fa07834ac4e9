//go:build e2e

package between_test

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRepeatedMX: dnsmasq turns the NXDOMAIN for a repeated MX query into NODATA, as README says, and no other resolver does. So it
// does then for addresses, by and by.
func TestRepeatedMX(t *testing.T) {
	for _, s := range setups() {
		if s.excuses() {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			client := cell{s, "nxdomain"}.start(t)
			rcode := func(qtype uint16) string {
				reply := client.ask(t.Context(), question{name: world.pairs[0].navy(), qtype: qtype})
				require.NotNil(t, reply)
				assert.Empty(t, reply.Answer)
				return dns.RcodeToString[reply.Rcode]
			}
			again := "NXDOMAIN"
			if s.Program == "dnsmasq" {
				again = "NOERROR"
			}
			assert.Equal(t, "NXDOMAIN", rcode(dns.TypeMX))
			assert.Equal(t, again, rcode(dns.TypeMX))
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeA, dns.TypeAAAA} {
				assert.Contains(t, []string{"NXDOMAIN", again}, rcode(qtype))
			}
			assert.Equal(t, again, rcode(dns.TypeMX))
		})
	}
}
