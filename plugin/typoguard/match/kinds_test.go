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
		match.Omission:      "army.ml",
		match.Addition:      "army.miil",
		match.Substitution:  "army.mcl",
		match.Adjacent:      "army.mul",
		match.Transposition: "army.iml",
		match.Homoglyph:     "arrny.mil",
		match.Multiple:      "amry.ml",
	}
	for _, only := range match.AllKinds.List() {
		t.Run(only.String(), func(t *testing.T) {
			entry := match.Entry{Suffix: "army.mil", Distance: 2, Kinds: match.Kinds(0).With(only), Keyboard: match.QWERTY}
			index, err := match.Compile([]match.Entry{entry}, nil, match.Homoglyphs(skeleton.Of))
			require.NoError(t, err)
			var buffer match.Buffer
			for kind, name := range lookalikes {
				want := ""
				switch {
				case kind == only:
					want = "army.mil " + only.String()
				case only == match.Multiple && kind == match.Homoglyph: // rn for m is also two edits
					want = "army.mil multiple"
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
