package main

import (
	"math/rand/v2"
	"slices"
	"strings"
)

const consonants, vowels = "bdfghklmnprstv", "aeiou"

var topLevels = []string{"mil", "nl", "de", "net", "be"}

// words returns different domains such as banike.mil, of three to five syllables. They are the same in every run.
func words(count int) []string {
	random := rand.New(rand.NewPCG(1, 1))
	seen := make(map[string]struct{}, count)
	var domains []string
	for len(domains) < count {
		var b strings.Builder
		for range 3 + random.IntN(3) {
			b.WriteByte(consonants[random.IntN(len(consonants))])
			b.WriteByte(vowels[random.IntN(len(vowels))])
		}
		b.WriteString("." + topLevels[random.IntN(len(topLevels))])
		if _, ok := seen[b.String()]; !ok {
			seen[b.String()] = struct{}{}
			domains = append(domains, b.String())
		}
	}
	return domains
}

// lookalikes returns all names within one edit of any of the domains, in alphabetic order. What equals or lies under a
// protected domain is none. Nor does one lie above a protected domain, which the wildcard would hide, since those have
// two labels, and no edit leaves a whole one.
func lookalikes(protected []string) []string {
	listed := make(map[string]struct{}, len(protected))
	for _, d := range protected {
		listed[d] = struct{}{}
	}
	var names []string
	for _, d := range protected {
		for _, name := range edits(d) {
			if !isUnder(name, listed) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isUnder reports whether a name equals or lies under any of the domains.
func isUnder(name string, domains map[string]struct{}) bool {
	for more := true; more; _, name, more = strings.Cut(name, ".") {
		if _, ok := domains[name]; ok {
			return true
		}
	}
	return false
}

// edits returns the host names that one edit makes of a domain: a character missing, added or replaced, or two neighbours
// swapped. A dot is a character like any other. Some are returned more than once, and so is the domain itself.
func edits(domain string) []string {
	var names []string
	add := func(name string) {
		if isHostname(name) {
			names = append(names, name)
		}
	}
	for i := range len(domain) {
		before, after := domain[:i], domain[i+1:]
		add(before + after)
		for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789-." {
			add(before + string(c) + after)
			add(before + string(c) + domain[i:])
			add(domain[:i+1] + string(c) + after)
		}
		if after != "" {
			add(before + after[:1] + domain[i:i+1] + after[1:])
		}
	}
	return names
}

// isHostname reports whether a name of lower-case letters, digits, hyphens and dots can be one of a host (RFC 1123
// section 2.1).
func isHostname(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(name) <= 253
}
