package existence

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// zone looks up in records, and knows of no others: a domain without any does not exist. The names on broken have no answer.
func zone(t *testing.T, records []string, broken ...string) Lookup {
	t.Helper()
	var all []dns.RR
	for _, text := range records {
		rr, err := dns.NewRR(text)
		require.NoError(t, err)
		all = append(all, rr)
	}
	return func(_ context.Context, domain string, qtype uint16) *dns.Msg {
		if slices.Contains(broken, domain+" "+dns.TypeToString[qtype]) {
			return nil
		}
		m := new(dns.Msg).SetQuestion(domain, qtype)
		m.Rcode = dns.RcodeNameError
		owners := []string{domain}
		for _, rr := range all {
			if alias, ok := rr.(*dns.CNAME); ok && alias.Hdr.Name == domain {
				owners = append(owners, alias.Target)
			}
		}
		for _, rr := range all {
			if slices.Contains(owners, rr.Header().Name) {
				m.Rcode = dns.RcodeSuccess
				if rr.Header().Rrtype == qtype {
					m.Answer = append(m.Answer, rr)
				}
			}
		}
		return m
	}
}

func TestFindOperator(t *testing.T) {
	const other = "example.de. 300 IN MX 10 mx.example.de.\nexample.de. 300 IN NS ns.example.de."
	for _, tt := range []struct {
		name    string
		records string
		broken  []string
		want    policy.Operator
	}{
		{"nothing in common", other + "\nexample.com. 60 IN MX 10 mx.example.com.\nexample.com. 60 IN NS ns.example.com.", nil, policy.OperatorOther},
		{"does not exist", other, nil, policy.OperatorOther},
		{"mail servers below", other + "\nexample.com. 60 IN MX 10 a.mail.example.de.\nexample.com. 60 IN MX 20 MX.Example.DE.", nil, policy.OperatorSame},
		{"one of two mail servers below", other + "\nexample.com. 60 IN MX 10 mx.stranger.example.\nexample.com. 60 IN MX 20 mx.example.de.", nil, policy.OperatorOther},
		{"name servers below, as anybody can say", other + "\nexample.com. 60 IN MX 10 mx.example.com.\nexample.com. 60 IN NS ns.example.de.", nil, policy.OperatorOther},
		{"the same name servers elsewhere", "example.de. 300 IN NS ns.group.example.\nexample.com. 60 IN NS ns.group.example.\nexample.com. 60 IN MX 10 mx.evil.example.", nil, policy.OperatorOther},
		{"its name server is below the lookalike", "example.de. 60 IN NS ns.example.com.\nexample.com. 60 IN MX 10 elsewhere.example.", nil, policy.OperatorSame},
		{"one of two name servers below", other + "\nexample.com. 60 IN NS ns.example.de.\nexample.com. 60 IN NS ns.stranger.example.", nil, policy.OperatorOther},
		{"its mail server is below the lookalike", "example.de. 60 IN MX 10 mx.example.com.\nexample.com. 60 IN MX 10 elsewhere.example.", nil, policy.OperatorSame},
		{"null MX", other + "\nexample.com. 60 IN MX 0 .", nil, policy.OperatorOther},
		{"null MX of both", "example.de. 300 IN MX 0 .\nexample.com. 60 IN MX 0 .", nil, policy.OperatorOther},
		{"the same hosts elsewhere", "example.de. 300 IN MX 10 mx.group.example.\nexample.com. 60 IN MX 20 MX.Group.Example.", nil, policy.OperatorSame},
		{"others at the same place", "example.de. 300 IN MX 10 mx1.group.example.\nexample.com. 60 IN MX 10 mx2.group.example.", nil, policy.OperatorOther},
		{"one more", "example.de. 300 IN MX 10 mx.group.example.\nexample.com. 60 IN MX 10 mx.group.example.\nexample.com. 60 IN MX 5 mx.stranger.example.", nil, policy.OperatorOther},
		{"the same hosts of a provider", "example.de. 300 IN MX 10 aspmx.l.google.com.\nexample.com. 60 IN MX 10 aspmx.l.google.com.", nil, policy.OperatorOther},
		{"the same name servers of a provider", "example.de. 300 IN NS ns-1.awsdns-01.org.\nexample.com. 60 IN NS ns-1.awsdns-01.org.", nil, policy.OperatorOther},
		{"a host each at a provider", "example.de. 300 IN MX 0 example-de.mail.protection.outlook.com.\nexample.com. 60 IN MX 0 example-com.mail.protection.outlook.com.", nil, policy.OperatorOther},
		{"in a domain of the same name", "example.de. 300 IN MX 10 mx1.example.net.\nexample.com. 60 IN MX 10 mx2.example.net.", nil, policy.OperatorSame},
		{"in a domain of the same name that is not its own", other + "\nexample.com. 60 IN MX 10 mx.example.net.", nil, policy.OperatorOther},
		{"no answer", other, []string{"example.com. MX"}, policy.OperatorUnknown},
		{"no answer of the other", "example.com. 60 IN MX 10 mx.group.example.", []string{"example.de. MX"}, policy.OperatorUnknown},
		{"no answer, but name servers below", other + "\nexample.com. 60 IN NS ns.example.de.", []string{"example.com. MX"}, policy.OperatorUnknown},
		{"the name servers of an alias", "example.de. 60 IN CNAME www.example.de.\nwww.example.de. 60 IN NS ns.example.com.", nil, policy.OperatorOther},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, ttl := FindOperator(t.Context(), "example.com.", []string{"stranger.de.", "example.de."}, zone(t, strings.Split(tt.records, "\n"), tt.broken...))
			assert.Equal(t, tt.want, found)
			assert.LessOrEqual(t, ttl, maxTTL)
		})
	}
}

// TestOperatorIsCached: a second question needs no lookup, and the domain itself is something else.
func TestOperatorIsCached(t *testing.T) {
	observer := new(counts)
	c := NewChecker(observer)
	lookup := zone(t, []string{"example.com. 60 IN MX 10 mx.example.de."})
	for range 2 {
		assert.Equal(t, policy.OperatorSame, c.Operator(t.Context(), "example.com.", []string{"example.de."}, time.Minute, lookup))
	}
	assert.EqualValues(t, 1, observer.hits.Load())
	assert.Equal(t, policy.Exists, c.Check(t.Context(), "example.com.", time.Minute, lookup))
	assert.EqualValues(t, 2, observer.looked.Load())
}

// TestShared: the list has registered domains, each once.
func TestShared(t *testing.T) {
	domains, beginnings := shared()
	assert.Len(t, slices.Compact(slices.Clone(domains)), len(domains))
	assert.NotEmpty(t, beginnings)
	for _, domain := range domains {
		assert.Equal(t, domain, match.Registered(domain), domain)
	}
}
