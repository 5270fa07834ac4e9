package suffixlist

import (
	"iter"
	"time"
)

// List is suffixes of one policy: those written in the Corefile, and those in files. They are read from the text of a file each time: a
// million read ones would be several times as large. It never changes.
type List struct {
	written []Suffix
	files   []text
	now     time.Time // what has expired by then is left out; zero leaves nothing out
}

// ListOf returns a list of suffixes.
func ListOf(suffixes ...Suffix) List { return List{written: suffixes} }

// At returns the list without the suffixes that have expired at a time.
func (l List) At(now time.Time) List {
	l.now = now
	return l
}

// All returns the suffixes in their order. The same name may be there several times.
func (l List) All() iter.Seq[Suffix] {
	return func(yield func(Suffix) bool) {
		for i := range l.written {
			if !l.hasExpired(&l.written[i]) && !yield(l.written[i]) {
				return
			}
		}
		for _, f := range l.files {
			for s := range f.all() { // without errors: what is in force was checked
				if !l.hasExpired(&s) && !yield(s) {
					return
				}
			}
		}
	}
}

func (l *List) hasExpired(s *Suffix) bool {
	return !l.now.IsZero() && !s.Until.IsZero() && !l.now.Before(s.Until)
}

// Any reports whether a function is true for a suffix.
func (l List) Any(is func(Suffix) bool) bool {
	for s := range l.All() {
		if is(s) {
			return true
		}
	}
	return false
}

// Names returns the distinct names of the suffixes.
func (l List) Names() []string {
	seen := map[string]struct{}{}
	var names []string
	for s := range l.All() {
		if _, ok := seen[s.Name]; !ok {
			seen[s.Name] = struct{}{}
			names = append(names, s.Name)
		}
	}
	return names
}
