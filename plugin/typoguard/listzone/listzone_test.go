package listzone

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const zoneName = "list.corp.example."

func TestContains(t *testing.T) {
	t.Parallel()
	z := &Zone{Name: zoneName}
	for _, tt := range []struct {
		name, asked string
		want        bool
		subject     Subject
		domain      string
	}{
		{"the zone", zoneName, true, Apex, ""},
		{"in upper case", "LIST.Corp.example.", true, Apex, ""},
		{"a domain", "army.ml." + zoneName, true, Domain, "army.ml."},
		{"its case is kept", "ARMY.ml.LIST.corp.example.", true, Domain, "ARMY.ml."},
		{"the test entry", "TEST." + zoneName, true, Test, "TEST."},
		{"below the test entry", "x.test." + zoneName, true, Domain, "x.test."},
		{"the entry that no list has", "invalid." + zoneName, true, Invalid, "invalid."},
		{"above the zone", "corp.example.", false, 0, ""},
		{"another name that ends alike", "my" + zoneName, false, 0, ""},
		{"an escaped dot", `army\.` + zoneName, false, 0, ""},
		{"a backslash, and a dot", `army\\.` + zoneName, true, Domain, `army\\.`},
		{"two backslashes, and an escaped dot", `army\\\.` + zoneName, false, 0, ""},
		{"a number", `army\046.` + zoneName, true, Domain, `army\046.`},
		{"the root", ".", false, 0, ""},
		{"nothing", "", false, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, z.Contains(tt.asked))
			if tt.want {
				subject, domain := z.Subject(tt.asked)
				assert.Equal(t, tt.subject, subject)
				assert.Equal(t, tt.domain, domain)
			}
		})
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	own := &Zone{Name: zoneName, TTL: 60}
	delegated := &Zone{Name: zoneName, TTL: 60, Servers: []string{"ns1.corp.example.", "ns2.corp.example."}}
	entry := &Entry{Text: "army.ml looks like a mistyped army.mil", TTL: 30}
	local := netip.MustParseAddr("192.0.2.53")
	const soa = "list.corp.example. 60 IN SOA list.corp.example. nobody.invalid. 1 3600 600 86400 60"
	const army = "army.ml.list.corp.example."
	for _, tt := range []struct {
		name   string
		asked  string
		qtype  uint16
		reply  func(*dns.Msg) *dns.Msg
		rcode  int
		answer []string
		ns     []string
	}{
		{"listed", army, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Listed(r, entry) }, 0, []string{army + " 30 IN A 127.0.0.2"}, nil},
		{"monitored", army, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Listed(r, &Entry{Monitored: true, TTL: 30}) }, 0, []string{army + " 30 IN A 127.0.0.3"}, nil},
		{"the reason", army, dns.TypeTXT, func(r *dns.Msg) *dns.Msg { return own.Listed(r, entry) }, 0, []string{army + ` 30 IN TXT "army.ml looks like a mistyped army.mil"`}, nil},
		{"both", army, dns.TypeANY, func(r *dns.Msg) *dns.Msg { return own.Listed(r, entry) }, 0, []string{army + " 30 IN A 127.0.0.2", army + ` 30 IN TXT "army.ml looks like a mistyped army.mil"`}, nil},
		{"another type", army, dns.TypeAAAA, func(r *dns.Msg) *dns.Msg { return own.Listed(r, entry) }, 0, nil, []string{soa}},
		{"not listed", army, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Unlisted(r, true) }, dns.RcodeNameError, nil, []string{soa}},
		{"above a listed name", army, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Unlisted(r, false) }, 0, nil, []string{soa}},
		{"the test entry", "test." + zoneName, dns.TypeA, own.TestEntry, 0, []string{"test." + zoneName + " 60 IN A 127.0.0.2"}, nil},
		{"SOA", zoneName, dns.TypeSOA, func(r *dns.Msg) *dns.Msg { return own.Own(r, local) }, 0, []string{soa}, nil},
		{"NS", zoneName, dns.TypeNS, func(r *dns.Msg) *dns.Msg { return own.Own(r, local) }, 0, []string{"list.corp.example. 60 IN NS list.corp.example."}, nil},
		{"address", zoneName, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Own(r, local) }, 0, []string{"list.corp.example. 60 IN A 192.0.2.53"}, nil},
		{"no address of IPv6", zoneName, dns.TypeAAAA, func(r *dns.Msg) *dns.Msg { return own.Own(r, local) }, 0, nil, []string{soa}},
		{"address of IPv6", zoneName, dns.TypeAAAA, func(r *dns.Msg) *dns.Msg { return own.Own(r, netip.MustParseAddr("2001:db8::53")) }, 0, []string{"list.corp.example. 60 IN AAAA 2001:db8::53"}, nil},
		{"unknown address", zoneName, dns.TypeA, func(r *dns.Msg) *dns.Msg { return own.Own(r, netip.Addr{}) }, 0, nil, []string{soa}},
		{"NS of a delegation", zoneName, dns.TypeNS, func(r *dns.Msg) *dns.Msg { return delegated.Own(r, local) }, 0, []string{"list.corp.example. 60 IN NS ns1.corp.example.", "list.corp.example. 60 IN NS ns2.corp.example."}, nil},
		{"no address in a delegation", zoneName, dns.TypeA, func(r *dns.Msg) *dns.Msg { return delegated.Own(r, local) }, 0, nil, []string{strings.Replace(soa, "SOA list", "SOA ns1", 1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := new(dns.Msg).SetQuestion(tt.asked, tt.qtype)
			m := tt.reply(r)
			assert.Equal(t, dns.MsgHdr{Id: r.Id, Response: true, Authoritative: true, RecursionDesired: true, Rcode: tt.rcode}, m.MsgHdr)
			assert.Equal(t, tt.answer, texts(m.Answer))
			assert.Equal(t, tt.ns, texts(m.Ns))
			_, err := m.Pack()
			assert.NoError(t, err)
		})
	}
}

func texts(rrs []dns.RR) []string {
	var all []string
	for _, rr := range rrs {
		all = append(all, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return all
}

// TestText: no mail server cuts a text, and each shows the id.
func TestText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60) + "."
	for _, tt := range []struct{ name, lookalike, intended, want string }{
		{"short", "army.ml", "army.mil", "army.ml looks like a mistyped army.mil - did you mean army.mil? Id qj3mvx4wka"},
		{"long", long + "army.ml", long + "army.mil", "This looks like a mistyped " + long + "army.mil. Id qj3mvx4wka"},
		{"longer", strings.Repeat(long, 4) + "ml", strings.Repeat(long, 4) + "mil", "This looks like a mistyped domain. Id qj3mvx4wka"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, Text(tt.lookalike, tt.intended, "qj3mvx4wka"))
		})
	}
}

func TestIsAddress(t *testing.T) {
	t.Parallel()
	assert.True(t, IsAddress("1.0.0.127."))
	assert.False(t, IsAddress("army.ml."))
	assert.False(t, IsAddress("127.ml."))
	assert.False(t, IsAddress(`a\.1x.`))
}
