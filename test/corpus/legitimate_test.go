//go:build corpus

package corpus_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// minDomains is how many legitimate domains the corpus must have for its shares to mean something.
const minDomains = 80_000

// hits counts legitimate names that are lookalikes.
type hits struct {
	topLevel int // top-level domains by themselves
	under    int // example.TLD, for each top-level domain
	domains  int // legitimate domains
}

// falsePositives is what one choice hides at one distance of what it should not.
type falsePositives struct {
	choice   protected
	distance int
	hits     hits
	// near counts the legitimate domains that are hidden by the suffix for which they are: the domains themselves, or
	// what they lie under.
	near map[string]int
	// topLevel are the top-level domains under which all is hidden.
	topLevel []string
}

// TestLegitimate asserts that no more legitimate names are hidden than were when protected.hits were measured. The
// corpus is pinned, so that more means a worse engine.
func TestLegitimate(t *testing.T) {
	t.Parallel()
	c, err := load()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(c.domains), minDomains)
	measured := measureLegitimate(t, c)
	t.Log("\n" + sourceTable(c) + "\n" + legitimateTable(c, measured))
	for _, f := range measured {
		t.Run(fmt.Sprintf("%s/distance %d", f.choice.name, f.distance), func(t *testing.T) {
			t.Parallel()
			most := f.choice.hits[f.distance-1]
			assert.LessOrEqual(t, f.hits.topLevel, most.topLevel, "top-level domains")
			assert.LessOrEqual(t, f.hits.under, most.under, "names under top-level domains")
			assert.LessOrEqual(t, f.hits.domains, most.domains, "domains")
			t.Logf("under %q; %q", f.topLevel, f.nearest())
		})
	}
}

// measureLegitimate looks up all legitimate names with every choice and distance.
func measureLegitimate(t *testing.T, c corpus) []falsePositives {
	t.Helper()
	var measured []falsePositives
	for _, choice := range choices {
		for _, distance := range choice.distances() {
			index := choice.compile(t, distance)
			f := falsePositives{choice: choice, distance: distance, near: map[string]int{}}
			f.count(index, c)
			measured = append(measured, f)
		}
	}
	return measured
}

// count looks up all names of the corpus.
func (f *falsePositives) count(index *match.Index, c corpus) {
	var buffer match.Buffer
	for _, tld := range c.topLevel {
		if len(index.Lookup(tld, &buffer).Matches) > 0 {
			f.hits.topLevel++
		}
		if len(index.Lookup("example."+tld, &buffer).Matches) > 0 {
			f.hits.under++
			f.topLevel = append(f.topLevel, tld)
		}
	}
	for _, domain := range c.domains {
		if matches := index.Lookup(domain, &buffer).Matches; len(matches) > 0 {
			f.hits.domains++
			f.near[domain[matches[0].Start:]]++
		}
	}
}

// nearest returns what the hidden domains are or lie under: that of the most domains first.
func (f *falsePositives) nearest() []string {
	return slices.SortedFunc(maps.Keys(f.near), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.near[b], f.near[a]), cmp.Compare(a, b))
	})
}
