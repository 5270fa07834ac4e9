//go:build corpus

package corpus_test

import "strings"

// nearest returns the smallest distance between a protected suffix and those suffixes of a name that have at most one
// label less or more. It is the definition, written down without regard to speed, to tell what the engine missed from
// what it is not to find.
func nearest(name, suffix string) int {
	want := strings.Count(suffix, ".")
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	best := len(name) + len(suffix)
	for i := range labels {
		if have := len(labels) - i - 1; have >= want-1 && have <= want+1 {
			best = min(best, alignment(strings.Join(labels[i:], "."), suffix))
		}
	}
	return best
}

// alignment returns the optimal string alignment distance of two ASCII strings. No character is edited twice: an
// insertion between two that were swapped makes three edits of it.
func alignment(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j], d[i][j-1], d[i-1][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
