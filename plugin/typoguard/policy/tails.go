package policy

import (
	"math/bits"
	"strings"

	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/pace"
)

// bitsPerTail makes one name in four that is no tail look like one if all tails differ. That costs no more than a cache's entry.
const bitsPerTail = 4

// leastTailBits is what a few suffixes have, so that hardly any name looks like one of their tails.
const leastTailBits = 1 << 16

// tails knows the ends of protected suffixes that begin within a label. A lookalike with a dot more lies below such an end, which no policy
// covers: hot.mail.com, for hotmail.com, below mail.com. It is a set of hashes, and may take another name for a tail, never a tail for another
// name.
type tails []uint64

// newTails returns the tails of all protected suffixes.
func newTails(suffixes []Suffixes, p *pace.Pace) tails {
	count := 0
	for i := range suffixes {
		for s := range suffixes[i].Protected.All() {
			p.Step()
			count += len(s.Name)
		}
	}
	t := make(tails, max(leastTailBits, count*bitsPerTail)/64)
	for i := range suffixes {
		for s := range suffixes[i].Protected.All() {
			p.Step()
			t.add(inUnicode(s.Name))
		}
	}
	return t
}

// add adds the tails of a suffix, in Unicode.
func (t tails) add(suffix string) {
	hash := tailHash(0)
	for i := len(suffix) - 1; i > 0; i-- {
		hash = hash.before(suffix[i])
		if suffix[i] != '.' && suffix[i-1] != '.' {
			at := t.bit(hash)
			t[at/64] |= 1 << (at % 64)
		}
	}
}

// has reports whether a name, in lower case and without the final dot, is a tail.
func (t tails) has(name string) bool {
	name = inUnicode(name)
	hash := tailHash(0)
	for i := len(name) - 1; i >= 0; i-- {
		hash = hash.before(name[i])
	}
	at := t.bit(hash)
	return t[at/64]&(1<<(at%64)) != 0
}

func (t tails) bit(hash tailHash) uint64 {
	high, _ := bits.Mul64(uint64(hash)*0x9e3779b97f4a7c15, uint64(len(t)*64))
	return high
}

// tailHash is the hash of the end of a name. It grows to the left.
type tailHash uint64

// before returns the hash of an end with an octet more, FNV-1a.
func (h tailHash) before(octet byte) tailHash { return ((h ^ tailHash(octet)) + 1) * 1099511628211 }

// inUnicode returns a name with its labels in Unicode, where they have such a form.
func inUnicode(name string) string {
	if strings.Contains(name, "xn--") {
		if decoded, err := idna.Punycode.ToUnicode(name); err == nil {
			return decoded
		}
	}
	return name
}
