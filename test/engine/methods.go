package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/agnivade/levenshtein"
	"github.com/blevesearch/vellum"
	automaton "github.com/blevesearch/vellum/levenshtein"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/skeleton"
)

// finder reports whether a name is within the distance of any protected domain.
type finder func(name string) (bool, error)

// methods are the ways to find a lookalike that are compared, ours first. Each makes a finder for a policy.
var methods = []struct {
	name   string
	make   func(protected []string, distance int) (finder, error)
	module string // of others, which it is made of
	slow   bool   // with the number of domains
}{
	{name: "typoguard", make: newTypoguard},
	{name: "naive scan", make: newNaive, module: "github.com/agnivade/levenshtein", slow: true},
	{name: "automaton", make: newAutomaton, module: "github.com/blevesearch/vellum"},
}

// newTypoguard returns the engine of this repository.
func newTypoguard(protected []string, distance int) (finder, error) {
	var entries []match.Entry
	for _, d := range protected {
		entries = append(entries, match.Entry{Suffix: d, Distance: distance, Kinds: match.DefaultKinds})
	}
	index, err := match.Compile(entries, nil, match.Homoglyphs(skeleton.Of))
	if err != nil {
		return nil, fmt.Errorf("compiling the index: %w", err)
	}
	var buffer match.Buffer
	return func(name string) (bool, error) {
		return len(index.Lookup(name, &buffer).Matches) > 0, nil
	}, nil
}

// newNaive returns what one writes first: the distance to every protected domain.
func newNaive(protected []string, distance int) (finder, error) {
	return func(name string) (bool, error) {
		for _, d := range protected {
			if levenshtein.ComputeDistance(name, d) <= distance {
				return true, nil
			}
		}
		return false, nil
	}, nil
}

// newAutomaton returns what search engines do: the protected domains are a finite-state transducer, which is intersected
// with an automaton of all strings near the name. The automaton has to be built for every name.
func newAutomaton(protected []string, distance int) (finder, error) {
	set, err := transducer(protected)
	if err != nil {
		return nil, fmt.Errorf("building the transducer: %w", err)
	}
	builder, err := automaton.NewLevenshteinAutomatonBuilder(uint8(distance), true)
	if err != nil {
		return nil, fmt.Errorf("preparing the automata: %w", err)
	}
	return func(name string) (bool, error) {
		near, err := builder.BuildDfa(name, uint8(distance))
		if err != nil {
			return false, err
		}
		_, err = set.Search(near, nil, nil) // goes to the first
		if errors.Is(err, vellum.ErrIteratorDone) {
			return false, nil
		}
		return err == nil, err
	}, nil
}

// transducer returns the set of the domains.
func transducer(domains []string) (*vellum.FST, error) {
	var b bytes.Buffer
	builder, err := vellum.New(&b, nil)
	if err != nil {
		return nil, err
	}
	for _, d := range slices.Sorted(slices.Values(domains)) {
		if err := builder.Insert([]byte(d), 0); err != nil {
			return nil, err
		}
	}
	if err := builder.Close(); err != nil {
		return nil, err
	}
	return vellum.Load(b.Bytes())
}
