package watch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/tlds"
)

const (
	// MaxSuffixes is how many protected suffixes of a policy are watched at most, and maxOfSuffix how many neighbours of each.
	MaxSuffixes = 1000
	maxOfSuffix = 200
	// MaxNames is how many neighbours are watched at most: those that people type most.
	MaxNames = 20_000
)

// Name is a name to watch.
type Name struct {
	event.Lookalike
	Name string // without the final dot

	rank int
}

// Neighbours returns the names that are one edit away from protected suffixes and can be registered. The function
// judge says what a name looks like, and reports false for names that are not hidden. Public suffixes have no neighbours: what is
// registered under another top-level domain is no news.
func Neighbours(suffixes []string, judge func(name string) (event.Lookalike, bool)) []Name {
	suffixes = suffixes[:min(len(suffixes), MaxSuffixes)]
	share := min(maxOfSuffix, MaxNames/max(1, len(suffixes)))
	var all []Name
	done, seen := map[string]bool{}, map[string]bool{} // registered domains, and names
	tops := map[string][]string{}
	for _, suffix := range suffixes {
		own := match.Registered(suffix)
		if own == "" || done[own] {
			continue
		}
		done[own] = true
		var near []Name
		for _, name := range edits(own, tops) {
			if seen[name] {
				continue
			}
			seen[name] = true
			if l, ok := judge(name); ok {
				near = append(near, Name{l, name, rank(name, own, l.Kind)})
			}
		}
		byRank(near)
		all = append(all, near[:min(len(near), share)]...)
	}
	return all
}

// Likeliest returns the names in the order of how likely it is that they are typed, and only as many as can be watched.
func Likeliest(names []Name) []Name {
	byRank(names)
	return names[:min(len(names), MaxNames)]
}

func byRank(names []Name) {
	slices.SortStableFunc(names, func(a, b Name) int { return cmp.Compare(a.rank, b.rank) })
}

// rank says how likely a typo is: the more likely, the lower. These are typos found in collections by the registered domains of others
// that such an edit leads to.
func rank(name, own, kind string) int {
	label, _, _ := strings.Cut(name, ".")
	ownLabel, _, _ := strings.Cut(own, ".")
	order := []string{"suffix", "transposition", "omission", "double", "adjacent", "addition"}
	switch {
	case label == ownLabel:
		kind = "suffix"
	case kind == match.Addition.String() && isDouble(label, ownLabel):
		kind = "double"
	}
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// isDouble reports whether a label is another one with a letter twice.
func isDouble(label, other string) bool {
	for i := range other {
		if label == other[:i]+other[i:i+1]+other[i:] {
			return true
		}
	}
	return false
}

// edits returns the names one edit away from a registered domain whose top-level domains are delegated, in the registrable label or in
// the top-level domain. Those of the latter are kept in tops.
func edits(own string, tops map[string][]string) []string {
	label, public, _ := strings.Cut(own, ".")
	var all []string
	for _, other := range labelEdits(label) {
		all = append(all, other+"."+public)
	}
	last := strings.LastIndexByte(own, '.') + 1
	near, ok := tops[own[last:]]
	if !ok {
		near = slices.DeleteFunc(tlds.All(), func(top string) bool { return !isOneEdit(top, own[last:]) })
		tops[own[last:]] = near
	}
	for _, top := range near {
		all = append(all, own[:last]+top)
	}
	return all
}

// labelEdits returns the labels one edit away from another one. A-labels have none: an edit of one is hardly ever a valid label.
func labelEdits(label string) []string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	var all []string
	if strings.HasPrefix(label, "xn--") {
		return nil
	}
	add := func(parts ...string) {
		if other := strings.Join(parts, ""); other != "" && other != label && other[0] != '-' && other[len(other)-1] != '-' {
			all = append(all, other)
		}
	}
	for i := range len(label) + 1 {
		for _, c := range letters {
			add(label[:i], string(c), label[i:])
		}
		if i == len(label) {
			break
		}
		add(label[:i], label[i+1:])
		for _, c := range letters {
			add(label[:i], string(c), label[i+1:])
		}
		if i > 0 {
			add(label[:i-1], label[i:i+1], label[i-1:i], label[i+1:])
		}
	}
	return all
}

// isOneEdit reports whether two top-level domains are one edit apart.
func isOneEdit(top, other string) bool {
	edits := 0
	for _, e := range match.Explain(top, other, match.Multiple) {
		if e.Op != match.Kept {
			edits++
		}
	}
	return edits == 1
}
