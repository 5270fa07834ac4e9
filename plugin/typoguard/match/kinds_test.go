package match_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// TestOnlyTheKindsOfAnEntry: an entry finds lookalikes of its own kinds, and no others.
func TestOnlyTheKindsOfAnEntry(t *testing.T) {
	lookalikes := map[match.Kind]string{
		match.Omission:        "moedef.ml",
		match.Addition:        "moedef.miil",
		match.Substitution:    "moedef.mcl",
		match.Adjacent:        "moedef.mul",
		match.Transposition:   "moedef.iml",
		match.Moved:           "mdoeef.mil",
		match.Transliteration: "xn--mdef-gra.mil",
		match.Doubled:         "moedefmoedef.mil",
		match.Appended:        "moedef.mil.com",
		match.Boundary:        "mailmoedef.mil",
		match.Homoglyph:       "rnoedef.mil",
		match.Multiple:        "omedfe.mil",
		match.Suffix:          "moedef.ol",
		match.TLD:             "moedef.army",
	}
	isTwoEdits := map[match.Kind]bool{match.Moved: true, match.Transliteration: true, match.Homoglyph: true, match.Suffix: true}
	for _, only := range match.AllKinds.List() {
		t.Run(only.String(), func(t *testing.T) {
			entry := match.Entry{Suffix: "moedef.mil", Distance: 2, Kinds: match.Kinds(0).With(only), Keyboard: match.QWERTY}
			index, err := match.Compile([]match.Entry{entry}, nil, match.Homoglyphs(skeleton.Of))
			require.NoError(t, err)
			var buffer match.Buffer
			for kind, name := range lookalikes {
				want := ""
				switch {
				case kind == only:
					want = "moedef.mil " + only.String()
				case only == match.TLD && name == "moedef.ml":
					want = "moedef.mil tld"
				case only == match.Multiple && isTwoEdits[kind]:
					want = "moedef.mil multiple"
				}
				got := ""
				for _, m := range index.Lookup(name, &buffer).Matches {
					got += m.Suffix + " " + m.Kind.String()
				}
				assert.Equal(t, want, got, name)
			}
		})
	}
}
