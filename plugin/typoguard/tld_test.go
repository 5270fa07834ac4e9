package typoguard

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTLD: a domain under another TLD passes if the lookups show that it is the same organisation's, and only then.
func TestTLD(t *testing.T) {
	z := &world{
		records: []dns.RR{
			test.MX("moedef.de. 300 IN MX 10 mx.moedef.de."),
			test.NS("moedef.de. 300 IN NS ns.moedef.de."),
			test.MX("moedef.com. 300 IN MX 10 mx.moedef.de."),
			test.MX("moedef.org. 300 IN MX 10 mx.stranger.example."),
			test.NS("moedef.net. 300 IN NS ns.moedef.de."), // as anybody can say
		},
		broken: map[string]error{"moedef.info.": errors.New("no upstream")},
	}
	for _, tt := range []struct {
		name, options, note string
		rcode               int
	}{
		{"moedef.com", "", "", 0},
		{"mail.moedef.com", "", "", 0},
		{"moedef.net", "", "(tld, policy default, id ", dns.RcodeNameError},
		{"moedef.org", "", "(tld, policy default, id ", dns.RcodeNameError},
		{"mail.moedef.org", "", "(tld, policy default, id ", dns.RcodeNameError},
		{"moedef.info", "", "(tld, policy default, counterpart unknown, id ", dns.RcodeServerFailure},
		{"moedef.info", "require counterpart on_error block", "(tld, policy default, counterpart unknown, id ", dns.RcodeNameError},
	} {
		t.Run(tt.name+" "+tt.options, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect moedef.de\nkinds default tld\n"+tt.options+"\n}")
			h.Next = z
			reply := ask(t, t.Context(), h, withEDNS(question(tt.name+".", dns.TypeMX), 1232, false))
			if tt.note == "" {
				assert.Empty(t, ede(reply))
				return
			}
			assert.Equal(t, tt.rcode, reply.Rcode)
			require.Len(t, ede(reply), 1)
			assert.Contains(t, ede(reply)[0].ExtraText, tt.note)
		})
	}
}

// TestTLDWaits: a query waits for the lookups of a name under another TLD no longer than for a counterpart.
func TestTLDWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, "typoguard {\nprotect moedef.de\nkinds default tld\nrequire counterpart timeout 1500ms\n}")
		h.Next = &world{delay: 5 * time.Second}
		start := time.Now()
		reply := ask(t, t.Context(), h, question("moedef.com.", dns.TypeMX))
		assert.Equal(t, dns.RcodeServerFailure, reply.Rcode)
		assert.Equal(t, 1500*time.Millisecond, time.Since(start))
		<-time.After(time.Minute)
		synctest.Wait()
	})
}
