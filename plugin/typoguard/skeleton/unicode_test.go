package skeleton_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
	"github.com/typoguard/coredns-typoguard/test/confusables"
)

// outside are the characters that the package does not look at: ideographs, Hangul, and what is above plane 1.
func outside(r rune) bool {
	return r >= 0x3400 && r < 0xa000 || r >= 0xac00 && r < 0xf900 || r > 0x1ffff
}

// TestUnicode holds the skeleton of every character to the table that Unicode publishes, in lower case and with our
// look-alikes within ASCII on top.
func TestUnicode(t *testing.T) {
	require.Len(t, confusables.Table(), 6565, "as the last line of the file says")
	ascii := strings.NewReplacer("m", "rn", "w", "vv", "0", "o", "1", "l")
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		want := ascii.Replace(strings.ToLower(confusables.Skeleton(string(r))))
		if want == string(r) || outside(r) {
			want = ""
		}
		if got := skeleton.Of(r); got != want {
			assert.Equal(t, want, got, "%U %c", r, r)
		}
	}
}
