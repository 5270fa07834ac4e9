//go:build corpus

package corpus_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// protected is one choice of suffixes to protect, as an operator makes it.
type protected struct {
	name     string
	suffixes []string
	// typed are names at or under the suffixes, for people to mistype.
	typed []string
	// hits are what was measured of legitimate names at distance 1 and 2; see TestLegitimate.
	hits [2]hits
}

// choices are the choices that everything is measured for: a top-level domain, full domains, and a single one in a
// crowded neighbourhood.
var choices = []protected{
	{
		name:     "`mil`",
		suffixes: []string{"mil"},
		typed:    []string{"army.mil", "navy.mil", "af.mil", "us.army.mil", "us.af.mil", "mail.mil", "uscg.mil", "usmc.mil", "socom.mil"},
		hits:     [2]hits{{topLevel: 4, under: 4, domains: 175}}, // .il, .mit, .ml, .ril
	},
	{
		name:     "six full domains",
		suffixes: []string{"army.mil", "navy.mil", "af.mil", "mindef.nl", "state.gov", "nato.int"},
		typed: []string{
			"army.mil", "navy.mil", "af.mil", "mindef.nl", "state.gov", "nato.int",
			"us.army.mil", "us.navy.mil", "us.af.mil", "mail.mindef.nl", "mail.state.gov", "hq.nato.int",
		},
		hits: [2]hits{{}, {}},
	},
	{
		name:     "`gmail.com`",
		suffixes: []string{"gmail.com"},
		typed:    []string{"gmail.com"},
		hits:     [2]hits{{domains: 13}, {domains: 67}}, // with gmail.com.com
	},
}

// distances returns the distances that the choice can have: where a suffix is too short for 2, the engine stays at 1.
func (p protected) distances() []int {
	if slices.ContainsFunc(p.suffixes, func(suffix string) bool { return match.MaxDistance(suffix) > 1 }) {
		return []int{1, 2}
	}
	return []int{1}
}

// compile returns the engine's index of the choice.
func (p protected) compile(t *testing.T, distance int) *match.Index {
	t.Helper()
	var entries []match.Entry
	for _, given := range p.suffixes {
		suffix, err := match.ParseSuffix(given)
		require.NoError(t, err)
		entries = append(entries, match.Entry{Suffix: suffix, Distance: distance, Kinds: match.DefaultKinds})
	}
	index, err := match.Compile(entries, nil, match.Homoglyphs(skeleton.Of))
	require.NoError(t, err)
	return index
}

// suffixOf returns the protected suffix that a name equals or lies under.
func (p protected) suffixOf(t *testing.T, name string) string {
	t.Helper()
	at := slices.IndexFunc(p.suffixes, func(suffix string) bool { return strings.HasSuffix("."+name, "."+suffix) })
	require.GreaterOrEqual(t, at, 0, name)
	return p.suffixes[at]
}
