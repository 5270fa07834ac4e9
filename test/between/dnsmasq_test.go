//go:build e2e

package between_test

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRepeatedMX: dnsmasq turns the NXDOMAIN for a repeated MX query into NODATA, as README says, and no other resolver does. That of
// addresses stays.
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
			for range 2 {
				assert.Equal(t, "NXDOMAIN", rcode(dns.TypeA))
				assert.Equal(t, "NXDOMAIN", rcode(dns.TypeAAAA))
			}
			assert.Equal(t, again, rcode(dns.TypeMX))
		})
	}
}
