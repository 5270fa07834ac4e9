package typoguard

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// TestTwoEnds: each of two lines stops counting at its own end, to the second, whichever stands first in the file.
func TestTwoEnds(t *testing.T) {
	for name, turned := range map[string]bool{"the earlier first": false, "the later first": true} {
		t.Run(name, func(t *testing.T) {
			dir := writeLists(t, map[string]string{"list.txt": "navy.mil\naf.mil\n", "allow.txt": ""})
			watched(t, dir, watchedStanza, func(b *block, elapse func(time.Duration)) {
				earlier, later := time.Now().Add(time.Hour), time.Now().Add(time.Hour+7*time.Second)
				first := "navy.ml until=" + earlier.Format(time.RFC3339) + "\n"
				second := "af.ml until=" + later.Format(time.RFC3339) + "\n"
				if turned {
					first, second = second, first
				}
				replaceFile(t, filepath.Join(dir, "allow.txt"), first+second)
				elapse(time.Until(earlier) - time.Second)
				require.Equal(t, policy.Allowed, verdictOn(b, "navy.ml"))
				require.Equal(t, policy.Allowed, verdictOn(b, "af.ml"))
				elapse(time.Until(earlier))
				require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
				require.Equal(t, policy.Allowed, verdictOn(b, "af.ml"))
				elapse(time.Until(later) - time.Second)
				require.Equal(t, policy.Allowed, verdictOn(b, "af.ml"))
				elapse(time.Until(later))
				require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))
			})
		})
	}
}
