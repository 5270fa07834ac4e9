package suggest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/logs"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// TestPrefixes: names of hosts are suggested that mail goes to again and again, directly before a domain that is protected or suggested.
func TestPrefixes(t *testing.T) {
	to := func(domain string, days, messages int, outcome logs.Outcome) traffic {
		return traffic{to: domain, days: days, messages: messages, senders: 4, recipients: 4, outcome: outcome}
	}
	queries := func(domain string, qtype uint16) traffic {
		return traffic{to: domain, days: 10, messages: 1, qtype: qtype}
	}
	const regular = "post # before partner.example; 120 messages or queries on 10 days\n"
	for _, tt := range []struct {
		name string
		mail []traffic
		want string // the lines
	}{
		{"again and again", []traffic{mailTo("post.partner.example")}, regular},
		{"in upper case", []traffic{mailTo("POST.Partner.Example.")}, regular},
		{"below that", []traffic{mailTo("a.b.post.partner.example")}, regular},
		{"the domain itself", []traffic{mailTo("partner.example")}, ""},
		{"a usual name", []traffic{mailTo("mail.partner.example"), mailTo("mx1.partner.example")}, ""},
		{"no name of a host", []traffic{mailTo("_post.partner.example"), mailTo("xn--bro-hoa.partner.example")}, ""},
		{"two days of ten", []traffic{mailTo("partner.example"), to("post.partner.example", 2, 9, logs.Asked)}, ""},
		{"three days of ten", []traffic{mailTo("partner.example"), to("post.partner.example", 3, 1, logs.Asked)}, "post # before partner.example; 3 messages or queries on 3 days\n"},
		{"two messages", []traffic{to("partner.example", 3, 9, logs.Asked), to("post.partner.example", 2, 1, logs.Asked)}, ""},
		{"bounced", []traffic{mailTo("partner.example"), to("post.partner.example", 9, 9, logs.Bounced)}, ""},
		{"deferred", []traffic{mailTo("partner.example"), to("post.partner.example", 9, 9, logs.Deferred)}, ""},
		{"relayed", []traffic{mailTo("partner.example"), to("post.partner.example", 9, 9, logs.Relayed)}, ""},
		{"asked for", []traffic{mailTo("partner.example"), queries("post.partner.example", dns.TypeMX)}, "post # before partner.example; 10 messages or queries on 10 days\n"},
		{"asked for by browsers", []traffic{mailTo("partner.example"), queries("post.partner.example", dns.TypeA)}, ""},
		{"before a domain that is not suggested", []traffic{mailTo("partner.example"), to("post.other.example", 9, 1, logs.Deferred), queries("post.third.example", dns.TypeA)}, ""},
		{"before two", []traffic{mailTo("post.partner.example"), mailTo("post.army.mil"), mailTo("box.army.mil")},
			"post # before army.mil partner.example; 240 messages or queries on 10 days\nbox # before army.mil; 120 messages or queries on 10 days\n"},
		{"what would be hidden gets mail", []traffic{mailTo("post.partner.example"), to("postpartner.example", 1, 1, logs.Asked)},
			"# post # there is mail to postpartner.example; before partner.example; 120 messages or queries on 10 days\n"},
		{"before another one", []traffic{mailTo("post.partner.example"), mailTo("army.mil"), to("postarmy.mil", 1, 1, logs.Asked)},
			"# post # there is mail to postarmy.mil; before partner.example; 120 messages or queries on 10 days\n"},
		{"what would be hidden bounces", []traffic{mailTo("post.partner.example"), to("postpartner.example", 1, 1, logs.Bounced)}, regular},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := propose(t, evidenceOf(tt.mail...)).prefixText(time.Now())
			var lines strings.Builder
			for line := range strings.Lines(text) {
				if strings.Contains(line, " before ") && !strings.HasPrefix(line, "# What") {
					lines.WriteString(line)
				}
			}
			assert.Equal(t, tt.want, lines.String(), text)
		})
	}
}

// TestPrefixesOfPolicies: what is before domains that a policy protects counts, also if these are not suggested.
func TestPrefixesOfPolicies(t *testing.T) {
	block, err := protectingOf(t, "partner.example")
	require.NoError(t, err)
	e := evidenceOf(traffic{to: "post.partner.example", days: 3, messages: 1, senders: 1, recipients: 1}, traffic{to: "box.other.example", days: 3, messages: 1, senders: 1, recipients: 1})
	s, err := e.Propose(func(name string) policy.Decision { return block.Judge(&policy.Query{Name: name, Type: dns.TypeMX}) })
	require.NoError(t, err)
	assert.Contains(t, s.prefixText(time.Now()), "\npost # before partner.example; ")
	assert.NotContains(t, s.prefixText(time.Now()), "box")
}

// TestForgetHosts: of very many names of hosts, those with much mail are remembered; and no more are suggested than a policy can have.
func TestForgetHosts(t *testing.T) {
	e := evidenceOf(mailTo("post.partner.example"))
	for i := range 3 * maxHosts {
		e.Add(&logs.Record{Time: firstDay, Name: fmt.Appendf(nil, "x%d.partner.example", i), Outcome: logs.Delivered})
		require.LessOrEqual(t, e.hosts, maxHosts)
	}
	count := 0
	for _, m := range e.domains {
		count += len(m.hosts)
	}
	assert.Equal(t, count, e.hosts)
	for i := range 2 * maxPrefixes {
		for day := range int64(5) {
			e.Add(&logs.Record{Time: firstDay + day*24*3600, Name: fmt.Appendf(nil, "y%d.partner.example", i), Outcome: logs.Delivered})
		}
	}
	s := propose(t, e)
	require.Len(t, s.Prefixes, maxPrefixes)
	assert.Equal(t, "post", s.Prefixes[0].Label)
	assert.Contains(t, s.prefixText(time.Now()), "too many")
	for _, p := range s.Prefixes {
		_, err := match.ParsePrefix(p.Label)
		require.NoError(t, err)
	}
	for i := range maxDomains {
		e.Add(&logs.Record{Time: firstDay, Name: fmt.Appendf(nil, "host.z%d.example", i), Outcome: logs.Delivered})
	}
	count = 0
	for _, m := range e.domains {
		count += len(m.hosts)
	}
	assert.Equal(t, count, e.hosts, "also after domains are forgotten")
}
