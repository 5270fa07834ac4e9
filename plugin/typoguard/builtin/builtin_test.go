package builtin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/builtin"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestLists: every list says what it is, of which day and from where, and is in order.
func TestLists(t *testing.T) {
	require.Equal(t, []string{"freemail", "us-federal", "us-military"}, builtin.Names())
	for _, name := range builtin.Names() {
		content, ok := builtin.Read(name)
		require.True(t, ok)
		text := string(content)
		assert.Regexp(t, `^# [A-Z].* as of 20\d\d-\d\d-\d\d\.\n# Source: .*`, text)
		var suffixes []string
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			suffix, err := match.ParseSuffix(line)
			require.NoError(t, err)
			assert.Equal(t, line, suffix)
			suffixes = append(suffixes, suffix)
		}
		assert.Greater(t, len(suffixes), 100)
		assert.True(t, slices.IsSorted(suffixes), name)
	}
	_, ok := builtin.Read("none")
	assert.False(t, ok)
	_, ok = builtin.Read("../builtin")
	assert.False(t, ok)
}
