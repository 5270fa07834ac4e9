package policy

import "github.com/typoguard/coredns-typoguard/plugin/typoguard/match"

// IsListed reports whether a domain equals or lies under a suffix that any policy of the set protects or allows.
func (s *Set) IsListed(domain string) bool {
	buffer := s.buffers.Get().(*match.Buffer)
	defer s.buffers.Put(buffer)
	return s.index.Lookup(domain, buffer).Listing != match.Unlisted
}
