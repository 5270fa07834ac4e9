package match_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
	"github.com/typoguard/coredns-typoguard/test/names"
)

// wordLike returns n different domains that look like names people choose, always the same ones for a seed.
func wordLike(n int, seed uint64) []string {
	return names.Mixed.Make(rand.New(rand.NewPCG(seed, 1)), n)
}

// compilePolicy builds an index of one policy.
func compilePolicy(b *testing.B, distance int, suffixes []string) *match.Index {
	b.Helper()
	index, err := match.Compile(policyEntries(distance, suffixes), nil, match.Homoglyphs(skeleton.Of))
	require.NoError(b, err)
	return index
}

func policyEntries(distance int, suffixes []string) []match.Entry {
	entries := make([]match.Entry, len(suffixes))
	for i, suffix := range suffixes {
		entries[i] = match.Entry{Suffix: suffix, Distance: distance, Kinds: match.DefaultKinds}
	}
	return entries
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
		index := compilePolicy(b, bench.distance, protected)
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

// benchQueries returns names by what the index says of them; those that pass also by how they are made.
func benchQueries(index *match.Index, protected []string) map[string][]string {
	queries := map[string][]string{}
	add := func(kind, prefix string, names []string) {
		for _, name := range names {
			if passes(index, prefix+name) {
				queries[kind] = append(queries[kind], prefix+name+".")
			}
		}
	}
	add("pass", "", wordLike(4096, 2))
	add("pass-www", "www.", wordLike(4096, 3))
	add("pass-random", "", madeUp(4096))
	for _, name := range protected {
		queries["protected"] = append(queries["protected"], "mx."+name+".")
		queries["lookalike"] = append(queries["lookalike"], "mx."+name[1:]+".")
	}
	return queries
}

// passes reports whether a name is on no list and like nothing.
func passes(index *match.Index, name string) bool {
	var buffer match.Buffer
	r := index.Lookup(name, &buffer)
	return r.Listing == match.Unlisted && len(r.Matches) == 0
}

// madeUp returns n domains as malware makes them up, always the same ones.
func madeUp(n int) []string {
	random := rand.New(rand.NewPCG(4, 1))
	names := make([]string, n)
	for i := range names {
		name := make([]byte, 8+random.IntN(16))
		for k := range name {
			name[k] = "abcdefghijklmnopqrstuvwxyz0123456789"[random.IntN(36)]
		}
		names[i] = string(name) + []string{".com", ".net", ".info", ".ru"}[random.IntN(4)]
	}
	return names
}

// costlyNames are those that make a lookup work most and still match nothing.
func costlyNames(index *match.Index, protected []string) map[string]string {
	names := awkwardNames()
	names["digits only"] = strings.Repeat("0123456789.", 5) + strings.Repeat("1", 63) + ".12."
	names["one letter repeated"] = "www." + strings.Repeat("a", 63) + ".com."
	names["short"] = "qwxzj.com."
	for _, name := range protected {
		if near := "qj" + name[:1] + "xq" + name[1:]; passes(index, near) {
			names["deep below a near miss"] = strings.Repeat("a.", (250-len(near))/2) + near + "."
			names["near misses below each other"] = near + "." + near + "." + near + "."
			break
		}
	}
	for kind, name := range names {
		if !passes(index, name) {
			delete(names, kind)
		}
	}
	return names
}

// BenchmarkLookupCostly looks up the names that cost most, and says how many times as much as an ordinary one that
// matches nothing.
func BenchmarkLookupCostly(b *testing.B) {
	for _, bench := range []struct{ size, distance int }{{10, 1}, {1000, 1}, {1_000_000, 1}, {1000, 2}, {1_000_000, 2}} {
		if testing.Short() && bench.size > 1000 {
			continue
		}
		protected := wordLike(bench.size, 1)
		index := compilePolicy(b, bench.distance, protected)
		ordinary := benchQueries(index, protected)["pass-www"]
		for kind, name := range costlyNames(index, protected) {
			b.Run(fmt.Sprintf("%d/distance=%d/%s", bench.size, bench.distance, kind), func(b *testing.B) {
				var buffer match.Buffer
				start := time.Now()
				for i := range 20_000 {
					index.Lookup(ordinary[i%len(ordinary)], &buffer)
				}
				usual := time.Since(start).Seconds() / 20_000
				for b.Loop() {
					index.Lookup(name, &buffer)
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/usual, "x-ordinary")
			})
		}
	}
}

// BenchmarkCompile builds an index, and says what an entry takes of the heap.
func BenchmarkCompile(b *testing.B) {
	for _, bench := range []struct{ size, distance int }{{1000, 1}, {100_000, 1}, {1_000_000, 1}, {1000, 2}, {100_000, 2}, {1_000_000, 2}} {
		entries := policyEntries(bench.distance, wordLike(bench.size, 1))
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

// BenchmarkCollect runs the garbage collector with an index of a million suffixes and, in the same heap, without it. It
// should make no difference: an index has nothing that the collector must follow.
func BenchmarkCollect(b *testing.B) {
	index := compilePolicy(b, 2, wordLike(1_000_000, 1))
	b.Run("with", benchmarkCollect)
	runtime.KeepAlive(index)
	b.Run("without", benchmarkCollect)
}

func benchmarkCollect(b *testing.B) {
	runtime.GC()
	for b.Loop() {
		runtime.GC()
	}
}

// heap returns the octets of live objects.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
