package match

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// Builder collects the suffixes of an index one by one: all entries of a list of millions at once would be several times as large as the
// index. The zero value is ready to use.
type Builder struct {
	// Step is called again and again while the index is built, so that long work can make room for other work; nil does nothing.
	Step func()

	protected, allowed list
	groups             []group
	nonASCII           int // protected suffixes with A-labels, which may thus have a transliteration
	appended, tld      int // those with these kinds
}

// Protect adds a suffix, as ParseSuffix returns it. It reports false for one that was added before with the same tag; entries of one tag
// follow each other. One that CheckProtectable refuses, or with a distance other than 1 and 2, is an error that names it.
func (b *Builder) Protect(e Entry) (added bool, err error) {
	if err := e.check(); err != nil {
		return false, err
	}
	if b.protected.has(e.Suffix, e.Tag) {
		return false, nil
	}
	b.add(e)
	return true, nil
}

// Allow adds an allowed suffix in the same form. It reports false for one that was added before with the same tag.
func (b *Builder) Allow(suffix string, tag int) (added bool) {
	if b.allowed.has(suffix, tag) {
		return false
	}
	b.allowed.add(suffix, 0)
	return true
}

// check returns an error for an entry that cannot be protected.
func (e *Entry) check() error {
	if err := CheckProtectable(e.Suffix); err != nil {
		return fmt.Errorf("%q: %w", e.Suffix, err)
	}
	if e.Distance < 1 || e.Distance > maxDistance {
		return fmt.Errorf("%q: distance %d, expected 1 or 2", e.Suffix, e.Distance)
	}
	return nil
}

// add adds an entry, which has been checked.
func (b *Builder) add(e Entry) {
	if strings.Contains(e.Suffix, "xn--") {
		b.nonASCII++
	}
	if e.Kinds.Has(Appended) {
		b.appended++
	}
	if e.Kinds.Has(TLD) {
		b.tld++
	}
	b.protected.add(e.Suffix, anatomyOf(e.Suffix))
	e.Suffix = ""
	if last := len(b.groups) - 1; last >= 0 && b.groups[last].entry == e {
		b.groups[last].end = b.protected.text.Len()
	} else {
		b.groups = append(b.groups, group{b.protected.text.Len(), e})
	}
}

// records returns the suffixes, in no more memory than they need, and forgets them.
func (b *Builder) records() records {
	r := records{groups: b.groups, allowed: uint32(b.protected.text.Len())}
	var text strings.Builder
	text.Grow(b.protected.text.Len() + b.allowed.text.Len())
	text.WriteString(b.protected.text.String())
	text.WriteString(b.allowed.text.String())
	r.text = text.String()
	*b = Builder{Step: b.Step}
	return r
}

// step lets other work run.
func (b *Builder) step() {
	if b.Step != nil {
		b.Step()
	}
}

// list is the records of suffixes, which are not looked for twice.
type list struct {
	text  strings.Builder
	count int

	// The records of the last tag by their suffixes, which has looks for: a hash table as in table, but one that grows. It has no record
	// that was added without being looked for.
	slots []uint64
	used  int
	from  int // the position of the first record of the tag
	tag   int
}

// add appends a record.
func (l *list) add(suffix string, a anatomy) {
	if l.text.Cap()-l.text.Len() < recordHead+len(suffix) {
		l.text.Grow(recordHead + len(suffix)) // which more than doubles it; to write would add only a quarter, and copy it again and again
	}
	l.text.WriteByte(byte(len(suffix)))
	l.text.WriteByte(byte(a))
	l.text.WriteString(suffix)
	l.count++
}

// seed makes nobody able to choose suffixes that collide.
var seed = maphash.MakeSeed()

// has reports whether a suffix was looked for before with the same tag. If not, it is the next to be added.
func (l *list) has(suffix string, tag int) bool {
	if tag != l.tag || len(l.slots) == 0 {
		l.tag, l.from, l.used, l.slots = tag, l.text.Len(), 0, make([]uint64, 64)
	}
	if l.used*4 >= len(l.slots)*3 {
		l.grow()
	}
	i, slot, known := l.find(suffix, l.text.Len())
	if !known {
		l.slots[i] = slot
		l.used++
	}
	return known
}

// find returns the slot of a suffix and whether it is known; if not, the slot is a free one, and content is for it and a record at a
// position.
func (l *list) find(suffix string, at int) (slot int, content uint64, known bool) {
	text := l.text.String()
	hash := maphash.String(seed, suffix)
	content = uint64(at+1)<<32 | uint64(tag(hash))
	for slot = reduce(hash, len(l.slots)); ; {
		switch other := l.slots[slot]; {
		case other == 0:
			return slot, content, false
		case uint32(other) == tag(hash) && recordAt(text, int(other>>32)-1) == suffix:
			return slot, content, true
		}
		if slot++; slot == len(l.slots) {
			slot = 0
		}
	}
}

// grow makes room for twice as many records of the tag.
func (l *list) grow() {
	l.slots = make([]uint64, 2*len(l.slots))
	text := l.text.String()
	for at := l.from; at < len(text); at += recordHead + int(text[at]) {
		slot, content, _ := l.find(recordAt(text, at), at)
		l.slots[slot] = content
	}
}
