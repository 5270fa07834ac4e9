package rows

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

const (
	// mostNear is how many names near suffixes are counted for an estimate, and mostOther how many other lookalikes: their names are costlier to
	// make.
	mostNear, mostOther = 2_500_000, 250_000
	// mostJudged is how many of either are judged.
	mostJudged = 20_000
	// mostMeasured is of how many suffixes the number of lookalikes is guessed.
	mostMeasured = 20_000
)

// Estimate returns about how many rows a zone has, whose name is given, in about a second, or in some if there are 100,000 suffixes. It
// is exact for a small one, within 1 % for nearly all larger ones, and within 2 % or so where most suffixes are below others, or there are many at
// distance 2. It is the same each time.
func (p *Plan) Estimate(zone string) int {
	e := &estimate{plan: *p, zone: zone, random: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same sample each time
	exceptions := *p
	exceptions.suffixes = nil
	_ = exceptions.each(e.count) // count returns no error
	certain := e.rows
	e.plan.between = map[string]rule{}
	order := e.spread()
	lookalikes := e.near(order) + e.writings(order) + e.others(order)
	e.rows = 0
	for name, r := range e.plan.between {
		if _, counted := exceptions.between[name]; !counted {
			_ = e.count(name, r)
		}
	}
	return certain + int(math.Round(lookalikes)) + e.rows
}

// estimate is an estimate under way.
type estimate struct {
	plan    Plan
	zone    string
	random  *rand.Rand
	records records
	rows    int // of the names that were judged
}

// spread returns the numbers of suffixes, of mostMeasured at the most, in an order in which any that follow each other are a fair choice of all,
// of each top-level domain and length.
func (e *estimate) spread() []int {
	suffixes := e.plan.suffixes
	sorted := make([]int, min(len(suffixes), mostMeasured))
	for i := range sorted {
		sorted[i] = i * len(suffixes) / len(sorted)
	}
	slices.SortFunc(sorted, func(i, j int) int {
		a, b := suffixes[i].name, suffixes[j].name
		return cmp.Or(cmp.Compare(topLevel(a), topLevel(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	// Steps of the golden ratio leave no large gaps, however many are taken.
	step := max(int(float64(len(sorted))/math.Phi), 1)
	for new(big.Int).GCD(nil, nil, big.NewInt(int64(step)), big.NewInt(int64(len(sorted)))).Int64() > 1 {
		step--
	}
	order := make([]int, len(sorted))
	for i := range order {
		order[i] = sorted[i*step%len(sorted)]
	}
	return order
}

// count counts the rows of a rule.
func (e *estimate) count(name string, r rule) error {
	if fits(name, e.zone) {
		e.records.set(name, r, e.plan.isAbove)
		e.rows += len(e.records.own) + len(e.records.below)
	}
	return nil
}

// candidate is a name that may look like a suffix, which is given by its number.
type candidate struct {
	suffix int
	name   string
}

// sample is some of the candidates that were added, each as likely as any other.
type sample struct {
	chosen []candidate
	added  int
}

// add adds a candidate, whose name is made only if it is chosen (algorithm R).
func (s *sample) add(random *rand.Rand, suffix int, name func() string) {
	s.added++
	if len(s.chosen) < mostJudged {
		s.chosen = append(s.chosen, candidate{suffix, name()})
	} else if at := random.IntN(s.added); at < mostJudged {
		s.chosen[at] = candidate{suffix, name()}
	}
}

// rowsOf returns about how many rows all candidates have that were added to a sample, of which wire returns the name as it is on the wire, or
// false if it is no name, or counted elsewhere.
func (e *estimate) rowsOf(s *sample, wire func(candidate) (string, bool)) float64 {
	if s.added == 0 {
		return 0
	}
	e.rows = 0
	for _, c := range s.chosen {
		if name, ok := wire(c); ok {
			_ = e.plan.consider(&e.plan.suffixes[c.suffix], name, e.count) // count returns no error
		}
	}
	return float64(e.rows) * float64(s.added) / float64(len(s.chosen))
}

// asGiven returns the name of a candidate that is given as on the wire.
func asGiven(c candidate) (string, bool) { return c.name, true }

// places returns in about how many places of a suffix an edit makes a name that needs rows: the number of lookalikes grows with it. Nearly all
// edits in the last label lead to no top-level domain, and what is below another suffix passes.
func (e *estimate) places(s *protectedSuffix) float64 {
	name := s.name
	for above := parent(name); above != ""; above = parent(above) {
		if e.plan.judge(above).passes {
			name = above
		}
	}
	shown, _ := toUnicode(name)
	return float64(2*utf8.RuneCountInString(shown[:max(strings.LastIndexByte(shown, '.'), 0)])) + 3
}

// nearby returns about how many names near a suffix need rows.
func (e *estimate) nearby(s *protectedSuffix) float64 {
	edits := e.places(s) * float64(len(ascii))
	if s.distance > 1 {
		return edits * edits / 2
	}
	return edits
}

// scaled returns the sum of a measure of all suffixes, relative to that of those which look takes, in the order given; look returns false when it
// has taken enough.
func (e *estimate) scaled(order []int, measure func(*protectedSuffix) float64, look func(i int, s *protectedSuffix) (taken bool)) float64 {
	var all, looked float64
	for _, i := range order {
		s := &e.plan.suffixes[i]
		size := measure(s)
		if all += size; look(i, s) {
			looked += size
		}
	}
	if looked == 0 {
		return 0
	}
	return all / looked * float64(len(e.plan.suffixes)) / float64(len(order))
}

// near returns about how many rows there are for names near suffixes, of which only the first ones in the order are looked at.
func (e *estimate) near(order []int) float64 {
	var all sample
	scale := e.scaled(order, e.nearby, func(i int, s *protectedSuffix) bool {
		if all.added > mostNear {
			return false
		}
		newNeighbours([]rune(s.name), s.distance, e.plan.exists).each(func(name []rune) bool {
			all.add(e.random, i, func() string { return string(name) })
			return true
		})
		return true
	})
	return e.rowsOf(&all, asGiven) * scale
}

// writings returns about how many rows there are for names that look the same in other writing systems, of more than one character. How many
// there are differs too much between suffixes, by a factor of thousands, to look at a few.
func (e *estimate) writings(order []int) float64 {
	if e.plan.likely {
		return 0
	}
	var all sample
	scale := e.scaled(order, e.places, func(i int, s *protectedSuffix) bool {
		if all.added > mostOther {
			return false
		}
		if !s.kinds.Has(match.Homoglyph) {
			return true
		}
		shown, _ := toUnicode(s.name)
		counted := map[string]bool{} // with the others
		eachReplacement(shown, func(name string) bool {
			counted[name] = true
			return true
		})
		before := all.added
		eachWriting(shown, e.plan.exists, func(name string) bool {
			if !counted[name] {
				all.add(e.random, i, func() string { return name })
			}
			return all.added-before <= maxKept // or else the zone will be refused anyway
		})
		return true
	})
	return e.rowsOf(&all, func(c candidate) (string, bool) {
		name, ok := e.onWire(c)
		return name, ok && !e.isNear(c, name)
	}) * scale
}

// others returns about how many rows there are for other lookalikes.
func (e *estimate) others(order []int) float64 {
	var all sample
	scale := e.scaled(order, e.places, func(i int, s *protectedSuffix) bool {
		if all.added > mostOther {
			return false
		}
		few := *s
		few.kinds &^= 1 << match.Homoglyph
		seen := map[string]bool{}
		e.plan.eachOther(&few, func(name string) bool {
			if !seen[name] {
				seen[name] = true
				all.add(e.random, i, func() string { return name })
			}
			return true
		})
		return true
	})
	return e.rowsOf(&all, func(c candidate) (string, bool) {
		name, ok := e.onWire(c)
		return name, ok && !e.isNear(c, name)
	}) * scale
}

// onWire returns a candidate, given in Unicode, as it is on the wire, or false if there is no such name.
func (e *estimate) onWire(c candidate) (string, bool) {
	name, ok := toASCII(c.name)
	return name, ok && e.plan.exists(topLevel(name))
}

// isNear reports whether a name on the wire is near the suffix of a candidate, and so is counted as such.
func (e *estimate) isNear(c candidate, name string) bool {
	s := &e.plan.suffixes[c.suffix]
	return newNeighbours([]rune(s.name), s.distance, e.plan.exists).contains(name)
}
