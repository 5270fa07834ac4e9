package match

import (
	"slices"
	"strings"
)

// A name is Doubled if it is the protected suffix
//   - with its registrable label written twice without a dot in between: gmailgmail.com;
//   - or with its public suffix, or labels of it that follow each other, written twice or three times: web.de.de, docomo.ne.jp.jp.
//
// A suffix that is a public suffix itself has neither.

const (
	// minDoubled is the length of a registrable label from which it can be doubled.
	minDoubled = 3
	// maxRepeats is how often labels of the public suffix are repeated at most.
	maxRepeats = 2
)

// admitDoubled prepares the index for a record that can be doubled. All of its public suffix, as often as it can be there, must be
// within the index's reach; what is before that is read only if the name may be doubled.
func (x *Index) admitDoubled(f *form, a anatomy) {
	_, end := a.parts(f.runes())
	if x.doubled = max(x.doubled, a.public()); a.public() > 1 {
		x.doubledTops |= f.topBit()
	}
	x.reach = max(x.reach, (1+maxRepeats)*(f.length-end))
}

// topBit is a bit for the last label: different ones for most top-level domains.
func (f *form) topBit() uint64 {
	start := f.starts[f.labels-1]
	return 1 << ((uint64(f.chars[start])*5 + uint64(f.length) - uint64(start)) & 63)
}

// mayBeDoubled reports whether something in a name, which the buffer has read, may be doubled. It errs rarely, never misses one, and
// decides about nearly every name by a few characters. The last labels can be of the public suffix, the one before them the
// registrable label.
func (x *Index) mayBeDoubled(b *Buffer, name string) bool {
	f := b.unicode()
	if last := f.labels - 1; last > 0 {
		if f.maySquare(last - 1) {
			return true
		}
		if (last > 1 || b.isCut()) && (f.mayRepeat(last-1, 1) || x.doubledTops&f.topBit() != 0 && x.mayBeDoubledAbove(f)) {
			return true
		}
	}
	return b.isCut() && f.labels <= x.doubled && endsInSquare(name[:b.cut-1])
}

// mayBeDoubledAbove does so for labels other than the last two, which matter below the top-level domains of public suffixes of several
// labels.
func (x *Index) mayBeDoubledAbove(f *form) bool {
	for label := max(0, f.labels-1-x.doubled); label < f.labels-2; label++ {
		if f.maySquare(label) || f.mayRepeat(label, 1) {
			return true
		}
	}
	for run := 2; run <= x.doubled; run++ {
		for label := max(0, f.labels-x.doubled-run); label+2*run <= f.labels; label++ {
			if f.mayRepeat(label, run) {
				return true
			}
		}
	}
	return false
}

// maySquare reports whether a label may be a square, by two pairs of its letters. That they differ can be predicted.
func (f *form) maySquare(label int) bool {
	first, second := int(f.starts[label]), int(f.starts[label+1])
	half := (second - first - 1) / 2
	if half < minDoubled {
		return false
	}
	return (f.chars[first]^f.chars[first+half])|(f.chars[first+1]^f.chars[first+half+1]) == 0
}

// mayRepeat reports whether a run of labels may be followed by the same ones.
func (f *form) mayRepeat(label, run int) bool {
	first, second, end := f.starts[label], f.starts[label+run], f.starts[label+2*run]
	return second-first == end-second && f.chars[first] == f.chars[second]
}

// endsInSquare reports whether the last label of a text may be another one written twice.
func endsInSquare(text string) bool {
	label := text
	if strings.IndexByte(text, '.') >= 0 { // much faster than the search from the end, and mostly there is none
		label = text[strings.LastIndexByte(text, '.')+1:]
	}
	half := len(label) / 2
	return half >= minDoubled && label[0]|0x20 == label[half]|0x20 && strings.EqualFold(label[:half], label[half:])
}

// readWhole reads a name again of which labels are beyond the index's reach, and corrects the labels of the buffer's hits.
func (b *Buffer) readWhole(name string, looks *skeletons) {
	if !b.isCut() {
		return
	}
	labels := b.unicode().labels
	b.read(name, maxName, looks)
	for i := range b.hits {
		b.hits[i].label += uint8(b.unicode().labels - labels)
	}
}

// isCut reports whether labels of the name were beyond the index's reach.
func (b *Buffer) isCut() bool { return b.plain && b.cut > 0 }

// gatherDoubled adds to the buffer's hits every record that the name can be if something in it is doubled.
func (x *Index) gatherDoubled(b *Buffer) {
	f := b.unicode()
	for label := max(0, f.labels-1-x.doubled); label < f.labels-1; label++ {
		if text := f.label(label); isSquare(text) {
			x.gatherWithout(b, label+1, f.starts[label], f.starts[label]+uint8(len(text)/2))
		}
	}
	for run := 1; run <= x.doubled; run++ {
		for label := max(1, f.labels-x.doubled-run); label+2*run <= f.labels; label++ {
			if !f.repeats(label, run) {
				continue
			}
			x.gatherWithout(b, label, f.starts[label], f.starts[label+run])
			if before := label - run; before > 0 && f.repeats(before, run) {
				x.gatherWithout(b, before, f.starts[before], f.starts[label+run])
			}
		}
	}
}

// gatherWithout adds to the buffer's hits every record that the name equals from one of its first labels on, without a part. It does not
// look from where the rest is longer than any record.
func (x *Index) gatherWithout(b *Buffer, labels int, from, to uint8) {
	f, w := b.unicode(), &b.rewrite
	first := 0
	for first < labels-1 && f.length-int(f.starts[first])-int(to-from) > x.reach {
		first++
	}
	text := f.runes()
	w.begin()
	w.add(x.looks, text[f.starts[first]:from]...)
	w.add(x.looks, text[to:]...)
	w.end()
	x.gatherRewritten(b, first, labels)
}

// isSquare reports whether a label is another one of at least minDoubled characters, written twice.
func isSquare(label []rune) bool {
	half := len(label) / 2
	return half >= minDoubled && slices.Equal(label[:half], label[half:])
}

// repeats reports whether a run of labels is followed by the same ones.
func (f *form) repeats(label, run int) bool {
	first, second, end := f.starts[label], f.starts[label+run], f.starts[label+2*run]
	return second-first == end-second && slices.Equal(f.chars[first:second-1], f.chars[second:end-1])
}

// isDoubled reports whether a name is a protected suffix with something doubled.
func isDoubled(name, protected []rune, a anatomy) bool {
	if a.public() == 0 || len(name) <= len(protected) {
		return false
	}
	start, end := a.parts(protected)
	if !slices.Equal(name[:end], protected[:end]) {
		return false
	}
	if slices.Equal(name[end:], protected[start:]) {
		return end-start >= minDoubled
	}
	return isRepeated(name[end:], protected[end:])
}

// isRepeated reports whether a text is a public suffix with a run of its labels repeated. Both begin with a dot.
func isRepeated(text, public []rune) bool {
	extra := len(text) - len(public)
	for from := range public {
		if public[from] != '.' {
			continue
		}
		for to := from + 1; to <= len(public); to++ {
			if to < len(public) && public[to] != '.' {
				continue
			}
			if slices.Equal(text[:to], public[:to]) && slices.Equal(text[to+extra:], public[to:]) && consistsOf(text[to:to+extra], public[from:to]) {
				return true
			}
		}
	}
	return false
}

// consistsOf reports whether a text is a part, once or up to maxRepeats times.
func consistsOf(text, part []rune) bool {
	if len(text)%len(part) != 0 || len(text) > maxRepeats*len(part) {
		return false
	}
	for ; len(text) > 0; text = text[len(part):] {
		if !slices.Equal(text[:len(part)], part) {
			return false
		}
	}
	return true
}
