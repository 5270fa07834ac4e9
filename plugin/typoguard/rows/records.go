package rows

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// The actions of response policy zones (draft-vixie-dnsop-dns-rpz-00 section 3), as records without owner, TTL and class.
const (
	passthru = "CNAME rpz-passthru." //nolint:gosec // no credentials
	nxdomain = "CNAME ."
	nodata   = "CNAME *."
	// nullMX is local data, which hides records of other types.
	nullMX = "MX 0 ." // RFC 7505 section 3
)

// records are those that express a rule, without owner and TTL: those of a name, and those of all names below it. They are used for one rule
// after the other.
type records struct{ own, below []string }

// set makes the records those of a rule. Of a name above a listed suffix the zone must not say that nothing is below it (RFC 8020), as our
// server does not.
func (all *records) set(name string, r rule, isAbove func(name string) bool) {
	all.below = appendBelow(all.below[:0], name, r)
	switch {
	case r.except:
		all.own = append(all.own[:0], passthru)
	case r.blocks() && r.policy.Action == policy.NXDOMAIN && isAbove(name):
		all.own = append(all.own[:0], nodata)
	default:
		all.own = append(all.own[:0], all.below...)
	}
}

// appendBelow appends the records of all names below a name.
//
// With the action sinkhole, the mail host is the lookalike itself, as on our server. For names below it the mail host is still the
// lookalike, because the data of a wildcard cannot vary. Without an MX record most mail servers would use the addresses anyway, as
// RFC 5321 section 5.1 says, but maddy would not.
func appendBelow(records []string, name string, r rule) []string {
	if r.passes {
		return append(records, passthru)
	}
	switch r.policy.Action {
	case policy.NXDOMAIN:
		return append(records, nxdomain)
	case policy.NODATA:
		return append(records, nodata)
	case policy.NullMX:
		return append(records, nullMX)
	case policy.Sinkhole:
	}
	records = append(records, "MX 10 "+name+".")
	for _, addr := range r.policy.Sinkhole {
		records = append(records, addressRecord(addr))
	}
	return records
}

func addressRecord(addr netip.Addr) string {
	if addr.Is4() {
		return "A " + addr.String()
	}
	return "AAAA " + addr.String()
}

// limitsOf returns a sentence for each thing that a policy says but rows cannot express.
func limitsOf(p *policy.Policy) []string {
	var limits []string
	if len(p.Clients.Networks) > 0 {
		limits = append(limits, fmt.Sprintf("clients: rows apply to every client of the server that loads the zone, not only to %s", join(p.Clients.Networks)))
	}
	if len(p.Clients.Labels) > 0 {
		limits = append(limits, fmt.Sprintf("clients: rows cannot express metadata: %s", join(p.Clients.Labels)))
	}
	if p.Require != nil {
		limits = append(limits, "require counterpart: rows hide lookalikes whether or not the intended name exists")
	}
	if names := p.Inspect.Names(); len(names) > 0 {
		limits = append(limits, fmt.Sprintf("inspect: rows match the queried name, not the targets of %s records", strings.Join(names, ", ")))
	}
	if p.Kinds.Has(match.Appended) {
		limits = append(limits, "kinds appended: no rows but those of denied names, because any public suffix can be behind a protected domain")
	}
	if p.Kinds.Has(match.TLD) {
		limits = append(limits, "kinds tld: no rows but those of denied names, because rows cannot ask whether the same organisation operates the domain")
	}
	switch {
	case p.Action == policy.NullMX && len(p.Types) == 0:
		limits = append(limits, "action nullmx: queries for types other than MX get NODATA, even those that this server passes, such as A and AAAA")
	case p.Action == policy.NullMX:
		limits = append(limits, fmt.Sprintf("types: queries for types other than %s get NODATA, even those that this server passes", policy.TypeNames(p.Types)))
	case len(p.Types) > 0:
		limits = append(limits, fmt.Sprintf("types: queries for types other than %s get the same answer, even those that this server passes", policy.TypeNames(p.Types)))
	}
	return limits
}

// expires reports whether a suffix of a policy, or its trial, expires.
func expires(p *policy.Policy, suffixes policy.Suffixes) bool {
	ends := func(s suffixlist.Suffix) bool { return !s.Until.IsZero() }
	return !p.MonitorUntil.IsZero() || suffixes.Protected.Any(ends) || suffixes.Allowed.Any(ends)
}

// join formats values as in a Corefile.
func join[T fmt.Stringer](values []T) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, v.String())
	}
	return strings.Join(texts, " ")
}
