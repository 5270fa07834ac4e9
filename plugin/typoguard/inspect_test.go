package typoguard

import (
	"context"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/test/kit"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signedReply returns a reply with records, as kit.Reply reads them, that a validator found to be authentic.
func signedReply(tb testing.TB, records string) *dns.Msg {
	tb.Helper()
	m := kit.Reply(tb, records)
	m.AuthenticatedData = true
	return m
}

// text writes a reply as replyOf reads it, without OPT.
func text(m *dns.Msg) string {
	var s strings.Builder
	write := func(rrs []dns.RR) {
		for _, rr := range rrs {
			if rr.Header().Rrtype != dns.TypeOPT {
				s.WriteString(strings.Join(strings.Fields(rr.String()), " ") + "\n")
			}
		}
	}
	write(m.Answer)
	if len(m.Ns) > 0 {
		s.WriteString("--\n")
		write(m.Ns)
	}
	if len(m.Extra) > 1 || len(m.Extra) == 1 && m.IsEdns0() == nil {
		s.WriteString("++\n")
		write(m.Extra)
	}
	return s.String()
}

// lines trims the indentation of a text.
func lines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

const hidden = `--
	partner.example. 60 IN SOA typoguard.invalid. nobody.invalid. 1 3600 600 86400 60`

// noMail is the answer in place of mail servers.
const noMail = "partner.example. 60 IN MX 0 ."

func TestInspect(t *testing.T) {
	const sig = " 8 2 300 20300101000000 20200101000000 1 partner.example. AAAA"
	tests := []struct {
		name, options, query string
		reply                string
		want                 string // "" for the reply as it is
		text                 string // of the Extended DNS Error
	}{
		{
			"the only mail server", "inspect mx", "partner.example. MX",
			"partner.example. 300 IN MX 10 mail.army.ml.", noMail,
			"MX mail.army.ml of partner.example looks like mail.army.mil (omission, policy default)",
		},
		{
			"one of two mail servers", "inspect mx", "partner.example. MX", `
			partner.example. 300 IN MX 10 mail.army.ml.
			partner.example. 300 IN MX 20 mail.partner.example.
			partner.example. 300 IN RRSIG MX` + sig + `
			++
			mail.army.ml. 300 IN A 192.0.2.1
			mail.partner.example. 300 IN A 192.0.2.2`, `
			partner.example. 300 IN MX 20 mail.partner.example.
			++
			mail.partner.example. 300 IN A 192.0.2.2`,
			"MX mail.army.ml of partner.example looks like mail.army.mil (omission, policy default, the rest unsigned)",
		},
		{"not inspected", "inspect srv", "partner.example. MX", "partner.example. 300 IN MX 10 mail.army.ml.", "", ""},
		{"not a lookalike", "inspect mx", "partner.example. MX", "partner.example. 300 IN MX 10 mail.army.mil.", "", ""},
		{"allowed", "inspect mx", "partner.example. MX", "partner.example. 300 IN MX 10 mail.gov.ml.", "", ""},
		{"a null MX", "inspect mx", "partner.example. MX", "partner.example. 300 IN MX 0 .", "", ""},
		{
			"an alias", "inspect cname", "www.partner.example. A", `
			www.partner.example. 300 IN CNAME army.ml.
			army.ml. 300 IN A 192.0.2.1`, `
			www.partner.example. 300 IN CNAME army.ml.
			--
			army.ml. 60 IN SOA typoguard.invalid. nobody.invalid. 1 3600 600 86400 60`,
			"CNAME army.ml of www.partner.example looks like army.mil (omission, policy default)",
		},
		{
			"an alias further on", "inspect cname", "www.partner.example. A", `
			www.partner.example. 300 IN CNAME cdn.example.
			cdn.example. 300 IN CNAME army.ml.
			army.ml. 300 IN A 192.0.2.1`, `
			www.partner.example. 300 IN CNAME cdn.example.
			cdn.example. 300 IN CNAME army.ml.
			--
			army.ml. 60 IN SOA typoguard.invalid. nobody.invalid. 1 3600 600 86400 60`,
			"CNAME army.ml of cdn.example looks like army.mil (omission, policy default)",
		},
		{
			"an alias that is asked for itself", "inspect cname", "www.partner.example. CNAME",
			"www.partner.example. 300 IN CNAME army.ml.", strings.Replace(hidden, "partner", "www.partner", 1),
			"CNAME army.ml of www.partner.example looks like army.mil (omission, policy default)",
		},
		{"an alias that is asked for itself, not inspected", "inspect mx", "www.partner.example. CNAME",
			"www.partner.example. 300 IN CNAME army.ml.", "", ""},
		{"an alias of a type that the policy passes", "inspect cname\naction nullmx", "www.partner.example. A", `
			www.partner.example. 300 IN CNAME army.ml.
			army.ml. 300 IN A 192.0.2.1`, "", ""},
		{
			"a mail server with a null MX", "inspect mx\naction nullmx", "partner.example. MX",
			"partner.example. 300 IN MX 10 mail.army.ml.", noMail,
			"MX mail.army.ml of partner.example looks like mail.army.mil (omission, policy default)",
		},
		{
			"a mail server at the sinkhole", "inspect mx\naction sinkhole 192.0.2.66", "partner.example. MX",
			"partner.example. 300 IN MX 10 mail.army.ml.", noMail,
			"MX mail.army.ml of partner.example looks like mail.army.mil (omission, policy default)",
		},
		{
			"a mail service", "inspect mx", "_smtp._tcp.partner.example. SRV",
			"_smtp._tcp.partner.example. 300 IN SRV 1 1 25 mail.army.ml.", strings.Replace(hidden, "partner", "_smtp._tcp.partner", 1),
			"SRV mail.army.ml of _smtp._tcp.partner.example looks like mail.army.mil (omission, policy default)",
		},
		{"another service", "inspect mx", "_sip._tcp.partner.example. SRV", "_sip._tcp.partner.example. 300 IN SRV 1 1 5060 sip.army.ml.", "", ""},
		{
			"another service, inspected", "inspect srv", "_sip._tcp.partner.example. SRV",
			"_sip._tcp.partner.example. 300 IN SRV 1 1 5060 sip.army.ml.", strings.Replace(hidden, "partner", "_sip._tcp.partner", 1),
			"SRV sip.army.ml of _sip._tcp.partner.example looks like sip.army.mil (omission, policy default)",
		},
		{
			"a mail service, and a type that the policy passes", "inspect mx\naction nullmx", "_submission._tcp.partner.example. SRV",
			"_submission._tcp.partner.example. 300 IN SRV 1 1 587 mail.army.ml.", strings.Replace(hidden, "partner", "_submission._tcp.partner", 1),
			"SRV mail.army.ml of _submission._tcp.partner.example looks like mail.army.mil (omission, policy default)",
		},
		{
			"a web server, and types without that of the query", "inspect svcb\ntypes MX A AAAA", "partner.example. HTTPS",
			"partner.example. 300 IN HTTPS 1 www.army.ml. alpn=h2", hidden,
			"HTTPS www.army.ml of partner.example looks like www.army.mil (omission, policy default)",
		},
		{
			"all types", "inspect mx", "partner.example. ANY",
			"partner.example. 300 IN MX 10 mail.army.ml.", noMail,
			"MX mail.army.ml of partner.example looks like mail.army.mil (omission, policy default)",
		},
		{
			"a name server of several", "inspect ns", "partner.example. MX", `
			partner.example. 300 IN MX 10 mail.partner.example.
			--
			partner.example. 300 IN NS ns.army.ml.
			partner.example. 300 IN NS ns.partner.example.`, `
			partner.example. 300 IN MX 10 mail.partner.example.
			--
			partner.example. 300 IN NS ns.partner.example.`,
			"NS ns.army.ml of partner.example looks like ns.army.mil (omission, policy default, the rest unsigned)",
		},
		{
			"the only name server", "inspect ns", "partner.example. MX", `
			partner.example. 300 IN MX 10 mail.partner.example.
			--
			partner.example. 300 IN NS ns.army.ml.`, noMail,
			"NS ns.army.ml of partner.example looks like ns.army.mil (omission, policy default)",
		},
		{
			"a web server", "inspect svcb", "partner.example. HTTPS",
			"partner.example. 300 IN HTTPS 1 www.army.ml. alpn=h2", hidden,
			"HTTPS www.army.ml of partner.example looks like www.army.mil (omission, policy default)",
		},
		{
			"one of two servers of a service", "inspect svcb", "_dns.partner.example. SVCB", `
			_dns.partner.example. 300 IN SVCB 1 dns.army.ml. alpn="dot"
			_dns.partner.example. 300 IN SVCB 2 dns.partner.example. alpn="dot"`, `
			_dns.partner.example. 300 IN SVCB 2 dns.partner.example. alpn="dot"`,
			"SVCB dns.army.ml of _dns.partner.example looks like dns.army.mil (omission, policy default, the rest unsigned)",
		},
		{
			"the replacement of a NAPTR", "inspect svcb", "partner.example. NAPTR",
			`partner.example. 300 IN NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.army.ml.`, hidden,
			"NAPTR _sip._udp.army.ml of partner.example looks like _sip._udp.army.mil (omission, policy default)",
		},
		{"a service at its owner", "inspect svcb", "partner.example. HTTPS", `partner.example. 300 IN HTTPS 1 . alpn="h2"`, "", ""},
		{"a service, not inspected", "inspect mx srv ns cname", "partner.example. HTTPS", `partner.example. 300 IN HTTPS 1 www.army.ml. alpn="h2"`, "", ""},
		{"an allowed question", "inspect mx", "gov.ml. MX", "gov.ml. 300 IN MX 10 mail.army.ml.", "", ""},
		{"a name below an allowed one", "inspect ns", "x.gov.ml. MX", `
			x.gov.ml. 300 IN MX 10 x.gov.ml.
			--
			gov.ml. 300 IN NS ns.army.ml.`, "", ""},
		{
			"an allowed alias, which is flattened", "inspect cname", "gov.ml. MX", `
			gov.ml. 300 IN CNAME host.ml.
			host.ml. 200 IN MX 10 mail.host.ml.`,
			"gov.ml. 200 IN MX 10 mail.host.ml.",
			"CNAME host.ml of gov.ml looks like host.mil (omission, policy default)",
		},
		{"a protected question", "inspect mx srv", "army.mil. MX", "army.mil. 300 IN MX 10 mail.army.ml.", "", ""},
		{"an allowed question for a web server", "inspect svcb", "gov.ml. HTTPS", `gov.ml. 300 IN HTTPS 1 www.army.ml. alpn="h2"`, "", ""},
		{"monitored", "inspect mx\nmode monitor", "partner.example. MX", "partner.example. 300 IN MX 10 mail.army.ml.", "", ""},
		{"another client", "inspect mx\nclients 192.0.2.0/24", "partner.example. MX", "partner.example. 300 IN MX 10 mail.army.ml.", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, "typoguard {\nprotect mil\nallow gov.ml\n"+tt.options+"\n}")
			reply := signedReply(t, tt.reply)
			before := reply.String()
			h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				m := *reply // as a cache gives it: a header of its own, and records that are not to be touched
				m.Id, m.Response, m.Question = r.Id, true, r.Question
				return dns.RcodeSuccess, w.WriteMsg(&m)
			})
			name, qtype, _ := strings.Cut(tt.query, " ")
			got := ask(t, t.Context(), h, withEDNS(question(name, dns.StringToType[qtype]), 1232, true))
			assert.Equal(t, before, reply.String(), "the original")
			if tt.want == "" {
				assert.Equal(t, lines(tt.reply), text(got))
				assert.True(t, got.AuthenticatedData)
				assert.Empty(t, ede(got))
				return
			}
			assert.Equal(t, lines(tt.want), text(got))
			if !strings.Contains(tt.want, "army.ml. 60 IN SOA") {
				assert.Equal(t, dns.RcodeSuccess, got.Rcode, "the name is no lookalike")
			}
			assert.False(t, got.AuthenticatedData)
			require.Len(t, ede(got), 1)
			assert.Equal(t, "typoguard: "+strings.TrimSuffix(tt.text, ")")+", id ID)", withoutIDs(ede(got))[0].ExtraText)
		})
	}
}

// TestInspectCounts: a target is counted by its policy and record.
func TestInspectCounts(t *testing.T) {
	h := handler(t, "typoguard counted {\nprotect mil\ninspect mx cname\nmode monitor\n}")
	h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg).SetReply(r)
		m.Answer = []dns.RR{test.MX("partner.example. 300 IN MX 10 mail.army.ml."), test.MX("partner.example. 300 IN MX 20 army.iml.")}
		return dns.RcodeSuccess, w.WriteMsg(m)
	})
	counted := func(kind string) float64 {
		return testutil.ToFloat64(metrics.TargetsTotal.WithLabelValues("", "", "counted", "nxdomain", "monitor", kind, "MX"))
	}
	omissions, transpositions := counted("omission"), counted("transposition")
	ask(t, t.Context(), h, question("partner.example.", dns.TypeMX))
	assert.InDelta(t, omissions+1, counted("omission"), 0)
	assert.InDelta(t, transpositions+1, counted("transposition"), 0)
}

// TestInspectRaw: a reply that is written as octets is looked at, too.
func TestInspectRaw(t *testing.T) {
	h := handler(t, "typoguard {\nprotect mil\ninspect mx\n}")
	for target, hides := range map[string]bool{"mail.army.ml.": true, "mail.army.mil.": false} {
		h.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			m := new(dns.Msg).SetReply(r)
			m.Answer = []dns.RR{test.MX("partner.example. 300 IN MX 10 " + target)}
			packed, err := m.Pack()
			require.NoError(t, err)
			_, err = w.Write(packed)
			return dns.RcodeSuccess, err
		})
		w := &rawWriter{}
		_, err := h.ServeDNS(t.Context(), w, question("partner.example.", dns.TypeMX))
		require.NoError(t, err)
		assert.Equal(t, hides, w.msg != nil, target)
		assert.Equal(t, hides, w.raw == nil, target)
	}
}

// rawWriter keeps what is written to it.
type rawWriter struct {
	test.ResponseWriter
	msg *dns.Msg
	raw []byte
}

func (w *rawWriter) WriteMsg(m *dns.Msg) error   { w.msg = m; return nil }
func (w *rawWriter) Write(b []byte) (int, error) { w.raw = b; return len(b), nil }
