package match_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// wordLike returns n different domains that look like names people choose, always the same ones for a seed.
func wordLike(n int, seed uint64) []string {
	const consonants, vowels = "bcdfghjklmnpqrstvwxz", "aeiouy"
	tlds := []string{"com", "com", "com", "com", "org", "net", "mil", "nl", "de", "gov", "co.uk", "example"}
	random := rand.New(rand.NewPCG(seed, 1))
	seen := make(map[string]bool, n)
	names := make([]string, 0, n)
	for len(names) < n {
		var name strings.Builder
		for range 2 + random.IntN(4) {
			name.WriteByte(consonants[random.IntN(len(consonants))])
			name.WriteByte(vowels[random.IntN(len(vowels))])
			if random.IntN(3) == 0 {
				name.WriteByte(consonants[random.IntN(len(consonants))])
			}
		}
		name.WriteString("." + tlds[random.IntN(len(tlds))])
		if !seen[name.String()] {
			seen[name.String()] = true
			names = append(names, name.String())
		}
	}
	return names
}

// BenchmarkLookup looks names up that match nothing, that are protected, and that are lookalikes.
func BenchmarkLookup(b *testing.B) {
	for _, bench := range []struct{ size, distance int }{
		{1, 1}, {10, 1}, {1000, 1}, {100_000, 1}, {1_000_000, 1}, {1000, 2}, {100_000, 2}, {1_000_000, 2},
	} {
		if testing.Short() && bench.size > 1000 {
			continue
		}
		protected := wordLike(bench.size, 1)
		index := compile(b, bench.distance, protected...)
		for kind, names := range benchQueries(index, protected) {
			b.Run(fmt.Sprintf("%d/distance=%d/%s", bench.size, bench.distance, kind), func(b *testing.B) {
				var buffer match.Buffer
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					index.Lookup(names[i%len(names)], &buffer)
				}
			})
		}
	}
}

// benchQueries returns names by what the index says of them.
func benchQueries(index *match.Index, protected []string) map[string][]string {
	queries := map[string][]string{}
	var buffer match.Buffer
	for _, name := range wordLike(4096, 2) {
		if r := index.Lookup("www."+name, &buffer); r.Listing == match.Unlisted && len(r.Matches) == 0 {
			queries["pass"] = append(queries["pass"], "www."+name+".")
		}
	}
	for _, name := range protected {
		queries["protected"] = append(queries["protected"], "mx."+name+".")
		queries["lookalike"] = append(queries["lookalike"], "mx."+name[1:]+".")
	}
	return queries
}

// BenchmarkCompile builds an index, and says what an entry takes of the heap.
func BenchmarkCompile(b *testing.B) {
	for _, bench := range []struct{ size, distance int }{{1000, 1}, {100_000, 1}, {1_000_000, 1}, {1000, 2}, {100_000, 2}, {1_000_000, 2}} {
		var entries []match.Entry
		for _, name := range wordLike(bench.size, 1) {
			entries = append(entries, match.Entry{Suffix: name, Distance: bench.distance, Kinds: match.AllKinds})
		}
		b.Run(fmt.Sprintf("%d/distance=%d", bench.size, bench.distance), func(b *testing.B) {
			var index *match.Index
			before := heap()
			for b.Loop() {
				var err error
				if index, err = match.Compile(entries, nil, match.Homoglyphs(skeleton.Of)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(heap()-before)/float64(bench.size), "B/entry")
			runtime.KeepAlive(index)
		})
	}
}

// heap returns the octets of live objects.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
