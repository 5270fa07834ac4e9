package review

import (
	"slices"
	"unicode"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// operation is what happened to a part of a name when it was mistyped.
type operation string

// The operations. Each but the first is one edit, except for alike, which is none: distance 0 is what looks the same.
const (
	kept    operation = "kept"
	missing operation = "missing"
	extra   operation = "extra"
	changed operation = "changed"
	swapped operation = "swapped"
	alike   operation = "alike"
)

// edit is a part of a lookalike, and the part of the intended name that stands for it: one character of each if it is
// kept or changed, two if they are swapped, none of one side if it is missing or extra, and any number if they look alike.
type edit struct {
	Op         operation
	Has, Meant []rune
}

// align returns how a lookalike was made of the intended name, from left to right. Homoglyphs are taken by what they look
// like; everything else by the fewest edits (optimal string alignment).
func align(has, meant []rune, homoglyph bool) []edit {
	if homoglyph {
		if edits, ok := alignLooks(has, meant); ok {
			return edits
		}
	}
	costs := costsOf(has, meant)
	var edits []edit
	for i, j := len(has), len(meant); i > 0 || j > 0; {
		e := lastEdit(costs, has[:i], meant[:j])
		edits = append(edits, e)
		i, j = i-len(e.Has), j-len(e.Meant)
	}
	slices.Reverse(edits)
	return edits
}

// costsOf returns the distances of all beginnings of has to all of meant.
func costsOf(has, meant []rune) [][]int {
	costs := make([][]int, len(has)+1)
	for i := range costs {
		costs[i] = make([]int, len(meant)+1)
		for j := range costs[i] {
			switch {
			case i == 0:
				costs[i][j] = j
				continue
			case j == 0:
				costs[i][j] = i
				continue
			}
			cost := costs[i-1][j-1]
			if has[i-1] != meant[j-1] {
				cost++
			}
			cost = min(cost, costs[i-1][j]+1, costs[i][j-1]+1)
			if isSwapped(has[:i], meant[:j]) {
				cost = min(cost, costs[i-2][j-2]+1)
			}
			costs[i][j] = cost
		}
	}
	return costs
}

// isSwapped reports whether the last two characters of both are the same two, the other way round.
func isSwapped(has, meant []rune) bool {
	i, j := len(has), len(meant)
	return i > 1 && j > 1 && has[i-1] == meant[j-2] && has[i-2] == meant[j-1]
}

// lastEdit returns the edit at the end of two beginnings, which costs tells is one of the cheapest.
func lastEdit(costs [][]int, has, meant []rune) edit {
	i, j := len(has), len(meant)
	cost := costs[i][j]
	switch {
	case i > 0 && j > 0 && has[i-1] == meant[j-1] && cost == costs[i-1][j-1]:
		return edit{kept, has[i-1:], meant[j-1:]}
	case isSwapped(has, meant) && cost == costs[i-2][j-2]+1:
		return edit{swapped, has[i-2:], meant[j-2:]}
	case i > 0 && j > 0 && cost == costs[i-1][j-1]+1:
		return edit{changed, has[i-1:], meant[j-1:]}
	case i > 0 && cost == costs[i-1][j]+1:
		return edit{extra, has[i-1:], nil}
	}
	return edit{missing, nil, meant[j-1:]}
}

// alignLooks cuts two names of the same skeleton into the shortest parts that look alike. It reports false if they have
// different ones.
func alignLooks(has, meant []rune) ([]edit, bool) {
	var edits []edit
	for len(has) > 0 || len(meant) > 0 {
		e, ok := firstAlike(has, meant)
		if !ok {
			return nil, false
		}
		edits = append(edits, e)
		has, meant = has[len(e.Has):], meant[len(e.Meant):]
	}
	return edits, true
}

// firstAlike returns the shortest beginnings that look alike.
func firstAlike(has, meant []rune) (edit, bool) {
	var hasLooks, meantLooks []rune
	i, j := 0, 0
	for i == 0 || j == 0 || len(hasLooks) != len(meantLooks) {
		switch {
		case len(hasLooks) <= len(meantLooks) && i < len(has):
			hasLooks = append(hasLooks, looksOf(has[i])...)
			i++
		case j < len(meant):
			meantLooks = append(meantLooks, looksOf(meant[j])...)
			j++
		default:
			return edit{}, false
		}
	}
	if !slices.Equal(hasLooks, meantLooks) {
		return edit{}, false
	}
	e := edit{alike, has[:i], meant[:j]}
	if slices.Equal(e.Has, e.Meant) {
		e.Op = kept
	}
	return e, true
}

// looksOf returns the skeleton of a character.
func looksOf(r rune) []rune {
	if r >= raw {
		return []rune{r}
	}
	r = unicode.ToLower(r)
	if looks := skeleton.Of(r); looks != "" {
		return []rune(looks)
	}
	return []rune{r}
}
