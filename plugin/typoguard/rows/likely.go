package rows

import (
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// Likely says what happens to mail to a name and to all names below it for which there is no other row.
type Likely struct {
	Name string
	// Passes says that the mail passes although a name above is hidden. Otherwise Lookalike is what the name, or one below it, looks like.
	Passes    bool
	Lookalike event.Lookalike
	// OnlyBelow says that the name itself passes.
	OnlyBelow bool
}

// EachLikely calls visit with what a zone of likely mistakes would say, for other kinds of list: names in ASCII, a single edit away and under
// delegated top-level domains, those with a letter moved or letters written as others, and those with a part doubled. Exceptions come first,
// and the order is the same each time. It returns the first error of visit.
func (s *Selection) EachLikely(visit func(Likely) error) error {
	p := s.Plan(false)
	p.likely = true
	for i := range p.suffixes {
		p.suffixes[i].distance = 1
	}
	return p.each(func(name string, rule rule) error {
		row := Likely{Name: name, Passes: rule.passes, OnlyBelow: rule.except}
		if rule.blocks() {
			row.Lookalike = s.lookalike(name, rule.except)
		}
		return visit(row)
	})
}

// lookalike returns what a hidden name looks like, even if only names below it are hidden.
func (s *Selection) lookalike(name string, below bool) event.Lookalike {
	if below {
		name = anyLabel + name
	}
	q := s.query(name)
	found := s.set.Judge(&q).Lookalike
	if below {
		found.Intended = strings.TrimPrefix(found.Intended, anyLabel)
	}
	return found
}
