package policy

import (
	"strings"

	"golang.org/x/net/idna"
)

// tailBits is the size of the set. Of other names, one in a hundred looks like a tail with 1,000 protected domains, one in ten with 10,000, and
// nearly all with 1,000,000. That costs no more than a cache's entry, and a larger set would have to be waited for.
const tailBits = 1 << 20

// tails knows the ends of protected suffixes that begin within a label. A lookalike with a dot more lies below such an end, which no policy
// covers: hot.mail.com, for hotmail.com, below mail.com. It is a set of hashes, and may take another name for a tail, never a tail for another
// name.
type tails [tailBits / 64]uint64

// add adds the tails of a suffix, which is in Unicode.
func (t *tails) add(suffix string) {
	hash := tailHash(0)
	for i := len(suffix) - 1; i > 0; i-- {
		hash = hash.before(suffix[i])
		if suffix[i] != '.' && suffix[i-1] != '.' {
			at := hash.bit()
			t[at/64] |= 1 << (at % 64)
		}
	}
}

// has reports whether a name, in lower case and without the final dot, is a tail.
func (t *tails) has(name string) bool {
	name = inUnicode(name)
	hash := tailHash(0)
	for i := len(name) - 1; i >= 0; i-- {
		hash = hash.before(name[i])
	}
	at := hash.bit()
	return t[at/64]&(1<<(at%64)) != 0
}

// tailHash is the hash of the end of a name. It grows to the left.
type tailHash uint64

// before returns the hash of an end with an octet more, FNV-1a.
func (h tailHash) before(octet byte) tailHash { return ((h ^ tailHash(octet)) + 1) * 1099511628211 }

// bit returns the number of the bit for an end.
func (h tailHash) bit() uint64 { return (uint64(h) * 0x9e3779b97f4a7c15 >> 32) % tailBits }

// inUnicode returns a name with its labels in Unicode, where they have such a form.
func inUnicode(name string) string {
	if strings.Contains(name, "xn--") {
		if decoded, err := idna.Punycode.ToUnicode(name); err == nil {
			return decoded
		}
	}
	return name
}
