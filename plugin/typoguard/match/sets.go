package match

import "math/bits"

// charSet is a set of characters: a bit for each letter, for the hyphen and the dot, and for a few digits each; those that
// are not ASCII share the bits of all.
type charSet uint32

func charBit(r rune) charSet {
	switch {
	case 'a' <= r && r <= 'z':
		return 1 << (r - 'a')
	case '0' <= r && r <= '9':
		return 1 << (26 + (r-'0')&1)
	case r == '-':
		return 1 << 28
	case r == '.':
		return 1 << 29
	}
	return 1 << (r & 31)
}

// differences returns how many characters are in one set only.
func (s charSet) differences(t charSet) int { return bits.OnesCount32(uint32(s ^ t)) }

// charsOf returns the characters of a text.
func charsOf(s []rune) charSet {
	var set charSet
	for _, r := range s {
		set |= charBit(r)
	}
	return set
}

// lengthSet is a set of lengths up to maxName, each as the bit maxDistance places above it.
type lengthSet [5]uint64

func (l *lengthSet) add(n int) { l[(n+maxDistance)>>6] |= 1 << ((n + maxDistance) & 63) }

// near returns the lengths from n-maxDistance to n+maxDistance that are in the set, each as a bit, the least first.
func (l *lengthSet) near(n int) uint {
	word, bit := n>>6, n&63
	return uint(l[word]>>bit|l[word+1]<<(64-bit)) & (1<<(2*maxDistance+1) - 1)
}

// nearLengths are the lengths of records by how many labels they have more than a suffix. With another number of labels,
// one edit makes or unmakes a dot.
type nearLengths struct {
	fewer, same, more lengthSet
}

// near returns the lengths of all records that can be within a distance of a suffix of n characters, and of those that
// have as many labels, as lengthSet.near does.
func (l *nearLengths) near(distance, n int) (all, same uint) {
	const as = 1 << maxDistance // as many characters
	switch same = l.same.near(n); distance {
	case 1:
		same &= as>>1 | as | as<<1
		return same | l.fewer.near(n)&(as>>1|as) | l.more.near(n)&(as|as<<1), same
	default: // two edits that both add, or both take, cannot change the number of dots the other way
		return same | l.fewer.near(n)&^(as<<2) | l.more.near(n)&^(as>>2), same
	}
}
