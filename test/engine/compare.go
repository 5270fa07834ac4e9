package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/typoguard/coredns-typoguard/test/names"
)

const (
	// heldOut is how many names are looked up in turns, less those that are like a protected domain.
	heldOut = 4096
	// minRun is how long a method is measured in every round.
	minRun = 200 * time.Millisecond
)

// result is what came out for one policy, an element for each of the methods, and in it one for each round.
type result struct {
	size, distance int
	times          [][]float64 // for one name, in nanoseconds
	ratios         [][]float64 // of that to the time of the first method, which is ours
}

// compare measures all methods with a policy.
func compare(size, distance, rounds int) (result, error) {
	domains := names.Compound.Make(rand.New(rand.NewPCG(1, 1)), size+heldOut) // the same in every run
	protected, others := domains[:size], domains[size:]
	finders := make([]finder, len(methods))
	for i, m := range methods {
		var err error
		if finders[i], err = m.make(protected, distance); err != nil {
			return result{}, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	others, err := unlike(finders, others)
	if err != nil {
		return result{}, err
	}
	if err := check(finders, others, lookalikes(protected)); err != nil {
		return result{}, err
	}

	r := result{size: size, distance: distance, times: make([][]float64, len(methods)), ratios: make([][]float64, len(methods))}
	for round := range rounds {
		// The slow methods do not get round all names, therefore every round starts with others.
		first := len(others) * round / rounds
		for i, find := range finders {
			t, err := measure(find, others, first)
			if err != nil {
				return result{}, fmt.Errorf("%s: %w", methods[i].name, err)
			}
			r.times[i] = append(r.times[i], t)
			r.ratios[i] = append(r.ratios[i], t/r.times[0][round])
		}
		fmt.Fprintf(os.Stderr, "%d domains, distance %d: round %d of %d\n", size, distance, round+1, rounds)
	}
	return r, nil
}

// checked is how many names of either sort the methods must agree on. All would take the naive scan ten seconds.
const checked = 50

// check returns an error if a method finds something near a name that is like none, or nothing near a lookalike: what is
// measured must do its work.
func check(finders []finder, unlike, lookalikes []string) error {
	for i, find := range finders {
		for want, names := range map[bool][]string{false: unlike, true: lookalikes} {
			for _, name := range names[:checked] {
				if near, err := find(name); err != nil || near != want {
					return errors.Join(fmt.Errorf("%s: near(%s) = %v; expected %v", methods[i].name, name, near, want), err)
				}
			}
		}
	}
	return nil
}

// measure returns how many nanoseconds a method takes for a name. It reads the clock rarely, for that takes a good part
// of the time of a lookup of ours.
func measure(find finder, names []string, first int) (float64, error) {
	next := first
	start := time.Now()
	for batch := 1; ; batch *= 2 {
		for range batch {
			if _, err := find(names[next%len(names)]); err != nil {
				return 0, err
			}
			next++
		}
		if elapsed := time.Since(start); elapsed >= minRun {
			return float64(elapsed.Nanoseconds()) / float64(next-first), nil
		}
	}
}
