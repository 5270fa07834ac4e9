// Package rows enumerates what policies hide: the names for which a response policy zone (RPZ, draft-vixie-dnsop-dns-rpz-00) needs rows, so
// that it treats every name as the server does.
//
// A zone is a list of names, while a policy covers every possible name. The package enumerates the names within the policy's distance
// (neighbours.go) and those that look the same (homoglyphs.go) or differ in other ways (kinds.go), under existing top-level domains (package
// tlds). The engine then judges each, and only its verdict makes a row (plan.go).
package rows

import (
	"fmt"
	"strings"
)

// Rule is what a zone says about a name and all names below it that have no rule of their own.
type Rule struct {
	// Name is in lower case, with A-labels and without the final dot.
	Name string
	// Own are the records of the name, and Below those of all names below it, as they stand in a zone file behind owner and TTL.
	Own, Below []string
	// TTL is that of the records. It says nothing if the name passes.
	TTL uint32
	// Passes says that the name and those below it pass although a name above is hidden.
	Passes bool
}

// LeftOut counts the lookalikes that do not fit into a zone.
type LeftOut struct {
	Count int
	Last  string
}

// Each calls visit with every rule of a zone, whose name is given: exceptions first, then those of each protected suffix. The same policies
// make the same rules in the same order. The rule is valid during the call only. Each returns the first error of visit, or an error for an
// exception that does not fit: to omit it would block legitimate mail.
func (p *Plan) Each(zone string, visit func(*Rule) error) (LeftOut, error) {
	var left LeftOut
	var out Rule
	var records records
	err := p.each(func(name string, r rule) error {
		switch {
		case fits(name, zone):
		case r.passes:
			return fmt.Errorf("the exception for %s does not fit into the zone %s; expected a zone with a shorter name", name, zone)
		default:
			left = LeftOut{left.Count + 1, name}
			return nil
		}
		out = Rule{Name: name, Passes: r.passes}
		if r.blocks() {
			out.TTL = r.policy.TTL
		}
		records.set(name, r, p.isAbove)
		out.Own, out.Below = records.own, records.below
		return visit(&out)
	})
	return left, err
}

// fits reports whether a name can have rows in a zone, given with the final dot: the wildcard below it, in the zone, must be a domain name
// (RFC 1035 section 2.3.4), and its last label must not mark another kind of trigger, such as rpz-ip.
func fits(name, zone string) bool {
	return len("*.")+len(name)+len(".")+len(strings.TrimSuffix(zone, ".")) <= maxName && !strings.HasPrefix(topLevel(name), "rpz-")
}
