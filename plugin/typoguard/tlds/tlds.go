// Package tlds has the list of delegated top-level domains.
package tlds

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run ./generate

// list has a line of origin after '#', and then the domains, in A-labels and one a line.
//
//go:embed tlds.txt
var list string

// Origin says where the list is from, with version and date.
func Origin() string {
	origin, _, _ := strings.Cut(strings.TrimPrefix(list, "# "), "\n")
	return origin
}

// Delegated reports whether there is a top-level domain, given in lower case and as an A-label, by the list.
func Delegated(label string) bool {
	_, ok := delegated()[label]
	return ok
}

// All returns the top-level domains, in the order of the list.
func All() []string {
	var all []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// delegated are the domains of the list.
var delegated = sync.OnceValue(func() map[string]struct{} {
	domains := map[string]struct{}{}
	for _, name := range All() {
		domains[name] = struct{}{}
	}
	return domains
})
