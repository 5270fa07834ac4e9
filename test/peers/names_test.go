package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestLookalikes holds the rows that the others are given to what our engine hides.
func TestLookalikes(t *testing.T) {
	protected := []string{"army.mil", "a-b.nl", "my.mil"}
	var entries []match.Entry
	for _, d := range protected {
		entries = append(entries, match.Entry{Suffix: d, Distance: 1, Kinds: match.AllKinds})
	}
	index, err := match.Compile(entries, nil)
	require.NoError(t, err)

	names := lookalikes(protected)
	var buffer match.Buffer
	for _, name := range names {
		result := index.Lookup(name, &buffer)
		assert.Equal(t, match.Unlisted, result.Listing, name)
		assert.NotEmpty(t, result.Matches, name)
	}
	assert.Subset(t, names, []string{"army.ml", "armymil", "army.m.il", "amry.mil", "arm.ymil", "a-bnl", "ab.nl"})
	assert.NotSubset(t, names, []string{"ar.my.mil"}, "lies under a protected domain")
	assert.NotContains(t, names, "army.mil")
	assert.NotContains(t, names, "-army.mil")
}

// TestEdits counts the neighbours of a domain.
func TestEdits(t *testing.T) {
	distinct := make(map[string]struct{})
	for _, name := range edits("army.mil") {
		distinct[name] = struct{}{}
	}
	delete(distinct, "army.mil")
	const (
		omissions      = 8
		transpositions = 7
		substitutions  = 7*35 + 3 + 3 + 36 + 1 // letters and digits, hyphens, dots; for the dot: those, and a hyphen
		additions      = 9*36 - 7 + 5 + 5      // letters and digits, of which a doubled letter comes twice; hyphens, dots
	)
	assert.Len(t, distinct, omissions+transpositions+substitutions+additions)
}
