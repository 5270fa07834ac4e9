// Package popular has domains that many people use, with their ranks, and domains that are known to be typos of others.
//
// A policy passes a lookalike that is a popular domain, because mail to bing.com is no mistyped mail to ing.com. A name on a list
// that does not belong there would be a leak. The lists therefore hold exact names, and nothing approximate.
package popular

import (
	"cmp"
	"hash/fnv"
	"iter"
	"slices"
	"strings"
)

// List is a set of popular domains, in lower-case A-labels without the final dot. It never changes.
type List struct {
	text  string   // all names, in ascending order
	ends  []uint32 // of each name in the text
	ranks []uint32 // of each name; 0 is unranked
	above []string // see Above
}

// entry is a domain with its rank.
type entry struct {
	name string
	rank uint32
}

// newList returns a list of domains. Of the ranks of a repeated domain, the best one counts.
func newList(entries []entry) *List {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.rank-1, b.rank-1)) // unranked is last, because 0-1 is the highest
	})
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.name == b.name })
	length := 0
	for _, e := range entries {
		length += len(e.name)
	}
	var text strings.Builder
	text.Grow(length)
	l := &List{ends: make([]uint32, 0, len(entries)), ranks: make([]uint32, 0, len(entries))}
	for _, e := range entries {
		text.WriteString(e.name)
		l.ends, l.ranks = append(l.ends, uint32(text.Len())), append(l.ranks, e.rank)
	}
	l.text = text.String()
	l.above = l.namesAbove()
	return l
}

// Above returns the names above the domains, each once.
func (l *List) Above() []string { return l.above }

func (l *List) namesAbove() []string {
	var all []string
	known := map[string]struct{}{}
	for i := range l.ends {
		_, name, _ := strings.Cut(l.name(i), ".")
		for name != "" {
			if _, ok := known[name]; ok {
				break // and so are those above it
			}
			known[name] = struct{}{}
			all = append(all, name)
			_, name, _ = strings.Cut(name, ".")
		}
	}
	return all
}

// Len returns the number of domains.
func (l *List) Len() int { return len(l.ends) }

// Sum returns a number that is the same for lists of the same domains.
func (l *List) Sum() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.text)) // never fails
	return h.Sum64()
}

// name returns a domain of the list.
func (l *List) name(i int) string {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.text[start:l.ends[i]]
}

// Rank returns the rank of a domain, from 1 on, or 0 if it is unranked. It reports false if the list does not have exactly this
// domain.
func (l *List) Rank(name string) (rank int, ok bool) {
	low, high := 0, len(l.ends)
	if strings.IndexByte(name, '.') < 0 {
		high = 0 // no top-level domain is on a list
	}
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch c := strings.Compare(l.name(middle), name); {
		case c == 0:
			return int(l.ranks[middle]), true
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false
}

// All returns the domains with their ranks, in alphabetical order.
func (l *List) All() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for i := range l.ends {
			if !yield(l.name(i), int(l.ranks[i])) {
				return
			}
		}
	}
}
