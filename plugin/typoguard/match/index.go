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
	// Distance is the highest number of edits at which a name is a lookalike, 1 or 2. MaxDistance bounds it.
	Distance int
	// Kinds are the kinds of difference that count.
	Kinds Kinds
	// Keyboard decides which substitutions are Adjacent.
	Keyboard Keyboard
	// Tag is for the caller: every match has the tag of its entry.
	Tag int
}

// Index answers lookups. It never changes, and any number of goroutines can use it, each with its own Buffer.
type Index struct {
	records    records
	bySkeleton table                  // by skeleton, also of their transliterations
	near       [maxDistance]*segments // by distance less 1
	looks      *skeletons
	hash       *hasher
	reach      int // longer suffixes are neither listed nor lookalikes
	doubled    int // the most labels of a public suffix that can be Doubled, or 0 if none can
}

// Option configures Compile.
type Option func(*Index)

// Listing is the list that a name is on.
type Listing uint8

// The listings. A suffix on both lists counts as Protected.
const (
	Unlisted Listing = iota
	Allowed
	Protected
)

// Match is one protected suffix that a name looks like.
type Match struct {
	// Suffix and Tag are those of the entry.
	Suffix string
	Tag    int
	// Distance is the number of edits, or 0 for a homoglyph.
	Distance int
	Kind     Kind
	// Start is the offset, in the name as given, of the suffix that is near the protected one: the intended name is
	// name[:Start] followed by Suffix.
	Start int

	entry uint32 // the position of its record
	gap   int    // by how many labels the suffix that is near differs from the protected one, 0 or 1
}

// Result is the result of a lookup.
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
	for _, e := range protected {
		if err := CheckProtectable(e.Suffix); err != nil {
			return nil, fmt.Errorf("%q: %w", e.Suffix, err)
		}
		if e.Distance < 1 || e.Distance > maxDistance {
			return nil, fmt.Errorf("%q: distance %d, expected 1 or 2", e.Suffix, e.Distance)
		}
	}
	h := newHasher()
	x := &Index{
		records:    newRecords(protected, allowed),
		bySkeleton: newTable(len(protected) + len(allowed) + nonASCII(protected)),
		looks:      newSkeletons(func(rune) string { return "" }, h),
		hash:       h,
	}
	for _, option := range options {
		option(x)
	}
	b := new(Buffer)
	x.records.each(func(at uint32) { x.admit(b, at) })
	x.reach = max(x.reach, x.looks.longest)
	h.cover(x.reach)
	for d := 1; d <= maxDistance; d++ {
		x.near[d-1] = newSegments(h, d, func(use func(at uint32, f *form)) { x.formsOf(b, d, use) })
	}
	return x, nil
}

// nonASCII returns how many suffixes have A-labels, and thus may have a transliteration.
func nonASCII(protected []Entry) int {
	n := 0
	for i := range protected {
		if strings.Contains(protected[i].Suffix, "xn--") {
			n++
		}
	}
	return n
}

// admit adds a record to the table, and extends the index's reach to it.
func (x *Index) admit(b *Buffer, at uint32) {
	suffix := x.records.suffix(at)
	b.read(suffix, maxName, x.looks)
	x.bySkeleton.add(x.looks.admit(&b.unicode().looks, b.unicode().labels), at)
	x.reach = max(x.reach, len(suffix)+maxDistance)
	if at >= x.records.allowed {
		return
	}
	if b.used > 1 {
		b.rewrite.transliterate(x.looks, b.unicode().runes())
		x.bySkeleton.add(x.looks.admit(&b.rewrite.looks, b.rewrite.labels), at)
	}
	if a := x.records.anatomy(at); a.public() > 0 && x.records.entry(at).Kinds.Has(Doubled) {
		x.admitDoubled(b.unicode().runes(), a)
	}
}

// formsOf calls use with the forms and sums of every protected suffix with a distance.
func (x *Index) formsOf(b *Buffer, distance int, use func(at uint32, f *form)) {
	x.records.each(func(at uint32) {
		if at >= x.records.allowed || x.records.search(at) != distance {
			return
		}
		b.read(x.records.suffix(at), maxName, x.looks)
		for i := range b.used {
			use(at, &b.forms.forms[i])
		}
	})
}

// Lookup looks up a domain name in presentation format (RFC 1035 section 5.1), with or without the final dot. It allocates nothing
// once the buffer has been used. A name that is too long for a domain name is unlisted and has no matches.
func (x *Index) Lookup(name string, b *Buffer) Result {
	if !b.read(name, x.reach, x.looks) {
		return Result{}
	}
	if len(b.hits) > 0 { // rarely, so most lookups write nothing
		b.hits, b.matches = b.hits[:0], b.matches[:0]
	}
	if at, ok := x.listing(b); ok {
		if at < x.records.allowed {
			return Result{Listing: Protected, Suffix: x.records.suffix(at)}
		}
		return Result{Listing: Allowed, Suffix: x.records.suffix(at)}
	}
	for i := range b.used {
		for _, s := range x.near {
			if len(s.postings) > 0 {
				s.gather(x.hash, &x.records, b, i)
			}
		}
	}
	if x.doubled > 0 && x.mayBeDoubled(b, name) {
		b.readWhole(name, x.looks)
		x.gatherDoubled(b)
	}
	if b.used > 1 {
		x.gatherTransliterated(b)
	}
	if len(b.hits) > 0 {
		x.measure(b)
	}
	return Result{Matches: b.matches}
}

// listing returns the longest listed suffix that the name equals or lies under, and the protected record if the suffix is also
// allowed. Protected suffixes that only look the same become hits.
func (x *Index) listing(b *Buffer) (uint32, bool) {
	f := b.unicode()
	for label := range f.labels {
		key, ok := x.looks.key(&f.looks, f.labels, label)
		if !ok {
			continue
		}
		at, slot, ok := x.bySkeleton.find(key, x.bySkeleton.start(key))
		for ; ok; at, slot, ok = x.bySkeleton.find(key, slot) {
			if b.spells(label, x.records.suffix(at)) {
				return at, true
			}
			if at < x.records.allowed {
				b.hits = append(b.hits, hit{at, uint8(label)})
			}
		}
	}
	return 0, false
}

// measure turns the buffer's hits into matches: it compares each pair of an entry and a suffix of the name, and keeps the best
// suffix for every entry.
func (x *Index) measure(b *Buffer) {
	slices.SortFunc(b.hits, func(m, n hit) int { return cmp.Or(cmp.Compare(m.at, n.at), cmp.Compare(m.label, n.label)) })
	for _, h := range slices.Compact(b.hits) {
		if m, ok := x.compare(b, h.at, int(h.label)); ok {
			b.keep(m)
		}
	}
	slices.SortFunc(b.matches, func(m, n Match) int {
		return cmp.Or(cmp.Compare(m.Distance, n.Distance), cmp.Compare(len(n.Suffix), len(m.Suffix)), cmp.Compare(m.entry, n.entry))
	})
}

// compare measures one entry against the suffix of the name that begins with a label. It reports false if they are too far apart,
// or differ in a kind that does not count for the entry.
func (x *Index) compare(b *Buffer, at uint32, label int) (Match, bool) {
	e, suffix := x.records.entry(at), x.records.suffix(at)
	m := Match{
		Suffix: suffix,
		Tag:    e.Tag,
		Start:  b.offset(label),
		entry:  at,
		gap:    abs(b.unicode().labels - label - strings.Count(suffix, ".") - 1),
	}
	b.record.parse(suffix)
	if e.Kinds.Has(Homoglyph) && x.looks.same(b.unicode().suffix(label), b.record.unicode().runes()) {
		m.Kind, m.gap = Homoglyph, 0
		return m, true
	}
	var ok bool
	m.Distance, m.Kind, ok = x.difference(b, at, label, m.gap)
	return m, ok
}

// difference returns how far the suffix of the name that begins with a label is from the protected one at a position, which the buffer
// has as record, and how it differs. It reports false if that does not count for the entry.
func (x *Index) difference(b *Buffer, at uint32, label, gap int) (int, Kind, bool) {
	e, a := x.records.entry(at), x.records.anatomy(at)
	edits, kind := tooFar, Multiple
	if gap <= 1 {
		edits, kind = b.edits(label, x.records.search(at), e.Keyboard)
	}
	if edits <= 1 && e.Kinds.Has(kind) {
		return edits, kind, true
	}
	near, protected := b.unicode().suffix(label), b.record.unicode().runes()
	switch {
	case e.Kinds.Has(Moved) && isMoved(near, protected, a):
		return 1, Moved, true
	case e.Kinds.Has(Transliteration) && b.used+b.record.used > 2 && isTransliterated(near, protected):
		return 1, Transliteration, true
	case e.Kinds.Has(Doubled) && isDoubled(near, protected, a):
		return 1, Doubled, true
	case edits == 2 && x.records.distance(at) > 1 && e.Kinds.Has(Multiple):
		return 2, Multiple, true
	case edits == 2 && e.Kinds.Has(Suffix) && isInSuffix(near, protected, a):
		return 2, Suffix, true
	}
	return 0, 0, false
}

// edits returns the number of edits between the suffix of the name that begins with a label and the record, if it is at most limit, and
// otherwise tooFar; and their kind.
func (b *Buffer) edits(label, limit int, keyboard Keyboard) (int, Kind) {
	best, kind := tooFar, Multiple
	for i := range b.used {
		for j := range b.record.used {
			near, protected := b.forms.forms[i].suffix(label), b.record.forms[j].runes()
			// Of equally near forms the last one counts: Unicode, which is what people type.
			if d := distance(near, protected, limit); d <= min(best, maxDistance) && !lacksLabel(near, protected) {
				best, kind = d, kindOf(near, protected, d, keyboard)
			}
		}
	}
	return best, kind
}

// keep adds a match, unless the entry's last one is at least as good: a better match is nearer, or as near with a number of labels
// closer to the protected suffix's. Matches come entry by entry, longer suffixes first.
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

func abs(n int) int { return max(n, -n) }
