package typoguard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// warnOfSiblings warns of protected hosts whose domain is neither protected nor allowed: other hosts of the same domain are hidden if they
// are near, although nobody else can register them.
func warnOfSiblings(b *block) []string {
	suffixes, set := b.suffixes(b.now()), b.set.Load()
	var all []string
	for i, c := range b.policies {
		if set.Sizes[i].Protected > maxCompared {
			continue
		}
		var hosts, domains []string
		var example string
		for _, host := range suffixes[i].Protected.Names() {
			domain, hidden := siblingOf(host, set, &c.Policy)
			if hidden == "" {
				continue
			}
			if hosts = append(hosts, host); example == "" {
				example = hidden
			}
			if !slices.Contains(domains, domain) {
				domains = append(domains, domain)
			}
		}
		if len(hosts) > 0 {
			all = append(all, fmt.Sprintf("policy %q: protect %s also hides hosts of the same domain that are near, such as %s; if nobody else has hosts there, allow or protect %s",
				c.Name, some(hosts), example, some(domains)))
		}
	}
	return all
}

// siblingOf returns the registered domain of a host, and a name beside the host that a policy hides. It returns "" if there is none:
// because the host is the domain itself, or because a name above it is listed.
func siblingOf(host string, set *policy.Set, p *policy.Policy) (domain, hidden string) {
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	label, above, ok := strings.Cut(host, ".")
	if err != nil || domain == host || !ok || set.IsListed(above) {
		return "", ""
	}
	label = strings.TrimRight(label, "0123456789")
	for digit := range 9 {
		name := fmt.Sprintf("%s%d.%s", label, digit+1, above)
		if d := set.Judge(&policy.Query{Name: name, Type: dns.TypeMX, Only: p}); d.Enforced() {
			return domain, name
		}
	}
	return "", ""
}
