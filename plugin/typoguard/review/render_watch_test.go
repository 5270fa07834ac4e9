package review

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// TestChangeWords: each change of a name that is watched has a display name of its own.
func TestChangeWords(t *testing.T) {
	words := map[string]bool{}
	for _, action := range []string{event.Registered, event.TakesMail, event.MovedMail} {
		words[changeWords(action)] = true
	}
	assert.Len(t, words, 3)
}
