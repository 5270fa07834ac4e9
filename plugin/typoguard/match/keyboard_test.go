package match_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// kindOnKeyboard returns the kind of replacing one letter by another in a protected suffix.
func kindOnKeyboard(t *testing.T, k match.Keyboard, right, typed string) match.Kind {
	t.Helper()
	entry := match.Entry{Suffix: "x" + right + "x.example", Distance: 1, Kinds: match.AllKinds, Keyboard: k}
	index, err := match.Compile([]match.Entry{entry}, nil)
	require.NoError(t, err)
	var buffer match.Buffer
	found := index.Lookup("x"+typed+"x.example", &buffer)
	require.Len(t, found.Matches, 1)
	return found.Matches[0].Kind
}

// TestAdjacent holds the neighbours of every letter on a QWERTY keyboard, read off one.
func TestAdjacent(t *testing.T) {
	neighbours := map[string]string{
		"q": "12wa", "w": "23qeas", "e": "34wrsd", "r": "45etdf", "t": "56ryfg", "y": "67tugh", "u": "78yihj", "i": "89uojk",
		"o": "90ipkl", "p": "0-ol", "a": "qwsz", "s": "weadzx", "d": "ersfxc", "f": "rtdgcv", "g": "tyfhvb", "h": "yugjbn",
		"j": "uihknm", "k": "iojlm", "l": "opk", "z": "asx", "x": "sdzc", "c": "dfxv", "v": "fgcb", "b": "ghvn", "n": "hjbm", "m": "jkn",
	}
	for right, near := range neighbours {
		for typed := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyz0123456789", "") {
			if typed == right {
				continue
			}
			want := match.Substitution
			if strings.Contains(near, typed) {
				want = match.Adjacent
			}
			assert.Equal(t, want, kindOnKeyboard(t, match.QWERTY, right, typed), right+typed)
			assert.Equal(t, match.Substitution, kindOnKeyboard(t, match.NoKeyboard, right, typed), right+typed)
		}
	}
}

// TestAdjacentElsewhere: keys are neighbours on one layout and not on another.
func TestAdjacentElsewhere(t *testing.T) {
	tests := []struct {
		keyboard     match.Keyboard
		right, typed string
		want         match.Kind
	}{
		{match.QWERTY, "y", "t", match.Adjacent},
		{match.QWERTZ, "y", "t", match.Substitution},
		{match.QWERTZ, "z", "t", match.Adjacent},
		{match.QWERTZ, "y", "x", match.Adjacent},
		{match.AZERTY, "a", "z", match.Adjacent},
		{match.QWERTY, "a", "z", match.Adjacent},
		{match.AZERTY, "a", "q", match.Adjacent},
		{match.AZERTY, "m", "l", match.Adjacent},
		{match.QWERTY, "m", "l", match.Substitution},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, kindOnKeyboard(t, tt.keyboard, tt.right, tt.typed), "%s %s%s", tt.keyboard, tt.right, tt.typed)
	}
}

func TestParseKeyboard(t *testing.T) {
	for _, k := range []match.Keyboard{match.QWERTY, match.QWERTZ, match.AZERTY} {
		parsed, err := match.ParseKeyboard(k.String())
		require.NoError(t, err)
		assert.Equal(t, k, parsed)
	}
	_, err := match.ParseKeyboard("dvorak")
	require.EqualError(t, err, `unknown keyboard "dvorak"; expected one of qwerty, qwertz, azerty`)
}
