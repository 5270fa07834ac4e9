package match

import "slices"

// A name has another TLD if it is a protected domain under another public suffix of the ICANN part of the Public Suffix List: example.com
// for example.de, example.uk for example.co.uk. What is registered must be the same label: co.uk, where others register, is no typo of
// co.de. A protected suffix that is a public suffix itself has no such names.

// stem returns the key of the text from a label on to the one before another.
func (h *hasher) stem(f *form, label, end int) uint64 {
	return mix(h.span(f, int(f.starts[label]), int(f.starts[end])-1))
}

// admitTLD prepares the index for a record that can be under another public suffix.
func (x *Index) admitTLD(f *form, a anatomy, at uint32) {
	end := f.labels - a.public()
	x.hash.cover(f.length)
	x.byStem.add(x.hash.stem(f, 0, end), at)
	x.stemmed = max(x.stemmed, end)
}

// gatherTLD adds to the buffer's hits every record that the name is, or lies under, but for some last labels.
func (x *Index) gatherTLD(b *Buffer) {
	f := b.unicode()
	for end := f.labels - 1; end > 0 && f.labels-end <= maxPublic; end-- {
		for label := max(0, end-x.stemmed); label < end; label++ {
			key := x.hash.stem(f, label, end)
			at, slot, ok := x.byStem.find(key, x.byStem.start(key))
			for ; ok; at, slot, ok = x.byStem.find(key, slot) {
				b.hits = append(b.hits, hit{at, uint8(label)})
			}
		}
	}
}

// isOtherTLD reports whether the suffix of the name that begins with a label is the record under another public suffix.
func (b *Buffer) isOtherTLD(label int, a anatomy) bool {
	if a.public() == 0 {
		return false
	}
	near, protected := b.unicode().suffix(label), b.record.unicode().runes()
	_, dot := a.parts(protected)
	if len(near) <= dot+1 || !slices.Equal(near[:dot+1], protected[:dot+1]) {
		return false
	}
	return b.whole.publicLabels(b.forms.forms[0].suffix(label)) == countLabels(near[dot+1:])
}
