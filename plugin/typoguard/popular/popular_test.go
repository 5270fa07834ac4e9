package popular_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/publicsuffix"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// TestBuiltin: the built-in lists have what they claim, each name as it is compared, and no name under which strangers register.
func TestBuiltin(t *testing.T) {
	t.Parallel()
	l := popular.Builtin()
	assert.Greater(t, l.Len(), 50_000)
	for name, want := range map[string]int{"google.com": 1, "facebook.com": 2, "webometrics.info": 15000, "va.gov": 0, "mit.edu": 0, "tum.de": 0} {
		rank, ok := l.Rank(name)
		assert.True(t, ok, name)
		if want > 0 {
			assert.Equal(t, want, rank, name)
		}
	}
	for _, name := range []string{"", ".", "com", "google", "ogle.com", "google.co", "google.comm", "www.google.com", "co.uk", "x.blogspot.com", "sch.uk", "Google.com", "google.com."} {
		_, ok := l.Rank(name)
		assert.False(t, ok, name)
	}
	for name := range l.All() {
		parsed, err := match.ParseSuffix(name)
		require.NoError(t, err)
		require.Equal(t, name, parsed)
		suffix, icann := publicsuffix.PublicSuffix(name)
		require.False(t, icann && suffix == name, name)
	}
}

// TestOrigins: every list says whose it is, under which licence, and of which day.
func TestOrigins(t *testing.T) {
	t.Parallel()
	origins := popular.Origins()
	require.Len(t, origins, 5)
	for i, licence := range []string{"CC BY 3.0", "CC0 1.0", "CC0 1.0", "Apache-2.0", "CC0 1.0"} {
		assert.Regexp(t, `^\d+ .*\b`+licence+`\), .*20\d\d`, origins[i])
	}
}

// TestIsTypo: known typos are exact names.
func TestIsTypo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"gmial.com": true, "gamil.com": true, "gmai.com": true,
		"gmail.com": false, "al.com": false, "com.com": false, "mail.gmial.com": false, "": false, "#": false,
	} {
		assert.Equal(t, want, popular.IsTypo(name), name)
	}
}

// TestParse: a file has plain names, or ranks before them.
func TestParse(t *testing.T) {
	t.Parallel()
	l, err := popular.Parse([]byte("\ufeff# our own\r\n3,Example.ORG\n\n7,example.org.\nmünchen.example # in either form\nxn--bcher-kva.example\n  shop.example.net  \n"))
	require.NoError(t, err)
	want := map[string]int{"example.org": 3, "xn--mnchen-3ya.example": 0, "xn--bcher-kva.example": 0, "shop.example.net": 0}
	assert.Equal(t, want, maps.Collect(l.All()))
	for _, tt := range []struct{ name, file, want string }{
		{"empty", "# nothing\n", "no domain; expected at least one"},
		{"rank", "1,a.example\nx,b.example\n", `line 2: rank "x"; expected a positive number before the comma`},
		{"rank 0", "0,a.example\n", `line 1: rank "0"; expected a positive number before the comma`},
		{"header", "GlobalRank,TldRank,Domain\n", `line 1: rank "GlobalRank"; expected a positive number before the comma`},
		{"top-level domain", "\ncom\n", `line 2: "com"; expected a domain of two labels or more`},
		{"octets", "a.\xff.example\n", `line 1: "a.\xff.example" is not UTF-8; expected a domain such as example.org`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := popular.Parse([]byte(tt.file))
			assert.EqualError(t, err, tt.want)
		})
	}
	_, err = popular.Parse([]byte("two words.example\n"))
	assert.ErrorContains(t, err, `line 1: "two words.example": `)
}

// FuzzRank: a list has exactly the names that it was made of, with the best rank of each.
func FuzzRank(f *testing.F) {
	f.Add("a.example b.example", "a.example", uint64(1))
	f.Add("ab.example a.bexample", "b.example", uint64(2))
	f.Fuzz(func(t *testing.T, names, asked string, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		want := map[string]int{}
		var file strings.Builder
		for name := range strings.FieldsSeq(names) {
			if parsed, err := match.ParseSuffix(name); err != nil || parsed != name || !strings.Contains(name, ".") || strings.ContainsAny(name, ",#") {
				continue
			}
			rank := 1 + random.IntN(9)
			if best, ok := want[name]; !ok || rank < best {
				want[name] = rank
			}
			file.WriteString(string(rune('0'+rank)) + "," + name + "\n")
		}
		if len(want) == 0 {
			return
		}
		l, err := popular.Parse([]byte(file.String()))
		require.NoError(t, err)
		for _, name := range append(slices.Collect(maps.Keys(want)), asked) {
			rank, ok := l.Rank(name)
			best, known := want[name]
			assert.Equal(t, known, ok, name)
			assert.Equal(t, best, rank, name)
		}
	})
}

// BenchmarkRank measures what a lookup costs after a match.
func BenchmarkRank(b *testing.B) {
	l := popular.Builtin()
	b.ReportAllocs()
	for b.Loop() {
		l.Rank("webometrics.info")
	}
}
