package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Entry is one suffix to protect, for one policy. The same suffix may be in several entries.
type Entry struct {
	// Suffix is the protected suffix, as ParseSuffix returns it.
	Suffix string
	// Distance is the number of edits up to which a name is a lookalike, 1 or 2. It is lowered to MaxDistance.
	Distance int
	// Kinds are the kinds of difference that count.
	Kinds Kinds
	// Keyboard is the one by which a substitution is found to be Adjacent.
	Keyboard Keyboard
	// Tag is the caller's: every match carries its entry's.
	Tag int
}

// Index answers lookups. It never changes, and any number of goroutines can use it, each with its own Buffer.
type Index struct {
	entries []Entry
	forms   [][]rune // two for each entry: on the wire, and in Unicode; the latter nil if it is the same
	listed  map[string]listed
	longest int // octets of any key of listed
	near    [maxDistance]neighbours
	looks   *skeletons // nil without Homoglyphs
	hash    hasher
}

// Option changes what Compile builds.
type Option func(*Index)

// listed is a suffix on a list.
type listed struct {
	suffix string
	on     Listing
}

// Listing says on which list a name is.
type Listing uint8

// The listings. A suffix on both lists counts as Protected.
const (
	Unlisted Listing = iota
	Allowed
	Protected
)

// Match is one protected suffix that a name looks like.
type Match struct {
	// Suffix, Tag: of the entry.
	Suffix string
	Tag    int
	// Distance is the number of edits, and 0 of a homoglyph.
	Distance int
	Kind     Kind
	// Start is where in the name, as it was given, the suffix begins that is near the protected one: the intended name
	// is what stands before Start, with Suffix behind it.
	Start int

	entry int
	gap   int // by how many labels the suffix that is near differs from the protected one, 0 or 1
}

// Result is what an index says of one name.
type Result struct {
	// Listing is Protected or Allowed if the name equals or lies under such a suffix, and Suffix the longest one.
	Listing Listing
	Suffix  string
	// Matches are the protected suffixes that an unlisted name looks like, one for each entry: the nearest first, of
	// equally near ones the longer (in octets), of equally long ones the entry given first. They are valid until the
	// buffer is used again.
	Matches []Match
}

// Compile builds an index. Suffixes are as ParseSuffix returns them; an entry that CheckProtectable refuses, or with
// a distance other than 1 and 2, is an error that names it.
func Compile(protected []Entry, allowed []string, options ...Option) (*Index, error) {
	x := &Index{
		entries: slices.Clone(protected),
		listed:  make(map[string]listed, len(protected)+len(allowed)),
		hash:    newHasher(),
	}
	var b Buffer
	for _, suffix := range allowed {
		x.list(&b, suffix, Allowed)
	}
	for i := range x.entries {
		e := &x.entries[i]
		if err := CheckProtectable(e.Suffix); err != nil {
			return nil, fmt.Errorf("%q: %w", e.Suffix, err)
		}
		if e.Distance < 1 || e.Distance > maxDistance {
			return nil, fmt.Errorf("%q: distance %d, expected 1 or 2", e.Suffix, e.Distance)
		}
		e.Distance = min(e.Distance, MaxDistance(e.Suffix))
		x.list(&b, e.Suffix, Protected)
		x.forms = append(x.forms, b.form(0), b.form(1))
	}
	for d := range x.near {
		x.near[d] = x.newNeighbours(d + 1)
	}
	for _, option := range options {
		option(x)
	}
	return x, nil
}

// list puts a suffix on a list, under its spelling on the wire and in UTF-8, as a careless client may send it. It leaves
// the forms of the suffix in the buffer.
func (x *Index) list(b *Buffer, suffix string, on Listing) {
	b.parse(suffix)
	for i := range b.used {
		text := string(b.forms[i].appendText(nil, 0))
		x.listed[text] = listed{suffix, on}
		x.longest = max(x.longest, len(text))
	}
}

// Lookup judges a domain name, given in presentation format (RFC 1035 section 5.1) with or without the final dot. It
// allocates nothing once the buffer has been used. What is too long to be a domain name is unlisted and like nothing.
func (x *Index) Lookup(name string, b *Buffer) Result {
	if !b.parse(name) {
		return Result{}
	}
	if l := x.listing(b); l.on != Unlisted {
		return Result{Listing: l.on, Suffix: l.suffix}
	}
	b.hits, b.matches = b.hits[:0], b.matches[:0]
	for i := range b.used {
		f := &b.forms[i]
		f.sums = x.hash.sum(f.sumSpace[:], f.runes)
		for d := range x.near {
			x.near[d].gather(&x.hash, b, i)
		}
	}
	if len(b.hits) > 0 {
		x.measure(b)
	}
	if x.looks != nil {
		x.looks.gather(x, b)
	}
	slices.SortFunc(b.matches, compareMatches)
	return Result{Matches: b.matches}
}

// listing returns the longest listed suffix that the name equals or lies under.
func (x *Index) listing(b *Buffer) listed {
	s := &b.spelling
	for label := range s.labels {
		text := s.octets[s.starts[label]:s.length]
		if b.used == 2 {
			b.text = b.forms[1].appendText(b.text[:0], label)
			if l := x.listed[string(b.text)]; l.on != Unlisted {
				return l
			}
		}
		if len(text) > x.longest {
			continue
		}
		if l := x.listed[string(text)]; l.on != Unlisted {
			return l
		}
	}
	return listed{}
}

// measure turns the buffer's hits into matches: each pair of an entry and a suffix of the name is compared, and of every
// entry the best suffix is kept.
func (x *Index) measure(b *Buffer) {
	slices.Sort(b.hits)
	hits := slices.Compact(b.hits)
	for len(hits) > 0 {
		same := 1
		for same < len(hits) && hits[same].pair() == hits[0].pair() {
			same++
		}
		if m, ok := x.compare(b, hits[:same]); ok {
			b.keep(m)
		}
		hits = hits[same:]
	}
}

// compareMatches orders matches, the best first.
func compareMatches(m, n Match) int {
	return cmp.Or(cmp.Compare(m.Distance, n.Distance), cmp.Compare(len(n.Suffix), len(m.Suffix)), cmp.Compare(m.entry, n.entry))
}

// compare measures one entry against one suffix of the name, in those of their forms that hit each other. It reports
// false if they are too far apart, or differ in a way that does not count for the entry.
func (x *Index) compare(b *Buffer, hits []hit) (Match, bool) {
	e, label := &x.entries[hits[0].entry()], hits[0].label()
	m := Match{
		Suffix: e.Suffix,
		Tag:    e.Tag,
		Start:  b.spelling.offsets[label],
		entry:  hits[0].entry(),
		gap:    abs(b.spelling.labels - label - e.labels()),
	}
	if m.gap > 1 {
		return Match{}, false
	}
	best, kind := tooFar, Multiple
	for _, h := range hits {
		near, protected := b.forms[h.form()].suffix(label), x.forms[h.protected()]
		// Of equally near forms the last one counts: Unicode, which is what a person types.
		if d := distance(near, protected, e.Distance); d <= min(best, maxDistance) && !lacksLabel(near, protected) {
			best, kind = d, kindOf(near, protected, d, e.Keyboard)
		}
	}
	if best == tooFar || !e.Kinds.Has(kind) {
		return Match{}, false
	}
	m.Distance, m.Kind = best, kind
	return m, true
}

// keep adds a match, unless the entry's last one is better: nearer, or as near and with a number of labels closer to the
// protected suffix's, or of two such the longer. Matches come entry by entry, longer suffixes first.
func (b *Buffer) keep(m Match) {
	last := len(b.matches) - 1
	if last < 0 || b.matches[last].entry != m.entry {
		b.matches = append(b.matches, m)
		return
	}
	other := &b.matches[last]
	if m.Distance < other.Distance || (m.Distance == other.Distance && m.gap < other.gap) {
		*other = m
	}
}

// labels returns the number of labels of the suffix.
func (e *Entry) labels() int { return strings.Count(e.Suffix, ".") + 1 }

func abs(n int) int { return max(n, -n) }
