// Package typos makes typing errors in domain suffixes, as people make them: for measuring recall, and for load.
package typos

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Slip mistypes a suffix once, somewhere. It returns the suffix as it is if it has no place for such a slip.
type Slip func(random *rand.Rand, suffix string) string

// Kind is a kind of typing error.
type Kind struct {
	// Name is what tables call it.
	Name string
	// Make makes one.
	Make Slip
	// Edits is how far apart the engine is to find what was meant.
	Edits int
}

// Kinds are all the kinds that recall is measured for.
var Kinds = []Kind{
	{"omission", omission, 1},
	{"transposition", transposition, 1},
	{"substitution", substitution, 1},
	{"addition", addition, 1},
	{"mix of these, 34 : 12 : 30 : 24", Common, 1},
	{"missing dot", missingDot, 1},
	{"two edits", twoSlips, 2},
}

// omission forgets a character, but no dot: that is missingDot.
func omission(random *rand.Rand, suffix string) string {
	for {
		if i := random.IntN(len(suffix)); suffix[i] != '.' {
			return suffix[:i] + suffix[i+1:]
		}
	}
}

// missingDot forgets a dot.
func missingDot(random *rand.Rand, suffix string) string {
	labels := strings.Split(suffix, ".")
	if len(labels) == 1 {
		return suffix
	}
	i := 1 + random.IntN(len(labels)-1)
	return strings.Join(labels[:i], ".") + strings.Join(labels[i:], ".")
}

// transposition swaps two neighbours.
func transposition(random *rand.Rand, suffix string) string {
	i := random.IntN(len(suffix) - 1)
	return suffix[:i] + suffix[i+1:i+2] + suffix[i:i+1] + suffix[i+2:]
}

// How often what happens, in a hundred times, in 426 mistyped domains of mail addresses that are one edit away from what was meant: those
// of the 478 that docs/lookalikes.md is about.
const (
	omitted     = 34
	swapped     = 12
	substituted = 30 // and the rest are additions

	besideMeant = 68 // of the substitutions hit a key beside the one meant
	hitTwice    = 35 // of the additions are the same key
	besideExtra = 22 // and a key beside it
)

// substitution hits another key.
func substitution(random *rand.Rand, suffix string) string {
	i := random.IntN(len(suffix))
	keys := anyKey
	if random.IntN(100) < besideMeant {
		keys = keysBeside(suffix[i])
	}
	return suffix[:i] + otherKey(random, keys, suffix[i]) + suffix[i+1:]
}

// addition hits a key twice, or another one before it or after it.
func addition(random *rand.Rand, suffix string) string {
	i := random.IntN(len(suffix))
	extra := suffix[i : i+1]
	switch p := random.IntN(100); {
	case p < hitTwice:
	case p < hitTwice+besideExtra:
		extra = otherKey(random, keysBeside(suffix[i]), suffix[i])
	default:
		extra = otherKey(random, anyKey, suffix[i])
	}
	i += random.IntN(2)
	return suffix[:i] + extra + suffix[i:]
}

// Common is one of the kinds, in the mix that people make.
func Common(random *rand.Rand, suffix string) string {
	switch p := random.IntN(100); {
	case p < omitted:
		return omission(random, suffix)
	case p < omitted+swapped:
		return transposition(random, suffix)
	case p < omitted+swapped+substituted:
		return substitution(random, suffix)
	}
	return addition(random, suffix)
}

// CommonDomain is Common, of what is a domain still: a dot that is hit twice leaves an empty label, for which nobody can ask.
func CommonDomain(random *rand.Rand, suffix string) string {
	for {
		if name := Common(random, suffix); !slices.Contains(strings.Split(name, "."), "") {
			return name
		}
	}
}

// twoSlips makes two errors of any kind but a missing dot, which may touch each other or cancel out.
func twoSlips(random *rand.Rand, suffix string) string {
	kinds := []Slip{omission, transposition, substitution, addition}
	for range 2 {
		suffix = kinds[random.IntN(len(kinds))](random, suffix)
	}
	return suffix
}

// keyboard is QWERTY, row by row, each half a key further to the right than the one above. Keys that no host name has
// are spaces.
var keyboard = [...]string{"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm ."}

// anyKey is what may be hit instead of a key by somebody who does not aim.
const anyKey = "abcdefghijklmnopqrstuvwxyz0123456789-"

// otherKey returns one of some keys, but not the one meant.
func otherKey(random *rand.Rand, keys string, meant byte) string {
	for {
		if i := random.IntN(len(keys)); keys[i] != meant {
			return keys[i : i+1]
		}
	}
}

// keysBeside returns the keys that touch a key, and any for one that is not on the keyboard.
func keysBeside(key byte) string {
	for r, row := range keyboard {
		c := strings.IndexByte(row, key)
		if c < 0 {
			continue
		}
		var beside strings.Builder
		for _, at := range [][2]int{{r - 1, c}, {r - 1, c + 1}, {r, c - 1}, {r, c + 1}, {r + 1, c - 1}, {r + 1, c}} {
			if r, c := at[0], at[1]; r >= 0 && r < len(keyboard) && c >= 0 && c < len(keyboard[r]) && keyboard[r][c] != ' ' {
				beside.WriteByte(keyboard[r][c])
			}
		}
		return beside.String()
	}
	return anyKey
}
