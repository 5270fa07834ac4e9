package typoguard

import (
	"context"
	"testing"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

// TestSignaturesOfOthersStay: a record that is taken out of a reply takes the signatures of its own RRset with it, which do not
// hold any more, and those of no other owner and no other type.
func TestSignaturesOfOthersStay(t *testing.T) {
	const sig = " 8 2 300 20300101000000 20200101000000 1 example. AAAA"
	h := handler(t, "typoguard {\nprotect mil\ninspect ns\n}")
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := replyOf(t, `
			partner.example. 300 IN MX 10 mail.partner.example.
			partner.example. 300 IN RRSIG MX`+sig+`
			--
			Partner.example. 300 IN NS ns.army.ml.
			partner.example. 300 IN NS ns.partner.example.
			partner.example. 300 IN RRSIG NS`+sig+`
			partner.example. 300 IN RRSIG DS`+sig+`
			example. 300 IN NS ns.example.
			example. 300 IN RRSIG NS`+sig)
		m.Id, m.Response, m.Question = r.Id, true, r.Question
		return dns.RcodeSuccess, w.WriteMsg(m)
	})
	reply := ask(t, t.Context(), h, withEDNS(question("partner.example.", dns.TypeMX), 1232, true))
	assert.Equal(t, lines(`
		partner.example. 300 IN MX 10 mail.partner.example.
		partner.example. 300 IN RRSIG MX`+sig+`
		--
		partner.example. 300 IN NS ns.partner.example.
		partner.example. 300 IN RRSIG DS`+sig+`
		example. 300 IN NS ns.example.
		example. 300 IN RRSIG NS`+sig), text(reply))
	assert.False(t, reply.AuthenticatedData)
}
