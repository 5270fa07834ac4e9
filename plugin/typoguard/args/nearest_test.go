package args

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDidYouMean(t *testing.T) {
	known := []string{"h", "any", "typoguard", "protect", "protect_file", "max-rows"}
	for unknown, want := range map[string]string{
		"typogaurd": " (did you mean typoguard?)", "Protects": " (did you mean protect?)", "protectfile": " (did you mean protect_file?)",
		"max_rows": " (did you mean max-rows?)", "ny": " (did you mean any?)", "nonsense": "", "": "", "j": "", "a.b": "", "\xff": "",
	} {
		assert.Equal(t, want, DidYouMean(unknown, known), unknown)
	}
	assert.Empty(t, DidYouMean("protect", nil))
}
