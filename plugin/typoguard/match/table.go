package match

// table finds records by key: a hash table with open addressing and linear probing. A slot is the low half of a key and,
// above it, the position of the record plus one; 0 is an empty slot.
type table struct {
	slots []uint64
}

// newTable returns a table for so many records.
func newTable(records int) table { return table{make([]uint64, records*7/5+1)} }

// add puts a record into the table. There is room for as many as newTable was told.
func (t *table) add(key uint64, at uint32) {
	i := reduce(key, len(t.slots))
	for t.slots[i] != 0 {
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	t.slots[i] = uint64(at+1)<<32 | key&0xffffffff
}

// find appends to dst the records that may have the key, in the order in which they were added.
func (t *table) find(dst []uint32, key uint64) []uint32 {
	for i := reduce(key, len(t.slots)); t.slots[i] != 0; {
		if slot := t.slots[i]; uint32(slot) == uint32(key) {
			dst = append(dst, uint32(slot>>32)-1)
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	return dst
}
