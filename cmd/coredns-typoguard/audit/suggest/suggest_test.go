package suggest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/core/dnsserver"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// traffic is mail of one kind: so many messages on each of so many days, from as many senders and to as many recipients, in turn.
type traffic struct {
	from, to                            string
	days, messages, senders, recipients int
	outcome                             logs.Outcome
	qtype                               uint16
	sender, local                       string // instead of those that are numbered
	noTime, unknown                     bool
}

// mailTo is the mail of partners: many senders and recipients, on many days.
func mailTo(domain string) traffic {
	return traffic{to: domain, days: 10, messages: 12, senders: 4, recipients: 4}
}

// firstDay is that of the traffic.
var firstDay = time.Date(2026, time.September, 1, 9, 0, 0, 0, time.UTC).Unix()

// evidenceOf returns what there is after some mail.
func evidenceOf(all ...traffic) *Evidence {
	e := NewEvidence(false)
	for _, m := range all {
		for day := range m.days {
			for i := range m.messages {
				e.Add(m.record(day, i))
			}
		}
	}
	return e
}

// record is one message.
func (m *traffic) record(day, i int) *logs.Record {
	from := m.from
	if from == "" {
		from = "corp.example"
	}
	r := &logs.Record{Time: firstDay + int64(day)*24*3600, Name: []byte(m.to), Type: m.qtype, Outcome: m.outcome}
	if m.outcome == logs.Asked && m.qtype == dns.TypeNone && !m.unknown {
		r.Outcome = logs.Delivered
	}
	if m.qtype != dns.TypeNone {
		r.Source = []byte("192.0.2.25")
		return r
	}
	r.Sender = fmt.Appendf(nil, "alice%d%s@%s", i%max(1, m.senders), m.sender, from)
	r.Local = fmt.Appendf(nil, "bob%d%s", i%max(1, m.recipients), m.local)
	if m.noTime {
		r.Time = 0
	}
	return r
}

// nothing is decided without policies.
func nothing(string) policy.Decision { return policy.Decision{Reason: policy.Unserved} }

func propose(t *testing.T, e *Evidence) *Suggestions {
	t.Helper()
	before := dnsserver.Directives
	t.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	s, err := e.Propose(nothing)
	require.NoError(t, err)
	return s
}

// TestProtect: domains are suggested that many write to, on many days.
func TestProtect(t *testing.T) {
	tests := []struct {
		name string
		mail []traffic
		want string
	}{
		{"partners", []traffic{mailTo("partner.example"), mailTo("supplier.example")}, "partner.example supplier.example"},
		{"hosts of one domain", []traffic{mailTo("us.partner.example"), mailTo("EU.Partner.Example.")}, "partner.example"},
		{"public suffixes", []traffic{mailTo("partner.co.uk"), mailTo("mail.army.mil")}, "army.mil partner.co.uk"},
		{"two senders", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 2, recipients: 4}}, ""},
		{"two days of ten", []traffic{mailTo("a-supplier.example"), {to: "partner.example", days: 2, messages: 12, senders: 9, recipients: 4}}, "a-supplier.example"},
		{"two days of three", []traffic{{to: "a-supplier.example", days: 3, messages: 12, senders: 4, recipients: 4}, {to: "partner.example", days: 2, messages: 12, senders: 9, recipients: 4}}, "partner.example a-supplier.example"},
		{"four messages", []traffic{{to: "partner.example", days: 4, messages: 1, senders: 4, recipients: 4}}, ""},
		{"bounced", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 4, recipients: 4, outcome: logs.Bounced}}, ""},
		{"most bounced", []traffic{mailTo("partner.example"), {to: "partner.example", days: 10, messages: 13, senders: 4, recipients: 4, outcome: logs.Bounced}}, ""},
		{"deferred", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 4, recipients: 4, outcome: logs.Deferred}}, ""},
		{"relayed", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 4, recipients: 4, outcome: logs.Relayed}}, ""},
		{"one system with a sender for each message", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 12, recipients: 4, sender: "=x"}}, ""},
		{"queries of a mail server", []traffic{{to: "partner.example", days: 10, messages: 1, qtype: dns.TypeMX}}, "partner.example"},
		{"queries and mail are not the same", []traffic{{to: "partner.example", days: 10, messages: 9, qtype: dns.TypeMX}, {to: "partner.example", days: 4, messages: 9, senders: 2, recipients: 4}}, ""},
		{"queries of browsers", []traffic{{to: "partner.example", days: 10, messages: 9, qtype: dns.TypeA}}, ""},
		{"messages that a filter saw", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 4, recipients: 4, unknown: true}}, "partner.example"},
		{"no time", []traffic{{to: "partner.example", days: 10, messages: 12, senders: 4, recipients: 4, noTime: true}}, ""},
		{"a known typo", []traffic{mailTo("gmial.com")}, ""},
		{"addresses and hosts", []traffic{mailTo("192.0.2.1"), mailTo("localhost"), mailTo("com"), mailTo("a_b.example"), mailTo("bad..example")}, ""},
		{"what may be a typo of a well-known one", []traffic{mailTo("twiter.com"), mailTo("twittre.com"), mailTo("twitter.cm"), mailTo("partner.example")}, "partner.example"},
		{"what is one letter from a well-known one", []traffic{mailTo("twisters.com"), mailTo("zoogle.com")}, "twisters.com zoogle.com"},
		{"popular neighbours", []traffic{mailTo("ups.com"), mailTo("ubs.com")}, "ubs.com ups.com"},
		{"one of two that look alike is clearly the real one", []traffic{{to: "partner.example", days: 30, messages: 40, senders: 16, recipients: 4}, {to: "partnr.example", days: 9, messages: 9, senders: 3, recipients: 2}}, "partner.example"},
		{"an auto-forward to a typo has more mail than the real one", []traffic{mailTo("partner.example"), {to: "partnr.example", days: 30, messages: 40, senders: 16, recipients: 1}}, "partner.example"},
		{"a popular one with little mail", []traffic{{to: "ungate.com", days: 60, messages: 40, senders: 16, recipients: 9}, mailTo("unsplash.com"), {to: "unsplashe.com", days: 60, messages: 40, senders: 16, recipients: 9}}, "ungate.com"},
		{"which of two is the real one is not clear", []traffic{mailTo("partner.example"), mailTo("partnr.example")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := propose(t, evidenceOf(tt.mail...))
			assert.Equal(t, tt.want, names(s.Protect, 10))
		})
	}
}

// TestAllow: a lookalike is suggested if it has mail that typing errors do not explain, and never what people mistype most.
func TestAllow(t *testing.T) {
	strong := func(domain string) traffic {
		return traffic{to: domain, days: 60, messages: 40, senders: 16, recipients: 16}
	}
	regular := func(domain string) traffic {
		return traffic{to: domain, days: 4, messages: 4, senders: 2, recipients: 2}
	}
	tests := []struct {
		name, like, typo string
		mail             []traffic // besides that to like
		doubt            string    // "": allowed
	}{
		{"regular", "partner.example", "partier.example", []traffic{regular("partier.example")}, ""},
		{"added", "partner.example", "partners.example", []traffic{regular("partners.example")}, ""},
		{"lost", "partner.example", "partne.example", []traffic{regular("partne.example")}, ""},
		{"a host of it", "partner.example", "partier.example", []traffic{regular("mail.partier.example")}, ""},
		{"both ways", "partner.example", "partier.example", []traffic{{to: "partier.example", days: 2, messages: 1}, {from: "partier.example", to: "corp.example", days: 2, messages: 1}}, ""},
		{"two days", "partner.example", "partier.example", []traffic{{to: "partier.example", days: 2, messages: 9, senders: 3, recipients: 3}}, "too little mail to tell"},
		{"one sender", "partner.example", "partier.example", []traffic{{to: "partier.example", days: 9, messages: 9, senders: 1, recipients: 3}}, "too little mail to tell"},
		{"an auto-forward", "partner.example", "partier.example", []traffic{{to: "partier.example", days: 9, messages: 9, senders: 9, recipients: 1}}, "too little mail to tell"},
		{"one came in", "partner.example", "partier.example", []traffic{{to: "partier.example", days: 2, messages: 1}, {from: "partier.example", to: "corp.example", days: 1, messages: 9}}, "too little mail to tell"},
		{"most bounced", "partner.example", "partier.example", []traffic{regular("partier.example"), {to: "partier.example", days: 4, messages: 5, outcome: logs.Bounced}}, "too little mail to tell"},
		{"a known typo", "gmail.com", "gmai.com", []traffic{regular("gmai.com"), {from: "gmai.com", to: "corp.example", days: 9, messages: 9}}, "a known typo"},
		{"public suffix", "army.mil", "army.ml", []traffic{regular("army.ml")}, "another public suffix"},
		{"public suffix of two labels", "partner.co.uk", "partner.co.ug", []traffic{regular("partner.co.ug")}, "another public suffix"},
		{"swapped", "partner.example", "patrner.example", []traffic{regular("patrner.example")}, "letters swapped"},
		{"moved", "partner.example", "prtnear.example", []traffic{regular("prtnear.example")}, "letters swapped"},
		{"doubled letter", "partner.example", "partnner.example", []traffic{regular("partnner.example")}, "a doubled letter"},
		{"one of a double lost", "hotell.example", "hotel.example", []traffic{regular("hotel.example")}, "a doubled letter"},
		{"doubled label", "partner.example", "partnerpartner.example", []traffic{regular("partnerpartner.example")}, "a doubled label"},
		{"looks the same", "partner.example", "", []traffic{regular("p\u0430rtner.example")}, "letters that look the same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := propose(t, evidenceOf(append(tt.mail, strong(tt.like))...))
			require.Equal(t, tt.like, names(s.Protect, 10))
			if tt.doubt == "" {
				assert.Equal(t, tt.typo, names(s.Allow, 10))
				assert.Empty(t, s.Lookalikes)
				return
			}
			assert.Empty(t, s.Allow)
			require.Len(t, s.Lookalikes, 1)
			assert.Equal(t, tt.doubt, s.Lookalikes[0].Doubt)
		})
	}
}

// TestPoliciesCount: what policies have already is not suggested again, and lookalikes of what they protect are looked at.
func TestPoliciesCount(t *testing.T) {
	block, err := protectingOf(t, "partner.example")
	require.NoError(t, err)
	e := evidenceOf(mailTo("partner.example"), mailTo("partier.example"), mailTo("patrner.example"), mailTo("other.example"))
	s, err := e.Propose(func(name string) policy.Decision { return block.Judge(&policy.Query{Name: name, Type: dns.TypeMX}) })
	require.NoError(t, err)
	assert.Equal(t, "other.example", names(s.Protect, 10))
	assert.Equal(t, "partier.example", names(s.Allow, 10))
	assert.Equal(t, "patrner.example", names(s.Lookalikes, 10))
}

func protectingOf(t *testing.T, domain string) (interface {
	Judge(*policy.Query) policy.Decision
}, error) {
	t.Helper()
	before := dnsserver.Directives
	t.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	return protecting([]Suggestion{{Domain: domain}})
}

// TestFiles: the files are lists that a policy can have, with the evidence and no local parts, and what is not suggested is no entry.
func TestFiles(t *testing.T) {
	hostile := mailTo("partner.example")
	hostile.from = "evil.example\nmil\x1b[2J"
	e := evidenceOf(traffic{to: "partner.example", days: 60, messages: 40, senders: 16, recipients: 16}, hostile, mailTo("partier.example"), mailTo("gmial.com"),
		traffic{to: "patrner.example", days: 4, messages: 4, senders: 2, recipients: 2})
	dir := t.TempDir()
	require.NoError(t, Check(dir))
	s := propose(t, e)
	require.NoError(t, s.Write(dir, time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC)))
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(content)
	}
	assert.Equal(t, `# What coredns-typoguard suggests to protect, on 2026-11-30, from mail on 60 days.
# Nothing of it is in force. Read it, delete what you do not mean, and name the file in a policy: protect_file.
partner.example # 2520 delivered on 60 days; many senders: corp.example
`, read(ProtectFile))
	assert.Equal(t, `# What coredns-typoguard suggests to allow, on 2026-11-30, from mail on 60 days.
# Nothing of it is in force. Read it, delete what you do not mean, and name the file in a policy: allow_file.
partier.example # looks like partner.example (substitution); 120 delivered on 10 days; 4 senders: corp.example; 4 recipients

# Not suggested, although mail to them was delivered. Auto-forwards to typos have run for years: ask those who write there.
# patrner.example # looks like partner.example (transposition); letters swapped; 16 delivered on 4 days; 2 senders: corp.example; 2 recipients
`, read(AllowFile))

	assert.Equal(t, `# What coredns-typoguard suggests as names of hosts before protected domains, on 2026-11-30, from mail on 60 days.
# Nothing of it is in force. Read it, delete what you do not mean, and name the file in a policy: boundary_prefixes, with the kind boundary.
`, read(PrefixesFile))

	for _, name := range []string{ProtectFile, AllowFile, PrefixesFile} {
		other := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(other, name), []byte("mil\n"), 0o600))
		require.ErrorContains(t, Check(other), name+" exists, and a policy may use it; expected a directory without it")
		require.Error(t, s.Write(other, time.Now()))
		content, err := os.ReadFile(filepath.Join(other, name))
		require.NoError(t, err)
		assert.Equal(t, "mil\n", string(content), "it may be in force")
	}
	require.ErrorContains(t, Check(filepath.Join(dir, ProtectFile)), "is no directory")
	require.ErrorIs(t, Check(filepath.Join(dir, "missing")), os.ErrNotExist)

	var out bytes.Buffer
	require.NoError(t, s.Print(&out, dir))
	assert.Contains(t, out.String(), "protect: 1 domain suggested: partner.example\n  in "+filepath.Join(dir, ProtectFile)+"\n")
	assert.Contains(t, out.String(), "allow: 1 domain suggested: partier.example; not suggested, although mail was delivered: patrner.example\n")
	out.Reset()
	require.NoError(t, s.Print(&out, ""))
	assert.Contains(t, out.String(), read(ProtectFile)[strings.IndexByte(read(ProtectFile), '\n'):])
}

// TestHostileSenders: what others write cannot become an entry of a list.
func TestHostileSenders(t *testing.T) {
	e := NewEvidence(true)
	for day := range int64(10) {
		for _, sender := range []string{"a\nmil@x.example", "b\r\nevil.example # @y.example", "c\x1b[2J\u2028@z.example"} {
			e.Add(&logs.Record{Time: firstDay + day*24*3600, Name: []byte("partner.example"), Sender: []byte(sender), Outcome: logs.Delivered})
		}
	}
	s := propose(t, e)
	text := s.protectText(time.Now())
	assert.Equal(t, 3, strings.Count(text, "\n"), text)
	assert.Contains(t, text, "3 senders: a?mil@x.example b??evil.example # @y.example c?[2J")
}

// TestNoLocalParts: who wrote is shown by domain or host only, also if a log has a local part without a domain.
func TestNoLocalParts(t *testing.T) {
	for _, addresses := range []bool{false, true} {
		e := NewEvidence(addresses)
		for day := range int64(10) {
			for _, r := range []logs.Record{
				{Sender: []byte("alice")}, {Sender: []byte("alice.smith@corp.example")}, {Sender: []byte("alice+tag@other.example")},
				{Source: []byte("host.corp.example[192.0.2.7]")},
			} {
				r.Time, r.Name, r.Outcome = firstDay+day*24*3600, []byte("partner.example"), logs.Delivered
				e.Add(&r)
			}
		}
		text := propose(t, e).protectText(time.Now())
		assert.Contains(t, text, "4 senders: ")
		assert.Equal(t, addresses, strings.Contains(text, "alice"), text)
		assert.Contains(t, text, "corp.example")
	}
}

// TestForget: of very many domains, those with much mail are remembered.
func TestForget(t *testing.T) {
	e := evidenceOf(mailTo("partner.example"))
	for i := range 10 * maxDomains {
		e.Add(&logs.Record{Time: firstDay, Name: fmt.Appendf(nil, "x%d.example", i), Outcome: logs.Delivered})
		require.LessOrEqual(t, len(e.domains), maxDomains)
		require.LessOrEqual(t, len(e.recent), maxRecent)
	}
	s := propose(t, e)
	assert.Equal(t, "partner.example", names(s.Protect, 10))
	assert.Contains(t, s.protectText(time.Now()), "too many domains")
}

// TestOwn: the domain that most mail is from is marked.
func TestOwn(t *testing.T) {
	s := propose(t, evidenceOf(mailTo("corp.example"), mailTo("partner.example"), traffic{from: "partner.example", to: "corp.example", days: 2, messages: 2}))
	assert.Contains(t, s.protectText(time.Now()), "corp.example # your own, it seems; ")
	assert.NotContains(t, s.protectText(time.Now()), "partner.example # your own")
}
