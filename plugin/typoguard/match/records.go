package match

import "sort"

// records are the listed suffixes as one text, without a pointer for each, so that a million of them cost the garbage collector
// nothing. A record is a length and an anatomy, of one octet each, followed by so many octets of text; its position identifies it.
// The protected suffixes come first, in the order of the entries, followed by the allowed ones, whose anatomy is not needed.
type records struct {
	text    string
	groups  []group // of the protected suffixes
	allowed uint32  // the position of the first allowed suffix
}

// recordHead is the size of a record without its text.
const recordHead = 2

// group is a run of protected suffixes whose entries differ only in the suffix.
type group struct {
	end   int // the position after its last record
	entry Entry
}

// recordAt returns the text of the record at a position of records.
func recordAt(text string, at int) string {
	return text[at+recordHead : at+recordHead+int(text[at])]
}

// suffix returns the text of the record at a position.
func (r *records) suffix(at uint32) string { return recordAt(r.text, int(at)) }

// anatomy returns the anatomy of the protected suffix at a position.
func (r *records) anatomy(at uint32) anatomy { return anatomy(r.text[at+1]) }

// entry returns the entry of the protected suffix at a position, without the suffix.
func (r *records) entry(at uint32) *Entry {
	i := sort.Search(len(r.groups), func(i int) bool { return int(at) < r.groups[i].end })
	return &r.groups[i].entry
}

// distance returns the distance of the protected suffix at a position.
func (r *records) distance(at uint32) int {
	return min(r.entry(at).Distance, r.anatomy(at).maxDistance())
}

// search returns how many edits away a lookalike of the protected suffix at a position can be, of whatever kind.
func (r *records) search(at uint32) int {
	if r.entry(at).Kinds.Has(Suffix) {
		return r.anatomy(at).maxDistance()
	}
	return r.distance(at)
}

// each calls use with the position of every record.
func (r *records) each(use func(at uint32)) {
	for at := 0; at < len(r.text); at += recordHead + int(r.text[at]) {
		use(uint32(at))
	}
}
