package match_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestPrefixes: every entry has the usual prefixes and its own, and not those of another one.
func TestPrefixes(t *testing.T) {
	long := strings.Repeat("a", 56) // the longest before mindef
	boundary := match.Kinds(0).With(match.Boundary)
	index, err := match.Compile([]match.Entry{
		{Suffix: "mindef.nl", Distance: 1, Kinds: boundary, Prefixes: match.NewPrefixes("post", "3com", "mail-3", long)},
		{Suffix: "mindef.nl", Distance: 1, Kinds: boundary, Tag: 1},
		{Suffix: "army.mil", Distance: 1, Kinds: boundary, Prefixes: match.NewPrefixes("box", "pos"), Tag: 2},
		{Suffix: "navy.mil", Distance: 1, Kinds: match.DefaultKinds, Prefixes: match.NewPrefixes("post"), Tag: 3},
	}, nil)
	require.NoError(t, err)
	for query, want := range map[string]string{
		"postmindef.nl":           "{mindef.nl #0: 1 boundary at 0post}",
		"x.Post.postMINDEF.nl":    "{mindef.nl #0: 1 boundary at 7post}",
		"3commindef.nl":           "{mindef.nl #0: 1 boundary at 0" + "3com}",
		"mail-3mindef.nl":         "{mindef.nl #0: 1 boundary at 0mail-3}",
		long + "mindef.nl":        "{mindef.nl #0: 1 boundary at 0" + long + "}",
		"a." + long + "mindef.nl": "{mindef.nl #0: 1 boundary at 2" + long + "}",
		"mailmindef.nl":           "{mindef.nl #0: 1 boundary at 0mail} {mindef.nl #1: 1 boundary at 0mail}",
		"boxarmy.mil":             "{army.mil #2: 1 boundary at 0box}",
		"boxmindef.nl":            "",
		"postarmy.mil":            "",
		"postnavy.mil":            "",
		"mailnavy.mil":            "",
		"posmindef.nl":            "",
	} {
		var buffer match.Buffer
		assert.Equal(t, strings.TrimSpace(`0 "" `+want), strings.TrimSpace(describe(index.Lookup(query, &buffer))), query)
	}
}

// TestAllPrefixes: they are sorted, and each is there once; without any of its own, an entry has the usual ones.
func TestAllPrefixes(t *testing.T) {
	all := match.NewPrefixes("zulu", "mail", "1st", "zulu", "main").All()
	assert.Equal(t, slices.Sorted(slices.Values(append(match.UsualPrefixes(), "1st", "main", "zulu"))), all)
	assert.Equal(t, match.UsualPrefixes(), match.NewPrefixes().All())
	assert.Equal(t, match.UsualPrefixes(), (*match.Prefixes)(nil).All())
}

func TestParsePrefix(t *testing.T) {
	for in, want := range map[string]string{"post": "post", "Mail-3": "mail-3", "12": "12", "mx.": "mx", "x": "x"} {
		got, err := match.ParsePrefix(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for _, bad := range []string{"", ".", "a.b", "_dmarc", "-a", "a-", "büro", "xn--bro-hoa", "a b", "*", strings.Repeat("a", 64)} {
		_, err := match.ParsePrefix(bad)
		assert.EqualError(t, err, "expected the first label of a host's name, of letters, digits and hyphens, such as mail", bad)
	}
}
