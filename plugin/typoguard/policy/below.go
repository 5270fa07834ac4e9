package policy

import "github.com/miekg/dns"

// HidesBelow reports whether the policies that enforce may hide a zone or names below it. It does not know zones of one or two letters that
// only look like one above a protected suffix, nor those that protected suffixes end with.
func (s *Set) HidesBelow(zone string) bool {
	if s.IsListed(zone) {
		return false
	}
	q := &Query{Name: zone, Type: dns.TypeMX}
	d := s.Judge(q)
	return d.Enforced() || s.nearParent(zone, q)
}
