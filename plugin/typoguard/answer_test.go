package typoguard

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

func TestSmallAnswersFit(t *testing.T) {
	labels := strings.Repeat(strings.Repeat("a", 49)+".", 5) // 250 octets
	small := 0
	for length := 1; length <= len(labels); length++ {
		for text := 0; text <= maxExtraText; text += 5 {
			name := labels[len(labels)-length:]
			m := new(dns.Msg).SetQuestion(name, dns.TypeMX)
			m.Ns = soa(name, 60)
			m.Extra = []dns.RR{&dns.OPT{
				Hdr:    dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT},
				Option: []dns.EDNS0{&dns.EDNS0_EDE{ExtraText: strings.Repeat("x", text)}},
			}}
			if isSmall(m, strings.Repeat("x", text)) {
				small++
				assert.LessOrEqual(t, m.Len(), dns.MinMsgSize, "%d octets, text of %d", length, text)
			}
		}
	}
	assert.Greater(t, small, 1000, "the usual ones are")

	other := new(dns.Msg).SetQuestion("example.org.", dns.TypeMX)
	other.Ns = []dns.RR{&dns.TXT{Hdr: header("example.org.", dns.TypeTXT, 60), Txt: []string{strings.Repeat("x", 255)}}}
	assert.False(t, isSmall(other, ""), "with a record of another server")
	other.Ns, other.Answer = nil, other.Ns
	assert.False(t, isSmall(other, ""), "with an answer")
}
