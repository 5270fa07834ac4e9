package typoguard

import (
	"errors"
	"fmt"
	"testing"

	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// TestCounterpartsWithoutEnd: however many domains have been asked for before, and whatever came of it, one more can be asked
// for. Where unknown blocks it must be known not to exist, and where unknown passes to exist.
func TestCounterpartsWithoutEnd(t *testing.T) {
	const many = 1000
	tests := []struct {
		name, options string
		exist         bool
		broken        bool // while the many are asked for
		rcode         int
	}{
		{"they exist", "on_error pass", true, false, dns.RcodeNameError},
		{"they do not", "on_error block", false, false, dns.RcodeSuccess},
		{"nobody answers", "on_error pass", true, true, dns.RcodeSuccess},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z := &world{records: []dns.RR{test.MX("last.mil. 300 IN MX 10 mx.example.")}, broken: map[string]error{}}
			for n := range many {
				z.records = append(z.records, test.TXT(fmt.Sprintf(`host%d.ml. 300 IN TXT "passed"`, n)))
				domain := fmt.Sprintf("host%d.mil.", n)
				if tt.exist {
					z.records = append(z.records, test.MX(domain+" 300 IN MX 10 mx.example."))
				}
				if tt.broken {
					z.broken[domain] = errors.New("no upstream")
				}
			}
			h := counterpartHandler(t, z, "require counterpart "+tt.options)
			for n := range many {
				name := fmt.Sprintf("host%d.ml.", n)
				require.Equal(t, tt.rcode, ask(t, t.Context(), h, question(name, dns.TypeMX)).Rcode, name)
			}
			reply := ask(t, t.Context(), h, withEDNS(question("last.ml.", dns.TypeMX), 1232, false))
			require.Equal(t, dns.RcodeNameError, reply.Rcode)
			require.Contains(t, ede(reply)[0].ExtraText, "counterpart exists")
		})
	}
}
