package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestOperator: a name under another TLD is hidden unless it has the operator of one of the domains it resembles.
func TestOperator(t *testing.T) {
	for _, tt := range []struct {
		name, protect, deny, asked string
		require                    *Requirement
		operator                   Operator
		compared                   string // the registered domains
		want                       Reason
		deferred                   bool
	}{
		{"somebody else", "example.de", "", "mail.example.com.", nil, OperatorOther, "example.com. example.de.", Hidden, false},
		{"the same", "example.de", "", "Mail.Example.COM.", nil, OperatorSame, "example.com. example.de.", SameOperator, false},
		{"unknown is deferred", "example.de", "", "example.com", nil, OperatorUnknown, "example.com. example.de.", Hidden, true},
		{"unknown is hidden", "example.de", "", "example.com", &Requirement{OnError: BlockOnError}, OperatorUnknown, "example.com. example.de.", Hidden, false},
		{"unknown passes", "example.de", "", "example.com", &Requirement{OnError: PassOnError}, OperatorUnknown, "example.com. example.de.", SameOperator, false},
		{"a domain below", "mail.example.de", "", "x.mail.example.co.uk", nil, OperatorOther, "example.co.uk. example.de.", Hidden, false},
		{"several domains", "example.de example.co.uk", "", "example.com", nil, OperatorSame, "example.com. example.co.uk. example.de.", SameOperator, false},
		{"domains of that name above and below", "example.de mail.example.nl", "", "example.com", nil, OperatorSame, "example.com. example.de. example.nl.", SameOperator, false},
		{"many domains", "example.de example.fr example.it example.be example.nl example.co.uk", "", "example.com", nil, OperatorSame,
			"example.com. example.be. example.co.uk. example.de. example.fr. example.it. example.nl.", SameOperator, false},
		{"denied", "example.de", "example.com", "example.com", nil, OperatorSame, "", Hidden, false},
		{"another kind", "example.de", "", "exmple.de", nil, OperatorSame, "", Hidden, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Policy{Distance: 1, Kinds: match.DefaultKinds.With(match.TLD).Without(match.Multiple), Require: tt.require}
			s := compile(t, setting{Policy: p, protect: tt.protect, deny: tt.deny})
			compared := ""
			q := Query{Name: tt.asked, Type: dns.TypeMX, Operator: func(domain string, others []string, within time.Duration) Operator {
				compared = domain + " " + strings.Join(others, " ")
				if tt.require == nil {
					assert.Equal(t, DefaultTimeout, within)
				}
				return tt.operator
			}}
			d := s.Judge(&q)
			assert.Equal(t, tt.want, d.Reason)
			assert.Equal(t, tt.compared, compared)
			assert.Equal(t, tt.deferred, d.Deferred())
			compared = ""
			q.Type = dns.TypeDS
			s.Judge(&q)
			assert.Empty(t, compared, "checked for a type that passes")
			q.Type, q.Operator = dns.TypeMX, nil
			d = s.Judge(&q)
			assert.True(t, d.Enforced(), "nothing is checked")
		})
	}
}
