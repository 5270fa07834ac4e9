package match

import (
	"cmp"
	"math/bits"
	"slices"
)

// neighbours finds the entries of one distance that a suffix may be near. It never misses one; what it names must still
// be measured.
type neighbours struct {
	distance int
	// worth tells by a suffix's labels which lengths, in characters, an entry can be near.
	worth [maxLabels + 1]lengths
	// Keys in ascending order, and with each the form that has it. The keys that start with the bits b are those from
	// directory[b] to directory[b+1].
	keys      []uint64
	forms     []uint32
	directory []uint32
	shift     int
	// filter is a Bloom filter of the keys, each with two bits of one word: nearly every key that is looked for is not
	// there, and the filter says so within the processor's cache.
	filter      []uint64
	filterShift int
}

// lengths is a set of lengths from 0 to 255.
type lengths [4]uint64

func (l *lengths) add(n int)      { l[n>>6] |= 1 << (n & 63) }
func (l *lengths) has(n int) bool { return l[n>>6]&(1<<(n&63)) != 0 }

// newNeighbours indexes those of x's entries that have the distance.
func (x *Index) newNeighbours(distance int) neighbours {
	n := neighbours{distance: distance}
	type keyed struct {
		key  uint64
		form uint32
	}
	var all []keyed
	var sums []uint64
	var space keySpace
	for id, form := range x.forms {
		if form == nil || x.entries[id/2].Distance != distance {
			continue
		}
		n.admit(form)
		sums = x.hash.sum(sums, form)
		x.hash.deletions(form, sums, distance, &space, func(keys []uint64) {
			for _, key := range keys {
				all = append(all, keyed{key, uint32(id)})
			}
		})
	}
	slices.SortFunc(all, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.form, b.form)) })
	all = slices.Compact(all)
	n.keys, n.forms = make([]uint64, len(all)), make([]uint32, len(all))
	width := bits.Len(uint(len(all)))
	n.shift, n.filterShift = 64-width, 64-max(width-2, 0) // a word of the filter for some three keys
	n.directory = make([]uint32, 1<<width+1)
	n.filter = make([]uint64, 1<<max(width-2, 0))
	for i, k := range all {
		n.keys[i], n.forms[i] = k.key, k.form
		n.directory[k.key>>n.shift+1]++
		n.filter[k.key>>n.filterShift] |= filterBits(k.key)
	}
	for i := 1; i < len(n.directory); i++ {
		n.directory[i] += n.directory[i-1]
	}
	return n
}

// filterBits returns the bits of a key in its word of the filter.
func filterBits(key uint64) uint64 { return 1<<(key&63) | 1<<(key>>6&63) }

// admit notes that suffixes of about as many labels and characters as a form of an entry are worth looking for.
func (n *neighbours) admit(form []rune) {
	labels, length := 1, len(form)
	for _, r := range form {
		if r == '.' {
			labels++
		}
	}
	for l := max(labels-1, 1); l <= min(labels+1, maxLabels); l++ {
		for c := max(length-n.distance, 0); c <= length+n.distance; c++ {
			n.worth[l].add(c)
		}
	}
}

// gather adds to the buffer's hits every entry that shares a key with a suffix of the given form of the name.
func (n *neighbours) gather(h *hasher, b *Buffer, form int) {
	if len(n.keys) == 0 {
		return
	}
	f := &b.forms[form]
	for label, start := range f.starts {
		if !n.worth[len(f.starts)-label].has(len(f.runes) - start) {
			continue
		}
		h.deletions(f.runes[start:], f.sums[start:], n.distance, &b.keys, func(keys []uint64) {
			for _, key := range keys {
				if set := filterBits(key); n.filter[key>>n.filterShift]&set == set {
					n.probe(b, key, label, form)
				}
			}
		})
	}
}

// probe adds a hit for every form of an entry that has the key.
func (n *neighbours) probe(b *Buffer, key uint64, label, form int) {
	slot := key >> n.shift
	for i := n.directory[slot]; i < n.directory[slot+1]; i++ {
		if n.keys[i] == key {
			b.hits = append(b.hits, newHit(n.forms[i], label, form))
		}
	}
}

// hit is a form of an entry and a form of a suffix of the name that share a key, packed so that the hits of one entry,
// and of one entry and suffix, sort together.
type hit uint64

// newHit packs a hit on Index.forms[protected] by the suffix that starts with a label of Buffer.forms[form].
func newHit(protected uint32, label, form int) hit {
	entry, entryForm := hit(protected>>1), hit(protected&1)
	return entry<<16 | hit(label)<<8 | hit(form)<<1 | entryForm
}

func (h hit) entry() int     { return int(h >> 16) }
func (h hit) label() int     { return int(h >> 8 & 0xff) }
func (h hit) form() int      { return int(h >> 1 & 1) }
func (h hit) protected() int { return h.entry()*2 + int(h&1) }

// pair is the same for hits of the same entry and suffix.
func (h hit) pair() hit { return h >> 8 }
