package rows

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func anyTLD(string) bool { return true }

// osa is the optimal string alignment distance by its definition: the full table.
func osa(a, b []rune) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0:
				table[i][j] = j
			case j == 0:
				table[i][j] = i
			default:
				cost := 1
				if a[i-1] == b[j-1] {
					cost = 0
				}
				table[i][j] = min(table[i-1][j]+1, table[i][j-1]+1, table[i-1][j-1]+cost)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					table[i][j] = min(table[i][j], table[i-2][j-2]+1)
				}
			}
		}
	}
	return table[len(a)][len(b)]
}

// enumerate returns all names that an enumeration visits.
func enumerate(n *neighbours) []string {
	var names []string
	n.each(func(name []rune) bool {
		names = append(names, string(name))
		return true
	})
	return names
}

// words calls use with every string, once, of the characters and of at most a length.
func words(characters string, length int, use func(string)) {
	var extend func(beginning string, length int)
	extend = func(beginning string, length int) {
		use(beginning)
		if length == 0 {
			return
		}
		for _, c := range characters {
			extend(beginning+string(c), length-1)
		}
	}
	extend("", length)
}

// TestNeighboursAreAll: of all strings of some characters, the enumeration has those host names that the definition finds
// near, each once.
func TestNeighboursAreAll(t *testing.T) {
	for _, test := range []struct {
		text       string
		distance   int
		characters string
	}{
		{"ab.a", 1, "ab.-"}, {"ab.a", 2, "ab.-"}, {"aab", 2, "ab."}, {"a-b.c", 2, "abc.-"}, {"b.a.b", 2, "ab."},
		{"abc", 1, "abc."}, {"a", 2, "abc.-"}, {"é.a", 2, "aé.-"},
	} {
		t.Run(test.text, func(t *testing.T) {
			var expected, got []string
			words(test.characters, len([]rune(test.text))+test.distance, func(name string) {
				if IsHostname(strings.ReplaceAll(name, "é", "e")) && osa([]rune(name), []rune(test.text)) <= test.distance {
					expected = append(expected, name)
				}
			})
			n := newNeighbours([]rune(test.text), test.distance, anyTLD)
			for _, name := range enumerate(n) {
				assert.True(t, n.contains(name), name)
				if strings.Trim(name, test.characters) == "" {
					got = append(got, name)
				}
			}
			slices.Sort(expected)
			slices.Sort(got)
			assert.Equal(t, expected, got)
		})
	}
}

// TestNeighboursInOrder: a name comes behind the names above it, and the order is always the same.
func TestNeighboursInOrder(t *testing.T) {
	n := newNeighbours([]rune("army.mil"), 1, anyTLD)
	names := enumerate(n)
	assert.Equal(t, names, enumerate(n))
	at := map[string]int{}
	for i, name := range names {
		at[name] = i
	}
	for name, i := range at {
		if above, ok := at[parent(name)]; ok {
			assert.Less(t, above, i, name)
		}
	}
	assert.Contains(t, names, "army.mil", "the text itself is near")
}

func TestNeighboursUnderTopLevelDomains(t *testing.T) {
	var tops []string
	for _, name := range enumerate(newNeighbours([]rune("army.mil"), 2, isDelegated)) {
		tops = append(tops, topLevel(name))
	}
	slices.Sort(tops)
	tops = slices.Compact(tops)
	assert.Subset(t, tops, []string{"mil", "ml", "il", "mit", "ril", "li", "mg"})
	for _, top := range tops {
		assert.True(t, isDelegated(top), top)
	}
}

// TestNeighboursStop: the enumeration ends when its caller has enough.
func TestNeighboursStop(t *testing.T) {
	left := 3
	assert.False(t, newNeighbours([]rune("army.mil"), 2, anyTLD).each(func([]rune) bool {
		left--
		return left > 0
	}))
	assert.Zero(t, left)
}

// FuzzNeighbours: whether a name is near, by the definition, is what contains says, and whether it is enumerated.
func FuzzNeighbours(f *testing.F) {
	for _, seed := range [][2]string{{"army.mil", "army.ml"}, {"ca", "abc"}, {"a.b", "ab"}, {"ab.c", "ba.c"}, {"xn--a", "xn--b"}} {
		f.Add(seed[0], seed[1], true)
	}
	f.Fuzz(func(t *testing.T, text, name string, two bool) {
		text, name = strings.ToLower(text), strings.ToLower(name)
		if len(text) > 12 || len(name) > 16 || !IsHostname(text) || !IsHostname(name) {
			return // no host names of a length that can be enumerated often
		}
		distance := 1
		if two {
			distance = 2
		}
		near := osa([]rune(name), []rune(text)) <= distance
		n := newNeighbours([]rune(text), distance, func(top string) bool { return top == topLevel(name) })
		require.Equal(t, near, n.contains(name))
		require.Equal(t, near, slices.Contains(enumerate(n), name))
	})
}
