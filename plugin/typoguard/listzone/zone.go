// Package listzone is a list of lookalikes as a DNS zone (RFC 5782), for mail servers that look up the domains of recipients: with the
// zone lookalikes.corp.example, army.ml is on the list if army.ml.lookalikes.corp.example has an A record, and the TXT record says why.
//
// The package knows which name a query in the zone is about, and what an authoritative server answers. It does not decide which
// names are on the list.
package listzone

import (
	"strings"

	"github.com/miekg/dns"
)

// Zone is a list zone.
type Zone struct {
	// Name is in lower case, with the final dot.
	Name string
	// TTL is that of the zone's own records and of negative answers, in seconds.
	TTL uint32
	// Servers are the names of its name servers, with the final dot; without any, it is the zone itself.
	Servers []string
}

// Subject is what a query in the zone is about.
type Subject uint8

// The subjects.
const (
	Apex    Subject = iota // the zone itself
	Test                   // the entry that every list has
	Invalid                // the entry that no list has
	Domain                 // a domain, which may be on the list
)

// Contains reports whether a name, in presentation format with the final dot, is the zone or lies in it. It allocates nothing.
func (z *Zone) Contains(name string) bool {
	before := len(name) - len(z.Name)
	if before < 0 || !strings.EqualFold(name[before:], z.Name) {
		return false
	}
	return before == 0 || (name[before-1] == '.' && !isEscaped(name, before-1))
}

// isEscaped reports whether the character at an index of a name is part of a label: it stands behind an odd number of backslashes.
func isEscaped(name string, at int) bool {
	escaped := false
	for at--; at >= 0 && name[at] == '\\'; at-- {
		escaped = !escaped
	}
	return escaped
}

// Subject returns what a query for a name in the zone is about, and the domain, as it was written and with the final dot.
func (z *Zone) Subject(name string) (Subject, string) {
	domain := name[:len(name)-len(z.Name)]
	switch strings.ToLower(domain) {
	case "":
		return Apex, ""
	case "test.": // RFC 5782 section 5
		return Test, domain
	case "invalid.":
		return Invalid, domain
	}
	return Domain, domain
}

// IsAddress reports whether a domain is an address as lists of addresses have them (RFC 5782 section 2.1). Tools that monitor lists ask for
// one that must not exist. No domain lies below one.
func IsAddress(domain string) bool {
	labels := dns.SplitDomainName(domain)
	return len(labels) > 0 && strings.Trim(labels[len(labels)-1], "0123456789") == ""
}
