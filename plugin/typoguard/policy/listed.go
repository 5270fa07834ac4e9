package policy

import (
	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// IsListed reports whether a domain equals or lies under a suffix that any policy of the set protects or allows.
func (s *Set) IsListed(domain string) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	return s.index.Lookup(domain, buffer).Listing != match.Unlisted
}

// VerdictOnMail returns the verdict on a domain that mail is sent to, whoever sends it.
func (s *Set) VerdictOnMail(domain string) Verdict {
	return s.Judge(&Query{Name: domain, Type: dns.TypeMX}).Verdict
}

// Passes reports whether mail passes for a reason: the domain is listed, or popular.
func (v Verdict) Passes() bool { return v == Protected || v == Allowed || v == Popular }
