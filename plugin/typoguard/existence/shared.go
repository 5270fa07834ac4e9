package existence

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed shared.txt
var sharedList string

// shared returns the registered domains of providers' hosts in ascending order, and the beginnings of others. A list like this is never
// complete, which is why hosts at the same provider are no proof even if it lacks that provider: they must be the very same hosts.
var shared = sync.OnceValues(func() (domains, beginnings []string) {
	for line := range strings.Lines(sharedList) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if beginning, ok := strings.CutSuffix(word, "*"); ok {
				beginnings = append(beginnings, beginning)
			} else {
				domains = append(domains, word)
			}
		}
	}
	slices.Sort(domains)
	return domains, beginnings
})

// isShared reports whether anybody can have hosts in a registered domain. A host that is not in any is taken to be shared.
func isShared(domain string) bool {
	domains, beginnings := shared()
	if _, ok := slices.BinarySearch(domains, domain); ok || domain == "" {
		return true
	}
	return slices.ContainsFunc(beginnings, func(beginning string) bool { return strings.HasPrefix(domain, beginning) })
}
