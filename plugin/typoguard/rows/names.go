package rows

import "github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"

// Neighbours calls visit with every host name under a delegated top-level domain that is one edit away from a suffix, until it returns
// false.
func Neighbours(suffix string, visit func(name string) bool) {
	newNeighbours([]rune(suffix), 1, tlds.Delegated).each(func(name []rune) bool {
		text := string(name)
		return text == suffix || !IsHostname(text) || visit(text)
	})
}
