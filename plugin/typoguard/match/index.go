package match

import "strings"

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
	// Prefixes are those of the kind Boundary; nil are the usual ones.
	Prefixes *Prefixes
	// Tag is for the caller: every match has the tag of its entry.
	Tag int
}

// Index answers lookups. It never changes, and any number of goroutines can use it, each with its own Buffer.
type Index struct {
	records     records
	bySkeleton  table                  // by skeleton, also of their transliterations
	near        [maxDistance]*segments // by distance less 1
	looks       *skeletons
	hash        *hasher
	reach       int       // longer suffixes are neither listed nor lookalikes
	doubled     int       // the most labels of a public suffix that can be Doubled, or 0 if none can
	doubledTops uint64    // the topBit of those of several labels
	bounded     int       // the same for Boundary
	prefixes    *Prefixes // all of the kind Boundary
	endings     endings
	byStem      table // of the records that can be under another TLD, by what is before their public suffix
	stemmed     int   // the most labels of that, or 0 if there are no such records
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

// Match is one protected suffix that a name looks like, and the place in the name where it does.
type Match struct {
	// Suffix and Tag are those of the entry.
	Suffix string
	Tag    int
	// Distance is the number of edits, or 0 for a homoglyph.
	Distance int
	Kind     Kind
	// Start is the offset, in the name as given, of the suffix that is near the protected one.
	Start int
	// Prefix is the part of that suffix before the missing dot, if the kind is Boundary.
	Prefix string

	entry uint32 // the position of its record
	gap   int    // by how many labels the suffix that is near differs from the protected one, 0 or 1
}

// Intended returns the name that a name was meant to be: with the suffix that is near replaced by the protected one.
func (m *Match) Intended(name string) string {
	above := strings.ToLower(name[:m.Start])
	if m.Prefix != "" {
		above += m.Prefix + "."
	}
	return above + m.Suffix
}

// Result is the result of a lookup.
type Result struct {
	// Listing is Protected or Allowed if the name equals or lies under such a suffix, and Suffix the longest one.
	Listing Listing
	Suffix  string
	// Matches are the protected suffixes that an unlisted name looks like, with every place where it does: the nearest
	// first, of equally near ones the longer (in octets), of equally long ones the entry given first, and of the places of
	// one entry the one with as many labels, then the one with more. They are valid until the buffer is used again.
	Matches []Match
}

// Compile builds an index. Suffixes are as ParseSuffix returns them; an entry that CheckProtectable refuses, or with
// a distance other than 1 and 2, is an error that names it. A suffix may repeat: every entry has matches of its own.
func Compile(protected []Entry, allowed []string, options ...Option) (*Index, error) {
	var b Builder
	for i := range protected {
		if err := protected[i].check(); err != nil {
			return nil, err
		}
		b.add(protected[i])
	}
	for _, suffix := range allowed {
		b.allowed.add(suffix, 0)
	}
	return b.Build(options...), nil
}

// Build builds the index of the suffixes that were added.
func (b *Builder) Build(options ...Option) *Index {
	h := newHasher()
	x := &Index{
		bySkeleton: newTable(b.protected.count + b.allowed.count + b.nonASCII),
		looks:      newSkeletons(func(rune) string { return "" }, h),
		hash:       h,
		endings:    newEndings(b.appended),
		byStem:     newTable(b.tld),
	}
	x.records = b.records()
	for i := range x.records.groups {
		x.admitPrefixes(&x.records.groups[i].entry)
	}
	for _, option := range options {
		option(x)
	}
	buffer := new(Buffer)
	x.records.each(func(at uint32) {
		b.step()
		x.admit(buffer, at)
	})
	if x.reach = max(x.reach, x.looks.longest); len(x.endings) > 0 || x.stemmed > 0 {
		x.reach = maxName // any public suffix can be behind a record, or in place of its own
	}
	h.cover(x.reach)
	for d := 1; d <= maxDistance; d++ {
		x.near[d-1] = newSegments(h, d, func(use func(at uint32, f *form)) { x.formsOf(buffer, d, b.step, use) })
	}
	return x
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
	if a := x.records.anatomy(at); a.public() > 0 {
		x.admitKinds(b.unicode(), a, at)
	}
}

// admitKinds prepares the index for the kinds of a record that have a search of their own.
func (x *Index) admitKinds(f *form, a anatomy, at uint32) {
	kinds := x.records.entry(at).Kinds
	if kinds.Has(Doubled) {
		x.admitDoubled(f, a)
	}
	if kinds.Has(Appended) {
		x.endings.add(x.hash, f)
	}
	if kinds.Has(Boundary) && a.canLoseBoundary(f) {
		x.admitBoundary(f.length, a)
	}
	if kinds.Has(TLD) {
		x.admitTLD(f, a, at)
	}
}

// formsOf calls use with the forms and sums of every protected suffix with a distance.
func (x *Index) formsOf(b *Buffer, distance int, step func(), use func(at uint32, f *form)) {
	x.records.each(func(at uint32) {
		step()
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
	if len(x.endings) > 0 {
		x.gatherAppended(b)
	}
	if x.bounded > 0 {
		x.gatherBoundary(b)
	}
	if x.stemmed > 0 {
		x.gatherTLD(b)
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
