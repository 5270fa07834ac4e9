//go:build corpus

package corpus_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// BenchmarkLookup protects some of the legitimate domains, and looks up those of the others that are like none of them.
func BenchmarkLookup(b *testing.B) {
	c, err := load()
	require.NoError(b, err)
	domains := append([]string(nil), c.domains...)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(domains), func(i, j int) { domains[i], domains[j] = domains[j], domains[i] })
	for _, size := range []int{10, 1000, len(domains) / 2} {
		for distance := 1; distance <= 2; distance++ {
			b.Run(fmt.Sprintf("%d/distance=%d", size, distance), func(b *testing.B) {
				benchmarkUnlike(b, distance, domains[:size], domains[size:])
			})
		}
	}
}

// benchmarkUnlike protects some domains and looks up those of others that match nothing.
func benchmarkUnlike(b *testing.B, distance int, protect, others []string) {
	b.Helper()
	entries := make([]match.Entry, len(protect))
	for i, name := range protect {
		entries[i] = match.Entry{Suffix: name, Distance: distance, Kinds: match.AllKinds}
	}
	index, err := match.Compile(entries, nil, match.Homoglyphs(skeleton.Of))
	require.NoError(b, err)
	var buffer match.Buffer
	var unlike []string
	for _, name := range others {
		if r := index.Lookup(name, &buffer); r.Listing == match.Unlisted && len(r.Matches) == 0 {
			unlike = append(unlike, name)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		index.Lookup(unlike[i%len(unlike)], &buffer)
	}
	b.ReportMetric(float64(len(unlike))/float64(len(others)), "unlike/name")
}
