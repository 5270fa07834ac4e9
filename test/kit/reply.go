package kit

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// Reply returns a reply with records, one a line; those behind "--" are in AUTHORITY, those behind "++" in ADDITIONAL. The
// TTL is 60 where there is none. "SIG owner type" is a signature.
func Reply(tb testing.TB, records string) *dns.Msg {
	tb.Helper()
	m := new(dns.Msg)
	section := &m.Answer
	for line := range strings.Lines(records) {
		switch line = strings.TrimSpace(line); line {
		case "":
		case "--":
			section = &m.Ns
		case "++":
			section = &m.Extra
		default:
			if signed, ok := strings.CutPrefix(line, "SIG "); ok {
				owner, rrtype, _ := strings.Cut(signed, " ")
				line = owner + " RRSIG " + rrtype + " 8 2 60 20300101000000 20200101000000 1 signer.example. AAAA"
			}
			rr, err := dns.NewRR("$TTL 60\n" + line)
			require.NoError(tb, err, line)
			*section = append(*section, rr)
		}
	}
	return m
}
