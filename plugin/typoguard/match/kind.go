package match

import (
	"fmt"
	"strings"
)

// Kind says how a lookalike differs from the protected suffix, seen from the person who mistyped it.
type Kind uint8

// The kinds of difference. Up to Transposition they are exactly one edit; Moved, Transliteration, Doubled, Appended and Boundary
// count as one, and TLD counts as two.
const (
	Omission        Kind = iota // a character is missing: army.ml for army.mil
	Addition                    // a character too many: army.miil
	Substitution                // another character: army.mel
	Adjacent                    // the character of a neighbouring key: army.mul, if a keyboard was given
	Transposition               // two neighbours swapped: army.iml
	Moved                       // a character two or more places away: midefn.nl for mindef.nl
	Transliteration             // letters written as others: muellerwerk.de for müllerwerk.de
	Doubled                     // the public suffix, or the label before it, twice: army.mil.mil, mindefmindef.nl
	Appended                    // a public suffix too many: army.mil.com
	Boundary                    // the dot before the protected domain is missing: mailmindef.nl for mail.mindef.nl
	Homoglyph                   // other characters that look the same: arrny.mi1, or army.mil with a Cyrillic a
	Multiple                    // two edits: amry.ml
	Suffix                      // two edits, at least one of them in the public suffix: mindef.de, although the distance is 1
	TLD                         // another public suffix: mindef.com
	kindCount
)

var kindNames = [kindCount]string{
	"omission", "addition", "substitution", "adjacent", "transposition", "moved", "transliteration", "doubled", "appended", "boundary", "homoglyph",
	"multiple", "suffix", "tld",
}

// String returns the lower-case name of k, as used in the Corefile, in metrics and in answers.
func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind called s. The error names all kinds there are.
func ParseKind(s string) (Kind, error) {
	for k, name := range kindNames {
		if s == name {
			return Kind(k), nil
		}
	}
	last := len(kindNames) - 1
	return 0, fmt.Errorf("unknown kind %q; expected %s or %s", s, strings.Join(kindNames[:last], ", "), kindNames[last])
}

// Kinds is a set of kinds.
type Kinds uint16

const (
	// AllKinds holds every kind.
	AllKinds Kinds = 1<<kindCount - 1
	// DefaultKinds holds the kinds that count unless a policy says otherwise.
	DefaultKinds Kinds = AllKinds &^ (1<<Suffix | 1<<Appended | 1<<Boundary | 1<<TLD)
)

// With returns the set with k added.
func (s Kinds) With(k Kind) Kinds { return s | 1<<k }

// Without returns the set with k removed.
func (s Kinds) Without(k Kind) Kinds { return s &^ (1 << k) }

// Has reports whether k is in the set.
func (s Kinds) Has(k Kind) bool { return s&(1<<k) != 0 }

// List returns the kinds of the set, in the order of their declaration.
func (s Kinds) List() []Kind {
	var kinds []Kind
	for k := range kindCount {
		if s.Has(k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}
