package match

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzIsPlain: the short cut for plain suffixes takes only those that would be taken as they are without it.
func FuzzIsPlain(f *testing.F) {
	for _, s := range []string{
		"army.mil", "a", "a1", "1a", "1", "192.0.2.1", "a.1", "1.a", "a-b.mil", "-a", "a-", "a-.b", "a.-b", "a--b", "ab--c", "xn--a", "a..b", ".a", "a.", "A.mil", "a_b",
		"bücher.example", "a b", "", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("abcdefg.", 31) + "abcde", strings.Repeat("abcdefg.", 31) + "abcdef",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isPlain(s) {
			name, err := parseSuffix(s)
			require.NoError(t, err)
			require.Equal(t, s, name)
		}
	})
}

// TestIsPlain: nearly all suffixes of lists are plain.
func TestIsPlain(t *testing.T) {
	for s, want := range map[string]bool{
		"mil": true, "army.mil": true, "x-ray.co.uk": true, "4u.nl": true, strings.Repeat("a", 63) + ".nl": true,
		"Army.mil": false, "army.mil.": false, "xn--bcher-kva.example": false, "192.0.2.1": false, strings.Repeat("a", 64) + ".nl": false, "": false,
	} {
		require.Equal(t, want, isPlain(s), s)
	}
}

// TestBuilder: of suffixes with the same tag each is added once, in however many steps there is room made for them.
func TestBuilder(t *testing.T) {
	var b Builder
	steps := 0
	b.Step = func() { steps++ }
	entry := Entry{Distance: 1, Kinds: DefaultKinds}
	for tag := range 3 {
		for again := range 2 {
			for i := range 1000 {
				entry.Suffix, entry.Tag = "a"+strings.Repeat("b", i%50)+strings.Repeat("c", i/50)+".mil", tag
				added, err := b.Protect(entry)
				require.NoError(t, err)
				require.Equal(t, again == 0, added, "%s %d", entry.Suffix, tag)
				require.Equal(t, again == 0, b.Allow("x."+entry.Suffix, tag))
			}
		}
	}
	entry.Suffix = "nl"
	_, err := b.Protect(entry)
	require.ErrorContains(t, err, `"nl": a single label`)
	x := b.Build()
	require.GreaterOrEqual(t, steps, 6000)
	var buffer Buffer
	require.Equal(t, Result{Listing: Protected, Suffix: "abbcc.mil"}, x.Lookup("abbcc.mil", &buffer))
	require.Len(t, x.Lookup("abbbbbbbbccccccccc.ml", &buffer).Matches, 3)
}
