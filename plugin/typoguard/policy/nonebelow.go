package policy

import (
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// HidesNoneBelow reports whether it is certain that no policy hides a name below one about which a decision was made, whoever asks. It looks
// only at the last labels of names, and gives up where they say little.
func (s *Set) HidesNoneBelow(name string, d *Decision) bool {
	switch {
	case d.Verdict == Protected:
		return true
	case d.Verdict == Allowed:
		return s.denying == nil
	case d.Reason != NoMatch:
		return false
	}
	// With one edit, a name keeps the last label of the protected suffix, or differs from it by one edit, or by a dot within.
	anyLabel := func(p *Policy) bool {
		return p.Distance > 1 || p.Kinds.Has(match.Suffix) || p.Kinds.Has(match.Appended) || p.Kinds.Has(match.TLD)
	}
	if slices.ContainsFunc(s.Policies, anyLabel) {
		return false
	}
	top := topOf(strings.ToLower(strings.TrimSuffix(name, ".")))
	return !slices.ContainsFunc(s.tops, func(other string) bool { return mayBeMistyped(top, other) })
}

// topOf returns the last label of a name without the final dot.
func topOf(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// mayBeMistyped reports whether a last label may be what one edit of a name makes of another. It is true too often rather than not often enough.
func mayBeMistyped(top, other string) bool {
	const alabel = "xn--"
	return strings.HasSuffix(top, other) || strings.HasSuffix(other, top) ||
		strings.HasPrefix(top, alabel) || strings.HasPrefix(other, alabel) || strings.ContainsRune(top, '\\') ||
		differingLetters(top, other) <= 2 || lookOf(top) == lookOf(other)
}

// differingLetters returns how many letters only one of two texts has, whatever their order. One edit makes two differ at most.
func differingLetters(a, b string) int {
	var counts [256]int
	for i := range len(a) {
		counts[a[i]]++
	}
	for i := range len(b) {
		counts[b[i]]--
	}
	sum := 0
	for _, count := range counts {
		sum += max(count, -count)
	}
	return sum
}

// lookOf returns what a text looks like.
func lookOf(text string) string {
	var look strings.Builder
	for _, r := range text {
		if like := skeleton.Of(r); like != "" {
			look.WriteString(like)
		} else {
			look.WriteRune(r)
		}
	}
	return look.String()
}
