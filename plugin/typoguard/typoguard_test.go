package typoguard

import (
	"context"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// handler returns the handler of a server block, with a next plugin that answers everything with a TXT record.
func handler(tb testing.TB, corefile string) *Typoguard {
	tb.Helper()
	b, err := parseCorefile(tb, "", strings.TrimSpace(corefile))
	require.NoError(tb, err)
	h := newTypoguard(b)
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg).SetReply(r)
		m.Answer = []dns.RR{test.TXT(`example. 1 IN TXT "passed"`)}
		return dns.RcodeSuccess, w.WriteMsg(m)
	})
	return h
}

// ask sends a query through the handler, as a server of CoreDNS does.
func ask(t *testing.T, ctx context.Context, h *Typoguard, r *dns.Msg) *dns.Msg {
	t.Helper()
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := h.ServeDNS(ctx, request.NewScrubWriter(r, w), r)
	require.NoError(t, err)
	require.Equal(t, dns.RcodeSuccess, rcode)
	require.NotNil(t, w.Msg)
	packed, err := w.Msg.Pack()
	require.NoError(t, err)
	unpacked := new(dns.Msg)
	require.NoError(t, unpacked.Unpack(packed))
	return unpacked
}

// question returns a query with RD set.
func question(name string, qtype uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, qtype) }

// withEDNS adds an OPT record.
func withEDNS(r *dns.Msg, size uint16, do bool) *dns.Msg { return r.SetEdns0(size, do) }

// hasPassed reports whether a reply is that of the next plugin.
func hasPassed(m *dns.Msg) bool {
	return len(m.Answer) == 1 && m.Answer[0].Header().Rrtype == dns.TypeTXT
}

// ede returns the Extended DNS Errors of a reply.
func ede(m *dns.Msg) []*dns.EDNS0_EDE {
	var all []*dns.EDNS0_EDE
	if opt := m.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				all = append(all, e)
			}
		}
	}
	return all
}

var eventID = regexp.MustCompile(`\bid [a-z2-7]{10}\b`)

// withoutIDs replaces the ids of events, which are never the same, in Extended DNS Errors.
func withoutIDs(errors []*dns.EDNS0_EDE) []*dns.EDNS0_EDE {
	for _, e := range errors {
		e.ExtraText = eventID.ReplaceAllString(e.ExtraText, "id ID")
	}
	return errors
}

func TestServeDNSAnswers(t *testing.T) {
	full := "protect army.mil\nttl 30\naction "
	tests := []struct {
		name   string
		stanza string
		query  string
		qtype  uint16
		rcode  int
		answer []string
		soa    bool // of the name itself
		extra  []string
		passes bool
	}{
		{"nxdomain", full + "nxdomain", "army.ml.", dns.TypeMX, dns.RcodeNameError, nil, true, nil, false},
		{"nxdomain for any type", full + "nxdomain", "_dmarc.army.ml.", dns.TypeTXT, dns.RcodeNameError, nil, true, nil, false},
		{"nxdomain of a TLD's typo", "protect mil\nttl 30", "us.army.ml.", dns.TypeA, dns.RcodeNameError, nil, true, nil, false},
		{"nxdomain of the TLD's typo itself", "protect mil\nttl 30", "ml.", dns.TypeA, dns.RcodeNameError, nil, true, nil, false},
		{"nodata", full + "nodata", "us.army.ml.", dns.TypeAAAA, dns.RcodeSuccess, nil, true, nil, false},
		{"null MX", full + "nullmx", "us.army.ml.", dns.TypeMX, dns.RcodeSuccess, []string{"us.army.ml. 30 IN MX 0 ."}, false, nil, false},
		{"null MX passes addresses", full + "nullmx", "us.army.ml.", dns.TypeA, dns.RcodeSuccess, nil, false, nil, true},
		{"null MX widened", full + "nullmx\ntypes MX A AAAA", "us.army.ml.", dns.TypeA, dns.RcodeSuccess, nil, true, nil, false},
		{"nodata for ANY", full + "nodata", "us.army.ml.", dns.TypeANY, dns.RcodeSuccess, []string{`us.army.ml. 30 IN HINFO "RFC8482" ""`}, false, nil, false},
		{"ANY above what is allowed", full + "nxdomain\nallow gov.army.ml", "army.ml.", dns.TypeANY, dns.RcodeSuccess, []string{`army.ml. 30 IN HINFO "RFC8482" ""`}, false, nil, false},
		{"nxdomain for ANY", full + "nxdomain", "us.army.ml.", dns.TypeANY, dns.RcodeNameError, nil, true, nil, false},
		{"null MX for ANY", full + "nullmx", "us.army.ml.", dns.TypeANY, dns.RcodeSuccess, []string{"us.army.ml. 30 IN MX 0 ."}, false, nil, false},
		{"sinkhole MX", full + "sinkhole 192.0.2.1 2001:db8::1 192.0.2.2", "ARMY.ml.", dns.TypeMX, dns.RcodeSuccess, []string{"ARMY.ml. 30 IN MX 10 ARMY.ml."}, false,
			[]string{"ARMY.ml. 30 IN A 192.0.2.1", "ARMY.ml. 30 IN A 192.0.2.2", "ARMY.ml. 30 IN AAAA 2001:db8::1"}, false},
		{"sinkhole A", full + "sinkhole 192.0.2.1 2001:db8::1", "army.ml.", dns.TypeA, dns.RcodeSuccess, []string{"army.ml. 30 IN A 192.0.2.1"}, false, nil, false},
		{"sinkhole AAAA", full + "sinkhole 192.0.2.1 2001:db8::1", "army.ml.", dns.TypeAAAA, dns.RcodeSuccess, []string{"army.ml. 30 IN AAAA 2001:db8::1"}, false, nil, false},
		{"sinkhole without the family", full + "sinkhole 192.0.2.1", "army.ml.", dns.TypeAAAA, dns.RcodeSuccess, nil, true, nil, false},
		{"sinkhole TLSA", full + "sinkhole 192.0.2.1", "_25._tcp.army.ml.", dns.TypeTLSA, dns.RcodeSuccess, nil, true, nil, false},
		{"a dot inside a label", full + "nxdomain", `army\.x.army.ml.`, dns.TypeMX, dns.RcodeNameError, nil, true, nil, false},
		{"monitor", full + "nxdomain\nmode monitor", "army.ml.", dns.TypeMX, dns.RcodeSuccess, nil, false, nil, true},
		{"DS passes", full + "nxdomain", "army.ml.", dns.TypeDS, dns.RcodeSuccess, nil, false, nil, true},
		{"protected passes", full + "nxdomain", "www.army.mil.", dns.TypeMX, dns.RcodeSuccess, nil, false, nil, true},
		{"allowed passes", full + "nxdomain\nallow army.ml", "www.army.ml.", dns.TypeMX, dns.RcodeSuccess, nil, false, nil, true},
		{"another client passes", full + "nxdomain\nclients 192.0.2.0/24", "army.ml.", dns.TypeMX, dns.RcodeSuccess, nil, false, nil, true},
		{"the client of the policy", full + "nxdomain\nclients 10.240.0.0/24", "army.ml.", dns.TypeMX, dns.RcodeNameError, nil, true, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, "typoguard {\n"+tt.stanza+"\n}")
			r := question(tt.query, tt.qtype)
			r.CheckingDisabled = true
			m := ask(t, t.Context(), h, r)
			require.Equal(t, tt.passes, hasPassed(m))
			if tt.passes {
				return
			}
			assert.Equal(t, dns.MsgHdr{Id: r.Id, Response: true, Rcode: tt.rcode, RecursionDesired: true, RecursionAvailable: true, CheckingDisabled: true}, m.MsgHdr)
			assert.Equal(t, r.Question, m.Question)
			assert.Equal(t, tt.answer, texts(m.Answer))
			assert.Equal(t, tt.extra, texts(m.Extra), "no OPT without one in the query")
			if tt.soa {
				assert.Equal(t, []string{tt.query + " 30 IN SOA typoguard.invalid. nobody.invalid. 1 3600 600 86400 30"}, texts(m.Ns))
			} else {
				assert.Empty(t, m.Ns)
			}
		})
	}
}

// texts returns records in presentation format, with blanks for tabs.
func texts(rrs []dns.RR) []string {
	var all []string
	for _, rr := range rrs {
		all = append(all, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return all
}

func TestServeDNSExplains(t *testing.T) {
	const explained = "typoguard: us.army.ml looks like us.army.mil (omission, policy army, id ID)"
	tests := []struct {
		name   string
		action string
		qtype  uint16
		code   uint16
	}{
		{"nxdomain", "nxdomain", dns.TypeMX, dns.ExtendedErrorCodeBlocked},
		{"nodata", "nodata", dns.TypeA, dns.ExtendedErrorCodeBlocked},
		{"null MX", "nullmx", dns.TypeMX, dns.ExtendedErrorCodeForgedAnswer},
		{"sinkhole", "sinkhole 192.0.2.1", dns.TypeMX, dns.ExtendedErrorCodeForgedAnswer},
		{"sinkhole without the family", "sinkhole 192.0.2.1", dns.TypeAAAA, dns.ExtendedErrorCodeBlocked},
	}
	for _, tt := range tests {
		for _, do := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				h := handler(t, "typoguard army {\nprotect army.mil\naction "+tt.action+"\n}")
				m := ask(t, t.Context(), h, withEDNS(question("US.army.ml.", tt.qtype), 1232, do))
				require.NotNil(t, m.IsEdns0())
				assert.Equal(t, do, m.IsEdns0().Do())
				assert.Equal(t, uint16(1232), m.IsEdns0().UDPSize())
				assert.Equal(t, []*dns.EDNS0_EDE{{InfoCode: tt.code, ExtraText: explained}}, withoutIDs(ede(m)))
				assert.False(t, m.AuthenticatedData)
				assert.False(t, m.Truncated)
			})
		}
	}
}

// TestServeDNSFits: the text gives way, and the SOA record stays, when the client takes little.
func TestServeDNSFits(t *testing.T) {
	long := strings.Repeat(strings.Repeat("a", 61)+".", 3) + strings.Repeat("b", 55) + ".army.ml."
	require.Len(t, long, 250)
	for _, name := range []string{"army.ml.", long, strings.Repeat(`\001`, 60) + ".army.ml."} {
		for _, size := range []uint16{512, 1232} {
			h := handler(t, "typoguard {\nprotect army.mil\naction nodata\n}")
			m := ask(t, t.Context(), h, withEDNS(question(name, dns.TypeMX), size, true))
			m.Compress = true
			assert.LessOrEqual(t, m.Len(), int(size), name)
			assert.False(t, m.Truncated, name)
			assert.Len(t, m.Ns, 1, name)
			require.Len(t, ede(m), 1, name)
			assert.LessOrEqual(t, len(ede(m)[0].ExtraText), maxExtraText)
			assert.True(t, strings.HasPrefix("typoguard: "+strings.TrimSuffix(name, ".")+" looks like ", ede(m)[0].ExtraText[:min(len(ede(m)[0].ExtraText), len(name))]), name)
		}
	}
}

// TestServeDNSNotJudged: what is no standard query of class IN is none of the plugin's business.
func TestServeDNSNotJudged(t *testing.T) {
	h := handler(t, "typoguard {\nprotect mil\n}")
	tests := map[string]func(r *dns.Msg){
		"class CH": func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassCHAOS },
		"opcode":   func(r *dns.Msg) { r.Opcode = dns.OpcodeStatus },
		"two questions about other names": func(r *dns.Msg) {
			r.Question = append(question("army.mil.", dns.TypeMX).Question, question("example.org.", dns.TypeMX).Question...)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := question("army.ml.", dns.TypeMX)
			change(r)
			assert.True(t, hasPassed(ask(t, t.Context(), h, r)))
		})
	}
}

// TestServeDNSAnyClass: a query of any class is one of class IN, too.
func TestServeDNSAnyClass(t *testing.T) {
	r := question("army.ml.", dns.TypeMX)
	r.Question[0].Qclass = dns.ClassANY
	m := ask(t, t.Context(), handler(t, "typoguard {\nprotect mil\naction nullmx\n}"), r)
	assert.Equal(t, r.Question, m.Question)
	require.Len(t, m.Answer, 1)
	assert.Equal(t, "army.ml.\t60\tIN\tMX\t0 .", m.Answer[0].String())
}

// TestServeDNSNotifies: a NOTIFY, a response, or another question beside one for a lookalike would tell the stranger of it. For other
// names they go on.
func TestServeDNSNotifies(t *testing.T) {
	for options, reaches := range map[string]bool{"": false, "mode monitor": true, "clients 192.0.2.0/24": true} {
		h := handler(t, "typoguard {\nprotect mil\nallow gov.ml\n"+options+"\n}")
		for kind, change := range map[string]func(r *dns.Msg){
			"NOTIFY": func(r *dns.Msg) { r.Opcode = dns.OpcodeNotify }, "a response": func(r *dns.Msg) { r.Response = true },
			"a second question": func(r *dns.Msg) { r.Question = append(question("example.org.", dns.TypeA).Question, r.Question...) },
			"a first question":  func(r *dns.Msg) { r.Question = append(r.Question, question("example.org.", dns.TypeA).Question...) },
		} {
			for name, always := range map[string]bool{"us.army.ml.": false, "x.gov.ml.": true, "army.mil.": true, "example.org.": true} {
				r := question(name, dns.TypeSOA)
				change(r)
				w := dnstest.NewRecorder(&test.ResponseWriter{})
				rcode, err := h.ServeDNS(t.Context(), w, r)
				require.NoError(t, err)
				assert.Equal(t, reaches || always, w.Msg != nil, "%s for %s, %s", kind, name, options)
				if w.Msg == nil {
					assert.Equal(t, dns.RcodeRefused, rcode)
				}
			}
		}
	}
}

func TestServeDNSMetadata(t *testing.T) {
	tests := []struct {
		name, stanza, query string
		qtype               uint16
		want                map[string]string
	}{
		{"blocked", "", "us.army.ml.", dns.TypeMX, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "army.mil",
			"intended": "us.army.mil", "kind": "omission", "distance": "1", "action": "nxdomain", "mode": "enforce", "counterpart": "", "record": "", "popular": "", "id": "ID"}},
		{"monitored", "mode monitor", "army.mli.", dns.TypeMX, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "army.mil",
			"intended": "army.mil", "kind": "transposition", "distance": "1", "action": "pass", "mode": "monitor", "counterpart": "", "record": "", "popular": "", "id": "ID"}},
		{"a homoglyph", "", "xn--rmy-5cd.mil.", dns.TypeMX, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "army.mil",
			"intended": "army.mil", "kind": "homoglyph", "distance": "0", "action": "nxdomain", "mode": "enforce", "counterpart": "", "record": "", "popular": "", "id": "ID"}},
		{"a type that passes", "", "army.ml.", dns.TypeDS, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "army.mil",
			"intended": "army.mil", "kind": "omission", "distance": "1", "action": "pass", "mode": "enforce", "counterpart": "", "record": "", "popular": ""}},
		{"popular", "protect ing.com", "mail.BING.com.", dns.TypeMX, map[string]string{"verdict": "popular", "policy": "default", "protected": "ing.com", "intended": "mail.ing.com",
			"kind": "addition", "distance": "1", "action": "pass", "mode": "popular", "counterpart": "", "record": "", "popular": "bing.com", "id": "ID"}},
		{"popular, a type that passes", "protect ing.com", "bing.com.", dns.TypeDS, map[string]string{"verdict": "popular", "policy": "default", "protected": "ing.com",
			"intended": "ing.com", "kind": "addition", "distance": "1", "action": "pass", "mode": "popular", "counterpart": "", "record": "", "popular": "bing.com"}},
		{"popular and denied", "protect ing.com\ndeny bing.com", "bing.com.", dns.TypeMX, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "ing.com",
			"intended": "ing.com", "kind": "addition", "distance": "1", "action": "nxdomain", "mode": "enforce", "counterpart": "", "record": "", "popular": "", "id": "ID"}},
		{"a doubtful substitution", "protect ups.com\nshort report\npopular block", "ubs.com.", dns.TypeMX, map[string]string{"verdict": "lookalike", "policy": "default", "protected": "ups.com",
			"intended": "ups.com", "kind": "substitution", "distance": "1", "action": "pass", "mode": "monitor", "counterpart": "", "record": "", "popular": "", "id": "ID"}},
		{"protected", "", "www.army.mil.", dns.TypeMX, map[string]string{"verdict": "protected"}},
		{"allowed", "allow army.ml", "www.army.ml.", dns.TypeMX, map[string]string{"verdict": "allowed"}},
		{"ordinary", "", "example.org.", dns.TypeMX, map[string]string{"verdict": "pass"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect army.mil\n"+tt.stanza+"\n}")
			ctx := metadata.ContextWithMetadata(t.Context())
			ask(t, ctx, h, question(tt.query, tt.qtype))
			got := map[string]string{}
			for label, value := range metadata.ValueFuncs(ctx) {
				got[strings.TrimPrefix(label, "typoguard/")] = value()
			}
			if id, ok := got["id"]; ok {
				assert.Regexp(t, "^[a-z2-7]{10}$", id)
				got["id"] = "ID"
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// addrWriter is a response writer whose client has a given address.
type addrWriter struct {
	test.ResponseWriter
	addr net.Addr
}

func (w *addrWriter) RemoteAddr() net.Addr { return w.addr }

func TestClientOf(t *testing.T) {
	tests := []struct {
		addr net.Addr
		want string
	}{
		{&net.UDPAddr{IP: net.ParseIP("192.0.2.1"), Port: 53}, "192.0.2.1"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 53}, "192.0.2.1"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 53}, "2001:db8::1"},
		{&net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 53, Zone: "eth0"}, "fe80::1"},
		{&net.UnixAddr{Name: "/run/dns", Net: "unix"}, "invalid IP"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, addressOf(&addrWriter{addr: tt.addr}).String(), tt.addr)
	}
}
