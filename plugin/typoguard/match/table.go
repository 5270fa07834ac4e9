package match

// table maps keys to records: a hash table with open addressing and linear probing. A slot holds the tag of a key in its low half, and
// the position of the record plus one in its high half; 0 is an empty slot.
type table struct {
	slots []uint64
}

// newTable returns a table with room for a number of records.
func newTable(records int) table { return table{make([]uint64, records*7/5+1)} }

// add adds a record, for which newTable must have made room.
func (t *table) add(key uint64, at uint32) {
	i := t.start(key)
	for t.slots[i] != 0 {
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	t.slots[i] = uint64(at+1)<<32 | uint64(tag(key))
}

// start returns the slot from which to find a key.
func (t *table) start(key uint64) int { return reduce(key, len(t.slots)) }

// find returns the first record from a slot on that may have the key, and the slot after it. Records come in the order in which they
// were added; find reports false after the last.
func (t *table) find(key uint64, slot int) (at uint32, next int, ok bool) {
	for {
		content := t.slots[slot]
		if content == 0 {
			return 0, slot, false
		}
		if slot++; slot == len(t.slots) {
			slot = 0
		}
		if uint32(content) == tag(key) {
			return uint32(content>>32) - 1, slot, true
		}
	}
}

// tag returns the part of a key that a slot stores: the middle, because the high bits already determine the slot, and the low ones
// are weak.
func tag(key uint64) uint32 { return uint32(key >> 16) }
