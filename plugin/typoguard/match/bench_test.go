package match_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// wordLike returns n different domains that look like names people choose, always the same ones for a seed.
func wordLike(n int, seed uint64) []string {
	syllables := []string{"ar", "my", "na", "vy", "ma", "ri", "ne", "co", "ast", "gu", "ard", "de", "fen", "se", "air", "for", "ce", "log", "is", "tic", "me", "di", "cal", "sup", "ply"}
	tlds := []string{"com", "org", "net", "mil", "nl", "de", "gov", "example"}
	random := rand.New(rand.NewPCG(seed, 1))
	seen := map[string]bool{}
	var names []string
	for len(names) < n {
		name := ""
		for range 2 + random.IntN(4) {
			name += syllables[random.IntN(len(syllables))]
		}
		name += "." + tlds[random.IntN(len(tlds))]
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// BenchmarkLookup looks names up that match nothing, that are protected, and that are lookalikes.
func BenchmarkLookup(b *testing.B) {
	for _, bench := range []struct{ size, distance int }{{1, 1}, {10, 1}, {1000, 1}, {100_000, 1}, {1000, 2}} {
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

// BenchmarkCompile builds an index.
func BenchmarkCompile(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		var entries []match.Entry
		for _, name := range wordLike(size, 1) {
			entries = append(entries, match.Entry{Suffix: name, Distance: 1, Kinds: match.AllKinds})
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				if _, err := match.Compile(entries, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
