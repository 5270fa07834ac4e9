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

// Passes reports whether mail to a domain passes, whoever sends it: because it is listed, or popular.
func (s *Set) Passes(domain string) bool {
	switch s.Judge(&Query{Name: domain, Type: dns.TypeMX}).Verdict {
	case Protected, Allowed, Popular:
		return true
	case Pass, Lookalike:
	}
	return false
}
