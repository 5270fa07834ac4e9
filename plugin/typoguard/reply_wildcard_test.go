package typoguard

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

// TestWildcards: no cache keeps what a wildcard made, if a resolver that validates would make records of lookalikes from it.
func TestWildcards(t *testing.T) {
	// records of www below a parent, by a wildcard there, with a TTL.
	made := func(parent, ttl string) string {
		return "www." + parent + " " + ttl + " IN MX 10 mx.example.\nwww." + parent + " " + ttl + ` IN RRSIG MX 8 ` + strconv.Itoa(dns.CountLabel(parent)) + ` 300 20300101000000 20200101000000 1 example. AAAA
			--
			` + parent + ` 300 IN NSEC *.` + parent + ` NS SOA
			` + parent + ` 300 IN RRSIG NSEC 8 2 300 20300101000000 20200101000000 1 example. AAAA`
	}
	// the proof that such a wildcard has no MX record.
	denied := func(parent, ttl string) string {
		return `--
			*.` + parent + " " + ttl + ` IN NSEC ` + parent + ` A
			*.` + parent + " " + ttl + ` IN RRSIG NSEC 8 2 300 20300101000000 20200101000000 1 example. AAAA
			` + parent + ` 300 IN NSEC *.` + parent + ` NS SOA`
	}
	// an alias that a DNAME makes of www below its owner, with a TTL of the DNAME.
	alias := func(owner string) string {
		return "www." + owner + " 300 IN CNAME www.other.example.\nwww.other.example. 300 IN MX 10 mx.example."
	}
	const signed = " IN RRSIG DNAME 8 2 300 20300101000000 20200101000000 1 example. AAAA\n"
	pointed := func(owner, ttl string) string {
		return owner + " " + ttl + " IN DNAME other.example.\n" + owner + " " + ttl + signed + alias(owner)
	}
	unsigned := func(records string) string { return regexp.MustCompile(`.*`+signed).ReplaceAllString(records, "") }
	for _, tt := range []struct{ name, options, query, reply, want string }{
		{"near a name above", "", "www.army.ml. MX", made("army.ml.", "300"), made("army.ml.", "0")},
		{"a name above", "", "www.army.mil. MX", made("army.mil.", "300"), made("army.mil.", "0")},
		{"above an allowed name", "", "www.navy.ml. MX", made("navy.ml.", "300"), made("navy.ml.", "0")},
		{"neither", "", "www.partner.example. MX", made("partner.example.", "300"), made("partner.example.", "300")},
		{"monitored", "mode monitor", "www.army.mil. MX", made("army.mil.", "300"), made("army.mil.", "300")},
		{"for another client", "clients 192.0.2.77", "www.army.ml. MX", made("army.ml.", "300"), made("army.ml.", "300")},
		{"a name above, for another client", "clients 192.0.2.77", "www.army.mil. MX", made("army.mil.", "300"), made("army.mil.", "300")},
		{"a registry", "", "www.ws. MX", made("ws.", "300"), made("ws.", "0")},
		{"within a protected suffix", "", "www.my.mil. MX", made("my.mil.", "300"), made("my.mil.", "0")},
		{"within a suffix that is monitored", "mode monitor", "www.my.mil. MX", made("my.mil.", "300"), made("my.mil.", "300")},
		{"any, with two edits", "protect mindef.nl\ndistance 2", "www.partner.example. MX", made("partner.example.", "300"), made("partner.example.", "0")},
		{"a DNAME", "", "www.my.mil. MX", pointed("my.mil.", "300"), pointed("my.mil.", "0")},
		{"a DNAME without a signature", "", "www.my.mil. MX", unsigned(pointed("my.mil.", "300")), alias("my.mil.")},
		{"a DNAME without a signature elsewhere", "", "www.partner.example. MX", unsigned(pointed("partner.example.", "300")), unsigned(pointed("partner.example.", "300"))},
		{"a DNAME without a signature at an allowed name", "allow my.mil", "www.my.mil. MX", unsigned(pointed("my.mil.", "300")), unsigned(pointed("my.mil.", "0"))},
		{"a DNAME elsewhere", "", "www.partner.example. MX", pointed("partner.example.", "300"), pointed("partner.example.", "300")},
		{"below what is appended", "kinds default appended", "www.mil.partner.example. MX", made("mil.partner.example.", "300"), made("mil.partner.example.", "0")},
		{"without MX", "action nullmx", "www.army.ml. MX", denied("army.ml.", "300"), denied("army.ml.", "0")},
		{"without MX, near nothing", "action nullmx", "www.partner.example. MX", denied("partner.example.", "300"), denied("partner.example.", "300")},
		{"no wildcard", "", "army.ml. MX", "army.ml. 300 IN MX 10 mx.example.\narmy.ml. 300 IN RRSIG MX" + signature,
			"army.ml. 300 IN MX 10 mx.example.\narmy.ml. 300 IN RRSIG MX" + signature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect us.army.mil\nallow gov.navy.ml\n"+tt.options+"\n}")
			reply := signedReply(t, tt.reply)
			reply.AuthenticatedData = strings.Contains(tt.reply, "RRSIG")
			before := reply.String()
			h.Next = replying(t, reply)
			got := ask(t, t.Context(), h, withEDNS(asked(tt.query), 1232, true))
			assert.Equal(t, lines(tt.want), text(got))
			assert.Equal(t, reply.AuthenticatedData, got.AuthenticatedData, "the records are true")
			assert.Equal(t, dns.RcodeSuccess, got.Rcode)
			assert.Equal(t, before, reply.String(), "the cache's own message")
		})
	}
}

// TestWildcardItself: the records of the wildcard itself are as bad, and so are those of an alias.
func TestWildcardItself(t *testing.T) {
	h := handler(t, "typoguard {\nprotect us.army.mil\n}")
	const sig = " 8 2 300 20300101000000 20200101000000 1 example. AAAA"
	h.Next = replying(t, signedReply(t, "*.army.ml. 300 IN CNAME host.example.\n*.army.ml. 300 IN RRSIG CNAME"+sig+"\nhost.example. 300 IN A 192.0.2.1"))
	got := ask(t, t.Context(), h, withEDNS(asked("*.army.ml. A"), 1232, true))
	assert.Equal(t, lines("*.army.ml. 0 IN CNAME host.example.\n*.army.ml. 0 IN RRSIG CNAME"+sig+"\nhost.example. 300 IN A 192.0.2.1"), text(got))
}

// TestWildcardOnTheWay: it is so, too, if what they lead to is hidden: below the DNAME, other names lead elsewhere.
func TestWildcardOnTheWay(t *testing.T) {
	const sig = " 8 2 300 20300101000000 20200101000000 1 example. AAAA"
	for name, tt := range map[string]struct{ listed, end, want string }{
		"cut": {"", "\nwww.other.example. 300 IN CNAME us.army.ml.", "\nwww.other.example. 300 IN CNAME us.army.ml."},
		"flattened": {"allow www.other.example", "\nwww.other.example. 300 IN CNAME us.army.ml.\nus.army.ml. 300 IN MX 10 mx.example.",
			"\nwww.other.example. 300 IN MX 10 mx.example."},
	} {
		t.Run(name, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect us.army.mil\n"+tt.listed+"\n}")
			const alias = "\nwww.my.mil. 300 IN CNAME www.other.example."
			h.Next = replying(t, signedReply(t, "my.mil. 300 IN DNAME other.example.\nmy.mil. 300 IN RRSIG DNAME"+sig+alias+tt.end))
			got := ask(t, t.Context(), h, withEDNS(asked("www.my.mil. MX"), 1232, true))
			assert.Contains(t, text(got), lines("my.mil. 0 IN DNAME other.example.\nmy.mil. 0 IN RRSIG DNAME"+sig+alias+tt.want))
		})
	}
}
