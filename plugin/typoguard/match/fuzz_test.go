package match_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// FuzzLookup compares the verdict on any name, against any set of suffixes, with the oracle's.
func FuzzLookup(f *testing.F) {
	f.Add("mil army.nl", "gov.ml", "us.army.ml.", uint8(1))
	f.Add("army.mil navy.army.mil af.mil", "", "navyarmy.mil", uint8(2))
	f.Add("x.example ab.mil", "ab.example", "example.", uint8(2))
	f.Add("xn--bcher-kva.example mil", "", `B\195\156cher.exmaple`, uint8(2))
	f.Add("army.mil", "", `army\.mil.m\105l.`, uint8(2))
	f.Add("army.mil wow.example", "", "arrny.rni1", uint8(1))
	f.Add("army.mil wow.example", "", "xn--rmy-5cd.mil", uint8(1))
	f.Add("xn--mller-kva.nl", "xn--mllar-kva.nl", "xn--mlle-0ra.nl", uint8(2))
	f.Add("army.mil abmil.mil", "", "x.mil-1abmil.mil", uint8(1)) // with prefixes of its own
	f.Fuzz(func(t *testing.T, protect, allow, name string, distance uint8) {
		entries, allowed := fuzzedLists(protect, allow, int(distance%2)+1)
		check(t, entries, allowed).compare(t, name)
	})
}

// FuzzMutant does the same for names that are, by construction, near one of the suffixes.
func FuzzMutant(f *testing.F) {
	f.Add("mil army.nl mail.mil", uint64(1), uint8(2))
	f.Add("a.b.example aa.b.example xn--bcher-kva.example", uint64(2), uint8(1))
	f.Add("ab.mil aab.mil abab.mil", uint64(3), uint8(2))
	f.Add("xn--00c.0", uint64(101), uint8(1)) // one edit from the Punycode of a surrogate
	f.Add("abmil.co.uk mail.armil.ne.jp mil", uint64(4), uint8(2))
	f.Add("abmil.co.uk abmil.mil aa.b.example mil.ab.com", uint64(6), uint8(1))
	f.Add("a.b.com co.uk.com x.ck.de mil.city.kobe.jp", uint64(7), uint8(1))
	f.Add("straßenbau.de smørbrød.dk aalborghavn.dk abmil.mil", uint64(5), uint8(1))
	f.Add("bing.com a.bing.com aabb.mil ab.ab.mil", uint64(8), uint8(1))
	f.Fuzz(func(t *testing.T, protect string, seed uint64, distance uint8) {
		entries, _ := fuzzedLists(protect, "", int(distance%2)+1)
		if len(entries) == 0 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 0))
		c := check(t, entries, nil)
		for range 256 {
			name := []byte(entries[random.IntN(len(entries))].Suffix)
			for range random.IntN(4) {
				name = mutate(random, name)
			}
			c.compare(t, []string{"", "www.", "a.b."}[random.IntN(3)]+string(name))
		}
	})
}

// publicSuffixes are some, and one that is none.
var publicSuffixes = [...]string{".com", ".co.uk", ".mil", ".uk", ".ck", ".a.ck", ".city.kobe.jp", ".example"}

// mutate makes one edit, with letters that are in the name already more often than not, and dots among them; or moves a letter, repeats
// a part, writes letters in another way, adds a public suffix, or has another one, or adds a prefix.
func mutate(random *rand.Rand, name []byte) []byte {
	switch random.IntN(14) {
	case 0:
		return move(random, name)
	case 1:
		return repeat(random, name)
	case 2:
		return respell(random, name)
	case 3:
		return append(name, publicSuffixes[random.IntN(len(publicSuffixes))]...)
	case 5:
		if labels := strings.SplitAfter(string(name), "."); len(labels) > 1 {
			keep := strings.Join(labels[:1+random.IntN(len(labels)-1)], "")
			return []byte(keep + publicSuffixes[random.IntN(len(publicSuffixes))][1:])
		}
	case 4:
		prefixes := slices.Concat(oraclePrefixes(), oracleMore[morePrefixes])
		at := bytes.IndexByte(name, '.') + 1
		return slices.Insert(slices.Clone(name), random.IntN(2)*at, []byte(prefixes[random.IntN(len(prefixes))])...)
	}
	i := random.IntN(len(name) + 1)
	letter := "abmilrn1.-x"[random.IntN(11)]
	if len(name) > 0 && random.IntN(2) == 0 {
		letter = name[random.IntN(len(name))]
	}
	switch random.IntN(4) {
	case 0:
		return append(name[:i:i], append([]byte{letter}, name[i:]...)...)
	case 1:
		if i < len(name) {
			return append(name[:i:i], name[i+1:]...)
		}
	case 2:
		if i < len(name) {
			name[i] = letter
		}
	case 3:
		if i+1 < len(name) {
			name[i], name[i+1] = name[i+1], name[i]
		}
	}
	return name
}

// move moves one letter.
func move(random *rand.Rand, name []byte) []byte {
	if len(name) == 0 {
		return name
	}
	from, to := random.IntN(len(name)), random.IntN(len(name))
	letter := name[from]
	return slices.Insert(slices.Delete(slices.Clone(name), from, from+1), to, letter)
}

// repeat writes a label, with the dot or without it, or some last labels once more.
func repeat(random *rand.Rand, name []byte) []byte {
	labels := strings.Split(string(name), ".")
	i := random.IntN(len(labels))
	switch random.IntN(3) {
	case 0:
		labels[i] += labels[i]
	case 1:
		labels = slices.Insert(labels, i, labels[i])
	case 2:
		labels = append(labels, labels[i:]...)
	}
	return []byte(strings.Join(labels, "."))
}

// respell transliterates letters of the name, or the other way round.
func respell(random *rand.Rand, name []byte) []byte {
	labels := strings.Split(string(name), ".")
	ways := []string{"ä", "ae", "æ", "ae", "ö", "oe", "ø", "oe", "ü", "ue", "ß", "ss", "å", "aa", "œ", "oe", "ς", "σ", "\u200d", ""}
	for i, label := range labels {
		shown, err := idna.Punycode.ToUnicode(label)
		if err != nil {
			continue
		}
		for n := 0; n < len(ways); n += 2 {
			from, to := ways[n], ways[n+1]
			if random.IntN(2) == 0 && to != "" {
				from, to = to, from
			}
			shown = strings.Replace(shown, from, to, random.IntN(3))
		}
		if ascii, err := idna.Punycode.ToASCII(shown); err == nil {
			labels[i] = ascii
		}
	}
	return []byte(strings.Join(labels, "."))
}

// fuzzedLists makes entries and allowed suffixes of whatever of the input is one.
func fuzzedLists(protect, allow string, distance int) ([]match.Entry, []string) {
	var entries []match.Entry
	var allowed []string
	protectedSet := map[string]bool{}
	for i, word := range strings.Fields(protect) {
		suffix, err := match.ParseSuffix(word)
		if err != nil || match.CheckProtectable(suffix) != nil || len(entries) == 20 {
			continue
		}
		protectedSet[suffix] = true
		kinds := match.AllKinds
		var prefixes *match.Prefixes
		switch i % 4 {
		case 1:
			prefixes = morePrefixes
		case 2:
			kinds = match.DefaultKinds
		case 3:
			kinds = match.Kinds(0).With(match.Omission).With(match.Multiple)
		}
		entries = append(entries, match.Entry{Suffix: suffix, Distance: distance, Kinds: kinds, Prefixes: prefixes, Tag: i})
	}
	for word := range strings.FieldsSeq(allow) {
		if suffix, err := match.ParseSuffix(word); err == nil && !protectedSet[suffix] {
			allowed = append(allowed, suffix)
		}
	}
	return entries, allowed
}

// checked is an index and the oracle for the same suffixes.
type checked struct {
	index *match.Index
	*oracle
}

// check builds an index, or fails the test.
func check(t *testing.T, entries []match.Entry, allowed []string) checked {
	t.Helper()
	index, err := match.Compile(entries, allowed, match.Homoglyphs(skeleton.Of))
	if err != nil {
		t.Fatal(err)
	}
	return checked{index, newOracle(entries, allowed)}
}

// protected returns the entries, and what is allowed.
func (c checked) protected() (all []string) {
	for _, e := range c.entries {
		all = append(all, fmt.Sprintf("%s (distance %d, kinds %v)", e.Suffix, e.Distance, e.Kinds.List()))
	}
	for _, a := range c.allowed {
		all = append(all, "allowed "+a.name)
	}
	return all
}

// compare fails the test unless the index says of a name what the definition does, however it is written.
func (c checked) compare(t *testing.T, name string) {
	t.Helper()
	if wireLength(name) > 253 {
		return
	}
	want := c.lookup(name)
	var buffer match.Buffer
	for _, spelling := range []string{name, strings.ToUpper(name)} {
		if spelling != name && !isASCII(name) {
			continue // upper case is ASCII only
		}
		got := c.index.Lookup(spelling, &buffer)
		if describe(got) != describe(want) {
			t.Fatalf("Lookup(%q) against %v\n got %s\nwant %s", spelling, c.protected(), describe(got), describe(want))
		}
	}
}

// wireLength returns the octets and dots of a name.
func wireLength(name string) int {
	n := 0
	for _, label := range oracleLabels(name) {
		n += len(label) + 1
	}
	return n - 1
}

// describe writes a result down without what is private in it.
func describe(r match.Result) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d %q", r.Listing, r.Suffix)
	for _, m := range r.Matches {
		fmt.Fprintf(&s, " {%s #%d: %d %s at %d%s}", m.Suffix, m.Tag, m.Distance, m.Kind, m.Start, m.Prefix)
	}
	return s.String()
}

// FuzzALabel holds the decoding of A-labels to golang.org/x/net/idna: a label and the same label in UTF-8 are one name.
func FuzzALabel(f *testing.F) {
	f.Add("bücher")
	f.Add("ü")
	f.Add("аrmy")
	f.Add("日本語-example")
	index, err := match.Compile([]match.Entry{{Suffix: "mil", Distance: 1, Kinds: match.AllKinds}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, label string) {
		alabel, err := idna.Punycode.ToASCII(label)
		if err != nil || isASCII(label) || strings.ContainsAny(label, `.\`) || len(alabel) > 63 || strings.ToLower(label) != label {
			return
		}
		protected, err := match.ParseSuffix(label + ".example")
		if err != nil || !strings.HasPrefix(protected, alabel) {
			return
		}
		index, err = match.Compile([]match.Entry{{Suffix: protected, Distance: 1, Kinds: match.AllKinds}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var buffer match.Buffer
		for _, name := range []string{alabel + ".example", label + ".example"} {
			if got := index.Lookup(name, &buffer); got.Listing != match.Protected {
				t.Fatalf("%q is not under %q", name, protected)
			}
		}
	})
}
