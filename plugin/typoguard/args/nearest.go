package args

import (
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// shortest is how long a word must be for another one to look like it.
const shortest = 3

// DidYouMean returns " (did you mean WORD?)" if an unknown word looks like one of those that are known, and otherwise "".
func DidYouMean(unknown string, known []string) string {
	var entries []match.Entry
	for _, word := range known {
		if len(word) >= shortest {
			entries = append(entries, match.Entry{Suffix: word, Distance: 1, Kinds: match.DefaultKinds})
		}
	}
	index, err := match.Compile(entries, nil)
	if err != nil {
		return ""
	}
	found := index.Lookup(strings.ToLower(unknown), new(match.Buffer))
	if len(found.Matches) == 0 {
		return ""
	}
	return " (did you mean " + found.Matches[0].Suffix + "?)"
}
