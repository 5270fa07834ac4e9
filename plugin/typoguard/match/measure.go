package match

import (
	"cmp"
	"slices"
	"strings"
)

// measure turns the buffer's hits into matches: it compares each pair of an entry and a suffix of the name.
func (x *Index) measure(b *Buffer) {
	slices.SortFunc(b.hits, func(m, n hit) int { return cmp.Or(cmp.Compare(m.at, n.at), cmp.Compare(m.label, n.label)) })
	for _, h := range slices.Compact(b.hits) {
		if m, ok := x.compare(b, h.at, int(h.label)); ok {
			b.matches = append(b.matches, m)
		}
	}
	slices.SortFunc(b.matches, func(m, n Match) int {
		return cmp.Or(cmp.Compare(m.Distance, n.Distance), cmp.Compare(len(n.Suffix), len(m.Suffix)), cmp.Compare(m.entry, n.entry),
			cmp.Compare(m.gap, n.gap), cmp.Compare(m.Start, n.Start))
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
	if m.Distance, m.Kind, ok = x.difference(b, at, label, m.gap); m.Kind == Boundary {
		m.Prefix = e.Prefixes.lostBoundary(b.unicode().suffix(label), b.record.unicode(), x.records.anatomy(at))
	}
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
	case e.Kinds.Has(Appended) && b.isAppended(label, a):
		return 1, Appended, true
	case e.Kinds.Has(Boundary) && e.Prefixes.lostBoundary(near, b.record.unicode(), a) != "":
		return 1, Boundary, true
	case edits == 2 && x.records.distance(at) > 1 && e.Kinds.Has(Multiple):
		return 2, Multiple, true
	case edits == 2 && e.Kinds.Has(Suffix) && isInSuffix(near, protected, a):
		return 2, Suffix, true
	case e.Kinds.Has(TLD) && b.isOtherTLD(label, a):
		return 2, TLD, true
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

func abs(n int) int { return max(n, -n) }
