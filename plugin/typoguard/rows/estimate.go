package rows

import (
	"math"
	"math/rand/v2"
)

const (
	// mostWalked is how many names near suffixes are counted for an estimate, and mostJudged how many of these are judged.
	mostWalked, mostJudged = 2_000_000, 25_000
	// mostSpelled is of how many suffixes the other lookalikes are counted.
	mostSpelled = 80
)

// Estimate returns about how many rows a zone has, whose name is given, in about a second. It is exact for a small one, within 2 % or so for one
// of some million rows, and rough for one that is larger still: how many names look the same in other scripts differs much from one suffix to
// the next. It is the same each time.
func (p *Plan) Estimate(zone string) int {
	e := &estimate{plan: *p, zone: zone, random: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same sample each time
	exceptions := *p
	exceptions.suffixes = nil
	_ = exceptions.each(e.count) // count returns no error
	certain := e.rows
	e.plan.between = map[string]rule{}
	order := e.random.Perm(len(p.suffixes))
	lookalikes := e.near(order) + e.others(order)
	e.rows = 0
	for name, r := range e.plan.between {
		if _, counted := exceptions.between[name]; !counted {
			_ = e.count(name, r)
		}
	}
	return certain + lookalikes + e.rows
}

// estimate is an estimate under way.
type estimate struct {
	plan    Plan
	zone    string
	random  *rand.Rand
	records records
	rows    int // of the names that were judged
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

// rowsOf returns about how many rows all candidates have that were added to a sample.
func (e *estimate) rowsOf(s *sample) float64 {
	if s.added == 0 {
		return 0
	}
	e.rows = 0
	for _, c := range s.chosen {
		_ = e.plan.consider(&e.plan.suffixes[c.suffix], c.name, e.count) // count returns no error
	}
	return float64(e.rows) * float64(s.added) / float64(len(s.chosen))
}

// near returns about how many rows there are for names near suffixes, of which only the first ones in the order are looked at. The number of
// names grows with the suffix's length, or its square.
func (e *estimate) near(order []int) int {
	var all sample
	var looked, length float64
	for _, i := range order {
		s := &e.plan.suffixes[i]
		weight := math.Pow(float64(len(s.name)), float64(s.distance))
		if length += weight; all.added > mostWalked {
			continue
		}
		looked += weight
		newNeighbours([]rune(s.name), s.distance, e.plan.exists).each(func(name []rune) bool {
			all.add(e.random, i, func() string { return string(name) })
			return true
		})
	}
	if looked == 0 {
		return 0
	}
	return int(e.rowsOf(&all) * (length / looked))
}

// others returns about how many rows there are for other lookalikes. Of most suffixes they are not looked at: their number grows with the
// suffix's length.
func (e *estimate) others(order []int) int {
	var all sample
	looked, length := 0, 0
	for at, i := range order {
		s := &e.plan.suffixes[i]
		if length += len(s.name); at >= mostSpelled {
			continue
		}
		looked += len(s.name)
		names, err := e.plan.others(s)
		if err != nil {
			continue // the zone will be refused anyway
		}
		wire := newNeighbours([]rune(s.name), s.distance, e.plan.exists)
		for _, name := range names {
			if !wire.contains(name) {
				all.add(e.random, i, func() string { return name })
			}
		}
	}
	if looked == 0 {
		return 0
	}
	return int(e.rowsOf(&all) * (float64(length) / float64(looked)))
}
