package match

import (
	"sort"
	"strings"
)

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

// newRecords returns records of entries and allowed suffixes.
func newRecords(protected []Entry, allowed []string) records {
	var text strings.Builder
	text.Grow(textLength(protected, allowed))
	var r records
	add := func(suffix string, a anatomy) {
		text.WriteByte(byte(len(suffix)))
		text.WriteByte(byte(a))
		text.WriteString(suffix)
	}
	for _, e := range protected {
		add(e.Suffix, anatomyOf(e.Suffix))
		e.Suffix = ""
		if last := len(r.groups) - 1; last >= 0 && r.groups[last].entry == e {
			r.groups[last].end = text.Len()
		} else {
			r.groups = append(r.groups, group{text.Len(), e})
		}
	}
	r.allowed = uint32(text.Len())
	for _, suffix := range allowed {
		add(suffix, 0)
	}
	r.text = text.String()
	return r
}

// textLength returns the size of records in octets.
func textLength(protected []Entry, allowed []string) int {
	n := recordHead * (len(protected) + len(allowed))
	for _, e := range protected {
		n += len(e.Suffix)
	}
	for _, suffix := range allowed {
		n += len(suffix)
	}
	return n
}

// suffix returns the text of the record at a position.
func (r *records) suffix(at uint32) string {
	length := uint32(r.text[at])
	return r.text[at+recordHead : at+recordHead+length]
}

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
