package match

// The seeds of keys say which part of a record a key covers. They distinguish equal segments in different places.
const (
	firstHalf uint64 = iota + 1
	secondHalf
	allLetters
	segments12
	segments13
	segments14
	segments23
	segments24
	segments34
)

// key returns the key of one or two segments of a record of some length.
func key(seed uint64, length int, first, second uint64) uint64 {
	return mix(first*0xd6e8feb86659fd93 + second + (seed<<8|uint64(length))*0xa0761d6478bd642f)
}

// view is a suffix of a name for comparison with records of one length.
type view struct {
	h      *hasher
	f      *form
	start  int // of the suffix, in the form
	length int // of the records
	moved  int // how much longer the suffix is, which is how far a record's end has moved

	letters uint64 // of the suffix
}

// span returns the hash of the text between two positions of a record, moved by an offset.
func (v *view) span(from, to, moved int) uint64 {
	return v.h.span(v.f, v.start+from+moved, v.start+to+moved)
}

// at returns the character at a position of a record, moved by an offset.
func (v *view) at(position, moved int) uint64 { return uint64(v.f.chars[v.start+position+moved]) }

// lastSwapped returns the hash of a span with its last character swapped with the next one.
func (v *view) lastSwapped(span uint64, to, moved int) uint64 {
	return span - v.at(to-1, moved) + v.at(to, moved)
}

// firstSwapped returns the hash of a span with its first character swapped with the one before it.
func (v *view) firstSwapped(span uint64, from, to, moved int) uint64 {
	return span + (v.at(from-1, moved)-v.at(from, moved))*v.h.powers[to-from-1]
}

// maxKeys is the highest number of keys from pairs.
const maxKeys = 16

// halves makes the keys of records within one edit: the edit is in the second half, or in the first, or it is a transposition
// across the cut, which leaves the letters and the labels the same. So does a letter that is moved across the cut.
func (v *view) halves(cuts *cuts, keys *[maxKeys]uint64, sameLabels bool) int {
	_, c, _ := cuts.at(v.length)
	keys[0] = key(firstHalf, v.length, v.span(0, c, 0), 0)
	keys[1] = key(secondHalf, v.length, v.span(c, v.length, v.moved), 0)
	if v.moved != 0 || !sameLabels {
		return 2
	}
	keys[2] = key(allLetters, v.length, v.letters, 0)
	return 3
}

// pairs makes the keys of records within two edits.
func (v *view) pairs(cuts *cuts, keys *[maxKeys]uint64) int {
	c1, c2, c3 := cuts.at(v.length)
	n, d := v.length, v.moved
	s1, s2, s3, s4 := v.span(0, c1, 0), v.span(c1, c2, 0), v.span(c2, c3, d), v.span(c3, n, d)
	keys[0] = key(segments12, n, s1, s2)
	keys[1] = key(segments34, n, s3, s4)
	keys[2] = key(segments14, n, s1, s4)
	made := 3
	// A swap at a cut and one more edit: after the swap for the first two, before it for the last two. With a swap elsewhere,
	// or the other edit on the other side, another pair is intact.
	if -1 <= d && d <= 1 {
		keys[3] = key(segments12, n, v.lastSwapped(s1, c1, 0), v.firstSwapped(s2, c1, c2, 0))
		keys[4] = key(segments12, n, s1, v.lastSwapped(s2, c2, 0))
		keys[5] = key(segments34, n, v.lastSwapped(s3, c3, d), v.firstSwapped(s4, c3, n, d))
		keys[6] = key(segments34, n, v.firstSwapped(s3, c2, c3, d), s4)
		made = 7
	}
	// The other pairs have an edit before, between or after them that moves the rest by at most one place. Without an edit in one
	// of these places, a pair above is intact.
	for m := max(-1, d-1); m <= min(1, d+1); m++ {
		s2, s3 := v.span(c1, c2, m), v.span(c2, c3, m)
		keys[made] = key(segments13, n, s1, s3)
		keys[made+1] = key(segments23, n, s2, s3)
		keys[made+2] = key(segments24, n, s2, s4)
		made += 3
	}
	return made
}
