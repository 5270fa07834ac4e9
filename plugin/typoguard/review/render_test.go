package review

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// TestKindWords: the page explains every kind of difference.
func TestKindWords(t *testing.T) {
	for _, kind := range match.AllKinds.List() {
		assert.NotEmpty(t, kindWords(kind.String()), kind)
	}
	assert.Empty(t, kindWords("unknown"))
}
