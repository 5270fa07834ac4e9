package match

import (
	"sort"
	"strings"
)

// records are the listed suffixes as one text, without a pointer for each, so that a million of them cost the garbage collector
// nothing. A record is a length, in one octet, followed by that many octets of text; its position identifies it. The protected
// suffixes come first, in the order of the entries, followed by the allowed ones.
type records struct {
	text    string
	groups  []group // of the protected suffixes
	allowed uint32  // the position of the first allowed suffix
}

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
	add := func(suffix string) {
		text.WriteByte(byte(len(suffix)))
		text.WriteString(suffix)
	}
	for _, e := range protected {
		add(e.Suffix)
		e.Suffix = ""
		if last := len(r.groups) - 1; last >= 0 && r.groups[last].entry == e {
			r.groups[last].end = text.Len()
		} else {
			r.groups = append(r.groups, group{text.Len(), e})
		}
	}
	r.allowed = uint32(text.Len())
	for _, suffix := range allowed {
		add(suffix)
	}
	r.text = text.String()
	return r
}

// textLength returns the size of records in octets.
func textLength(protected []Entry, allowed []string) int {
	n := len(protected) + len(allowed)
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
	return r.text[at+1 : at+1+length]
}

// entry returns the entry of the protected suffix at a position, without the suffix.
func (r *records) entry(at uint32) *Entry {
	i := sort.Search(len(r.groups), func(i int) bool { return int(at) < r.groups[i].end })
	return &r.groups[i].entry
}

// distance returns the distance of the protected suffix at a position.
func (r *records) distance(at uint32) int {
	return min(r.entry(at).Distance, MaxDistance(r.suffix(at)))
}

// each calls use with the position of every record.
func (r *records) each(use func(at uint32)) {
	for at := 0; at < len(r.text); at += 1 + int(r.text[at]) {
		use(uint32(at))
	}
}
