//go:build corpus

package corpus_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/test/typos"
)

// perKind is how many typos of each kind are made for each choice.
const perKind = 10_000

// recall is what became of the typos of one kind.
type recall struct {
	choice protected
	kind   typos.Kind
	typos  int
	// nameless typos are no domain names (an empty label, a hyphen at an edge): nobody can look them up.
	nameless int
	// listed typos are protected names again: two errors cancelled out, or a dot was added at the end.
	listed int
	// found is how many of the others are lookalikes of the suffix that was meant, at distance 1 and 2.
	found [2]int
	// missed are those that as many edits as the kind has, or as the suffix can have if that is less, did not find.
	missed []miss
}

// miss is a typo of a name under a suffix that is not a lookalike of the suffix.
type miss struct{ typo, suffix string }

// toFind returns how many typos there are that the engine should find.
func (r recall) toFind() int { return r.typos - r.nameless - r.listed }

// TestRecall asserts that the engine finds every single edit inside a protected suffix at distance 1, and two edits at
// distance 2 unless they make a distance of 3 (an edit beside a swap) or the suffix is too short for distance 2.
func TestRecall(t *testing.T) {
	t.Parallel()
	measured := measureRecall(t)
	t.Log("\n" + recallTable(measured))
	for _, r := range measured {
		t.Run(r.choice.name+"/"+r.kind.Name, func(t *testing.T) {
			t.Parallel()
			if r.kind.Edits == 1 {
				assert.Equal(t, r.toFind(), r.found[0])
				assert.Equal(t, r.toFind(), r.found[1], "a larger distance finds no less")
			}
			for _, m := range r.missed {
				assert.Greater(t, nearest(m.typo, m.suffix), min(r.kind.Edits, match.MaxDistance(m.suffix)), "%s for %s", m.typo, m.suffix)
			}
			if len(r.missed) > 0 {
				t.Logf("missed %d, among them %q", len(r.missed), r.missed[:min(len(r.missed), maxExamples)])
			}
		})
	}
}

// measureRecall mistypes the names of every choice in every way it can be.
func measureRecall(t *testing.T) []recall {
	t.Helper()
	var measured []recall
	for _, choice := range choices {
		for _, kind := range typos.Kinds {
			if r := measureKind(t, choice, kind); r.typos > 0 {
				measured = append(measured, r)
			}
		}
	}
	return measured
}

// measureKind makes typos of one kind inside the suffixes of one choice, since what stands before a protected suffix is
// not the engine's to judge.
func measureKind(t *testing.T, choice protected, kind typos.Kind) recall {
	t.Helper()
	r := recall{choice: choice, kind: kind}
	indexes := [2]*match.Index{choice.compile(t, 1), choice.compile(t, 2)}
	random := rand.New(rand.NewPCG(1, 2)) // anew for each kind, so that no kind changes the numbers of another
	for range perKind {
		name := choice.typed[random.IntN(len(choice.typed))]
		suffix := choice.suffixOf(t, name)
		typo := kind.Make(random, suffix)
		if typo == suffix && kind.Edits == 1 {
			continue // no place for it
		}
		r.add(indexes, suffix, strings.TrimSuffix(name, suffix)+typo)
	}
	return r
}

// add counts one typo of a name under a suffix.
func (r *recall) add(indexes [2]*match.Index, suffix, typo string) {
	r.typos++
	if _, err := match.ParseSuffix(typo); err != nil {
		r.nameless++
		return
	}
	var buffer match.Buffer
	for i, index := range indexes {
		result := index.Lookup(typo, &buffer)
		if result.Listing != match.Unlisted {
			r.listed++
			return
		}
		if slices.ContainsFunc(result.Matches, func(m match.Match) bool { return m.Suffix == suffix }) {
			r.found[i]++
		} else if i+1 == min(r.kind.Edits, match.MaxDistance(suffix)) {
			r.missed = append(r.missed, miss{typo, suffix})
		}
	}
}
