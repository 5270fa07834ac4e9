package rpz

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// The actions of response policy zones (draft-vixie-dnsop-dns-rpz-00 section 3), as records without owner, TTL and class.
const (
	passthru = "CNAME rpz-passthru." //nolint:gosec // no credentials
	nxdomain = "CNAME ."
	nodata   = "CNAME *."
	// nullMX is local data, which hides what there is of other types.
	nullMX = "MX 0 ." // RFC 7505 section 3
)

// recordsOf returns the records that make servers do for a name what a rule says, without owner and TTL.
//
// With the action sinkhole the mail server is told the lookalike itself as its mail host, as by our server; for names
// below it that is still the lookalike, since a wildcard's data cannot vary. Without an MX record it would go on to the
// addresses all the same, but for maddy, which looks no further (RFC 5321 section 5.1 says it should).
func recordsOf(name string, r rule) []string {
	if r.passes {
		return []string{passthru}
	}
	switch r.policy.Action {
	case policy.NXDOMAIN:
		return []string{nxdomain}
	case policy.NODATA:
		return []string{nodata}
	case policy.NullMX:
		return []string{nullMX}
	case policy.Sinkhole:
	}
	records := []string{"MX 10 " + name + "."}
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

// limitsOf returns what a policy, with its suffixes, says that its rows cannot, a sentence for each.
func limitsOf(p *policy.Policy, suffixes policy.Suffixes) []string {
	var limits []string
	if len(p.Clients.Networks) > 0 {
		limits = append(limits, fmt.Sprintf("clients: rows are for every client of the server that loads the zone, not only for %s", join(p.Clients.Networks)))
	}
	if len(p.Clients.Labels) > 0 {
		limits = append(limits, fmt.Sprintf("clients: metadata cannot be expressed: %s", join(p.Clients.Labels)))
	}
	if p.Require != nil {
		limits = append(limits, "require counterpart: rows hide names whether what they resemble exists or not")
	}
	if names := p.Inspect.Names(); len(names) > 0 {
		limits = append(limits, fmt.Sprintf("inspect: rows are about the name that is asked for, not about the targets of %s records", strings.Join(names, ", ")))
	}
	if expires(p, suffixes) {
		limits = append(limits, "until: what ends does so when the zone is written again, not before")
	}
	switch {
	case p.Action == policy.NullMX && len(p.Types) == 0:
		limits = append(limits, "action nullmx: queries of other types than MX, which pass here, get NODATA, A and AAAA among them")
	case p.Action == policy.NullMX:
		limits = append(limits, fmt.Sprintf("types: queries of other types than %s, which pass here, get NODATA", policy.TypeNames(p.Types)))
	case len(p.Types) > 0:
		limits = append(limits, fmt.Sprintf("types: queries of other types than %s, which pass here, are answered as these are", policy.TypeNames(p.Types)))
	}
	return limits
}

// expires reports whether a suffix of a policy, or its dry run, has an end.
func expires(p *policy.Policy, suffixes policy.Suffixes) bool {
	ends := func(s suffixlist.Suffix) bool { return !s.Until.IsZero() }
	return !p.MonitorUntil.IsZero() || slices.ContainsFunc(suffixes.Protected, ends) || slices.ContainsFunc(suffixes.Allowed, ends)
}

// join writes values as they stand in a Corefile.
func join[T fmt.Stringer](values []T) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, v.String())
	}
	return strings.Join(texts, " ")
}
