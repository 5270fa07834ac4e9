package match_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// edits returns what every single edit makes of a name: each kind in each place, with a letter that is not in the name, and with
// a dot.
func edits(name string) []string {
	var edited []string
	for i := range len(name) + 1 {
		for _, letter := range []string{"q", "."} {
			edited = append(edited, name[:i]+letter+name[i:])
			if i < len(name) {
				edited = append(edited, name[:i]+letter+name[i+1:])
			}
		}
		if i < len(name) {
			edited = append(edited, name[:i]+name[i+1:])
		}
		if i+1 < len(name) {
			edited = append(edited, name[:i]+name[i+1:i+2]+name[i:i+1]+name[i+2:])
		}
	}
	return edited
}

// TestEveryPairOfEdits: wherever the two edits are, and wherever the index cuts the suffix, the name is found. The letters all
// differ, so that no edit can be taken for another one.
func TestEveryPairOfEdits(t *testing.T) {
	const letters = "abcdefghijklmnoprstuvwy012345"
	for length := 6; length <= 30; length++ {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			t.Parallel()
			suffix := letters[:length-len(".xz")] + ".xz"
			kinds := match.AllKinds.Without(match.Homoglyph) // which takes the oracle most of its time
			c := check(t, []match.Entry{{Suffix: suffix, Distance: 2, Kinds: kinds}}, nil)
			once := edits(suffix)
			seen := map[string]bool{}
			for _, name := range once {
				for _, twice := range append(edits(name), name) {
					if !seen[twice] && strings.Trim(twice, ".") != "" {
						seen[twice] = true
						c.compare(t, twice)
					}
				}
			}
		})
	}
}
