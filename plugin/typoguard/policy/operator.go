package policy

import (
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// Operator says who operates a lookalike under another TLD. Organisations register their names under many, so that example.com may be
// as good as example.de.
type Operator uint8

// The operators.
const (
	OperatorUnknown Operator = iota // there was no usable answer in time
	OperatorSame                    // that of a protected domain
	OperatorOther                   // somebody else
)

// String returns the operator as it stands in metrics.
func (o Operator) String() string {
	return [...]string{"unknown", "same_operator", "other_operator"}[o]
}

// checkOperator checks who operates the lookalike of a match, which is under another TLD than the protected domain. If that is the
// operator of any protected domain of that name, it does not count for the policy.
func (s *Set) checkOperator(p *Policy, q *Query, m *match.Match) (Existence, Reason) {
	if q.Operator == nil {
		return NotChecked, Hidden
	}
	domain := registeredLookalike(q.Name, m)
	label, _, _ := strings.Cut(domain, ".")
	r := p.requirement()
	switch q.Operator(domain, s.operators[label], r.Timeout) {
	case OperatorSame:
		return NotChecked, SameOperator
	case OperatorOther:
		return NotChecked, Hidden
	case OperatorUnknown:
	}
	if r.OnError == PassOnError {
		return Unknown, SameOperator
	}
	return Unknown, Hidden
}

// registeredLookalike returns the registered domain, with the final dot, of a lookalike under another TLD. It has as many labels less than
// the lookalike as that of the protected suffix. It is a copy, as in lowered.
func registeredLookalike(name string, m *match.Match) string {
	at := m.Start
	for range labelsOf(m.Suffix) - labelsOf(match.Registered(m.Suffix)) {
		at, _ = dns.NextLabel(name, at)
	}
	return strings.ToLower(dns.Fqdn(strings.Clone(name[at:])))
}
