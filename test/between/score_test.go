//go:build e2e

package between_test

import (
	"fmt"
	"slices"
	"strings"
)

// names are names, each with the order in which it was seen, and where its mail got to at last.
type names map[string]end

// score is what was seen of a resolver and an action.
type score struct {
	leaked map[role]names
	hit    map[role]names // of names whose mail must arrive
	// waiting are the hidden names that got no answer, excused those of them of which nothing else can be said: lookalikes in signed
	// zones, behind a validator without a negative trust anchor.
	waiting, excused names
	// unreachable are the hidden names that lost an address that the policy does not answer.
	unreachable names
}

func newScore() *score {
	return &score{
		leaked: map[role]names{hidden: {}, alias: {}, referring: {}, deep: {}}, hit: map[role]names{listed: {}, listedAlias: {}, unrelated: {}},
		waiting: names{}, excused: names{}, unreachable: names{},
	}
}

// add adds where mail for a name of an order got to.
func (s *score) add(o order, st step, got end, excused bool) {
	at := st.name + " (" + o.name + ")"
	switch st.role {
	case teaching:
	case alias:
		kind, _, _ := strings.Cut(st.name, ".") // there are four, in all orders together
		if got == stranger {
			s.leaked[alias][kind] = got
		}
	case hidden, referring, deep:
		switch {
		case got == stranger:
			s.leaked[st.role][at] = got
		case got == delayed && st.role == hidden:
			s.waiting[at] = got
			if excused {
				s.excused[at] = got
			}
		}
	case listedAlias:
		if got != stranger {
			s.hit[st.role][at] = got
		}
	case listed, unrelated:
		if got != own {
			s.hit[st.role][at] = got
		}
	}
}

// failures returns everything that must not be, in words.
func (s *score) failures() []string {
	var all []string
	say := func(what string, seen names) {
		for name, got := range seen {
			all = append(all, fmt.Sprintf("%s: %s: %s", what, name, got))
		}
	}
	say("leaked", s.leaked[hidden])
	say("alias leaked", s.leaked[alias])
	say("leaked as the MX of another", s.leaked[referring])
	say("leaked below a DNAME of its parent", s.leaked[deep])
	say("allowed, but hit", s.hit[listed])
	say("allowed alias, but hit", s.hit[listedAlias])
	say("unrelated, but hit", s.hit[unrelated])
	say("address lost", s.unreachable)
	for name := range s.waiting {
		if _, ok := s.excused[name]; !ok {
			all = append(all, "SERVFAIL: "+name)
		}
	}
	slices.Sort(all)
	return all
}

// String returns the score as it stands in the table.
func (s *score) String() string {
	waiting := 0
	for name := range s.waiting {
		if _, ok := s.leaked[hidden][name]; !ok {
			waiting++
		}
	}
	var parts []string
	for _, part := range []struct {
		letter string
		number int
	}{
		{"L", len(s.leaked[hidden])}, {"aL", len(s.leaked[alias])}, {"rL", len(s.leaked[referring])}, {"dL", len(s.leaked[deep])},
		{"B", len(s.hit[listed])}, {"aB", len(s.hit[listedAlias])}, {"U", len(s.hit[unrelated])},
		{"W", len(s.unreachable)}, {"S", waiting},
	} {
		if part.number > 0 {
			parts = append(parts, fmt.Sprintf("%s%d", part.letter, part.number))
		}
	}
	if len(parts) == 0 {
		return "ok"
	}
	return strings.Join(parts, " ")
}
