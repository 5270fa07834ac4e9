package typoguard

import (
	"context"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSignaturesOfOthersStay: a record that is taken out of a reply takes the signatures of its own RRset with it, which do not
// hold any more, and those of no other owner and no other type.
func TestSignaturesOfOthersStay(t *testing.T) {
	const sig = " 8 2 300 20300101000000 20200101000000 1 example. AAAA"
	h := handler(t, "typoguard {\nprotect mil\ninspect ns\n}")
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := signedReply(t, `
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

// TestUnsignedNote: the client is told that the rest of a reply is unsigned if it was signed or authentic before.
func TestUnsignedNote(t *testing.T) {
	const pair = "partner.example. 300 IN MX 10 mx.partner.example.\npartner.example. 300 IN MX 20 mx.army.ml.\n"
	for _, tt := range []struct {
		records         string
		authentic, want bool
	}{
		{pair, false, false},
		{pair, true, true},
		{pair + "partner.example. 300 IN RRSIG MX" + signature, false, true},
		{pair + "partner.example. 300 IN RRSIG A" + signature, false, false},
	} {
		h := handler(t, "typoguard {\nprotect mil\ninspect mx\n}")
		reply := signedReply(t, tt.records)
		reply.AuthenticatedData = tt.authentic
		h.Next = replying(t, reply)
		errors := ede(ask(t, t.Context(), h, withEDNS(asked("partner.example. MX"), 1232, true)))
		require.Len(t, errors, 1)
		assert.Equal(t, tt.want, strings.Contains(errors[0].ExtraText, "the rest unsigned"), "%s, authentic %t", tt.records, tt.authentic)
	}
}
