package match

import (
	"slices"
	"strings"
)

// A name is Appended if it is a protected domain, followed by a public suffix of the ICANN part of the Public Suffix List: army.mil.com,
// gmail.com.br. A protected suffix that is a public suffix itself has no such names.

// maxPublic is the most labels of a public suffix.
const maxPublic = 4

// endings is a Bloom filter, with one bit each, of the last two labels of records. Nearly no name has those of one before its own
// public suffix, so that nearly none needs to be looked up without it.
type endings []uint64

// newEndings returns a filter for a number of records that can be Appended, or none if there are no such records.
func newEndings(records int) endings {
	return make(endings, (records+1)/2) // 32 bits for each
}

// add adds the last two labels of a form, which must have its sums.
func (e endings) add(h *hasher, f *form) {
	h.cover(f.length)
	i := e.bit(h.span(f, int(f.starts[f.labels-2]), f.length))
	e[i/64] |= 1 << (i % 64)
}

// mayHave reports whether two labels may have been added.
func (e endings) mayHave(sum uint64) bool {
	i := e.bit(sum)
	return e[i/64]&(1<<(i%64)) != 0
}

func (e endings) bit(sum uint64) int { return reduce(mix(sum), 64*len(e)) }

// gatherAppended adds to the buffer's hits every record that the name is, or lies under, without some last labels.
func (x *Index) gatherAppended(b *Buffer) {
	f := b.unicode()
	for end := f.labels - 1; end > 1 && f.labels-end <= maxPublic; end-- {
		dot := f.starts[end] - 1
		if x.endings.mayHave(x.hash.span(f, int(f.starts[end-2]), int(dot))) {
			x.gatherWithout(b, end, dot, uint8(f.length))
		}
	}
}

// isAppended reports whether the suffix of the name that begins with a label is the record followed by a public suffix.
func (b *Buffer) isAppended(label int, a anatomy) bool {
	near, protected := b.unicode().suffix(label), b.record.unicode()
	dot := protected.length
	return a.public() > 0 && len(near) > dot+1 && near[dot] == '.' && slices.Equal(near[:dot], protected.runes()) &&
		b.isPublic(b.forms.forms[0].suffix(label+protected.labels))
}

// ending is a text, and the number of labels of its public suffix, in the ICANN part of the Public Suffix List: 0 if it has none.
type ending struct {
	text   string
	labels int
}

// isPublic reports whether a text, as it is on the wire, is a public suffix.
func (b *Buffer) isPublic(text []rune) bool {
	labels := b.ending.publicLabels(text)
	return labels > 0 && labels == countLabels(text)
}

// publicLabels returns the number of labels of the public suffix of a text, as it is on the wire. It remembers the last one: behind
// protected domains there often is another suffix, from the search list of a stub resolver, which is always the same.
func (e *ending) publicLabels(text []rune) int {
	if !equalText(text, e.text) {
		*e = newEnding(text)
	}
	return e.labels
}

// countLabels returns the number of labels of a text.
func countLabels(text []rune) int {
	n := 1
	for _, r := range text {
		if r == '.' {
			n++
		}
	}
	return n
}

func newEnding(text []rune) ending {
	ascii := make([]byte, len(text))
	for i, r := range text {
		if r > '~' {
			return ending{}
		}
		ascii[i] = byte(r)
	}
	e := ending{text: string(ascii)}
	if public, isICANN := publicSuffix(e.text); isICANN {
		e.labels = strings.Count(public, ".") + 1
	}
	return e
}
