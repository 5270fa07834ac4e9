package match

import "slices"

// rewrite is a text that a name or a suffix could have been written as instead, of which only the looks are kept.
type rewrite struct {
	looks  looks
	labels int
}

// begin empties the text.
func (w *rewrite) begin() { w.labels, w.looks[1] = 0, look{} }

// add adds characters to the text, before end.
func (w *rewrite) add(s *skeletons, text ...rune) {
	before := w.looks[w.labels+1]
	for _, r := range text {
		before = s.follow(before, r)
		if r == '.' {
			w.labels++
			w.looks[w.labels] = before
		}
	}
	w.looks[w.labels+1] = before
}

// end completes the text.
func (w *rewrite) end() {
	w.looks[0] = look{}
	w.labels++
}

// gatherRewritten adds to the buffer's hits every record that the buffer's rewritten name equals from one of its first labels on, and
// others with the same skeleton. The rewritten name begins with one label of the name, and the last of the first labels is before another.
func (x *Index) gatherRewritten(b *Buffer, first, labels int) {
	w := &b.rewrite
	for label := first; label < labels; label++ {
		key, ok := x.looks.key(&w.looks, w.labels, label-first)
		if !ok {
			continue
		}
		at, slot, ok := x.bySkeleton.find(key, x.bySkeleton.start(key))
		for ; ok; at, slot, ok = x.bySkeleton.find(key, slot) {
			if at < x.records.allowed {
				b.hits = append(b.hits, hit{at, uint8(label)})
			}
		}
	}
}

// transliterated returns how a letter is written where it cannot be typed, and whether there is such a way. These are the German and
// Scandinavian ones, and the deviations of IDNA 2003 from 2008 (UTS #46 section 2.3), of which the joiners were left out.
func transliterated(r rune) (string, bool) {
	switch r {
	case 'ä', 'æ':
		return "ae", true
	case 'ö', 'ø', 'œ':
		return "oe", true
	case 'ü':
		return "ue", true
	case 'ß':
		return "ss", true
	case 'å':
		return "aa", true
	case 'ς':
		return "σ", true
	case '\u200c', '\u200d':
		return "", true
	}
	return "", false
}

// transliterate makes the transliteration of a text the rewritten one.
func (w *rewrite) transliterate(s *skeletons, text []rune) {
	w.begin()
	for _, r := range text {
		letters, ok := transliterated(r)
		if !ok {
			w.add(s, r)
		}
		for _, letter := range letters {
			w.add(s, letter)
		}
	}
	w.end()
}

// gatherTransliterated adds to the buffer's hits every record with the same transliteration as a suffix of the name. Records are in the
// table by their transliterations, too; so a name needs to be rewritten only if it has letters outside ASCII.
func (x *Index) gatherTransliterated(b *Buffer) {
	b.rewrite.transliterate(x.looks, b.unicode().runes())
	x.gatherRewritten(b, 0, b.rewrite.labels)
}

// isTransliterated reports whether two texts have the same transliteration.
func isTransliterated(name, protected []rune) bool {
	var spaceA, spaceB [2 * maxName]rune // no letter is transliterated as more than two
	return slices.Equal(appendTransliterated(spaceA[:0], name), appendTransliterated(spaceB[:0], protected))
}

func appendTransliterated(dst, text []rune) []rune {
	for _, r := range text {
		letters, ok := transliterated(r)
		if !ok {
			dst = append(dst, r)
		}
		for _, letter := range letters {
			dst = append(dst, letter)
		}
	}
	return dst
}
