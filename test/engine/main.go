// Command engine compares the matching engine with two ways to do without it, both with libraries that others wrote:
//
//	cd test/engine && go run . [-rounds N]
//
// It prints how long one name takes that is like no protected domain, as nearly all names are. The methods are asked for
// the same names in turns, and every time is compared with those of the same round, since a shared machine is faster in
// one minute than in the next.
//
// The comparison flatters the others, which do less. The naive scan knows no transposition. Both it and the automaton
// compare one string with the protected domains: a resolver would have to ask them for every suffix of a name, and they
// know neither Unicode nor escapes, nor which of several protected domains is meant. Our times include all that.
//
// The program is a module of its own, so that the plugin's does not depend on those libraries.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
)

// sizes and distances are the policies that are compared.
var (
	sizes     = []int{1000, 10_000}
	distances = []int{1, 2}
)

func main() {
	rounds, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// parseFlags reads the command line.
func parseFlags(args []string) (rounds int, err error) {
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	flags.IntVar(&rounds, "rounds", 5, "`number` of times that every method is measured")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	switch {
	case flags.NArg() > 0:
		return 0, fmt.Errorf("unexpected argument %q; expected flags only", flags.Arg(0))
	case rounds < 1 || rounds > 1000:
		return 0, fmt.Errorf("-rounds %d; expected 1 to 1000", rounds)
	}
	return rounds, nil
}

// run compares the methods for all policies, and prints the results.
func run(rounds int) error {
	// The automaton is the only one that makes garbage, which is collected all the time in a heap as small as ours is. A
	// resolver's is larger.
	debug.SetGCPercent(400)
	var results []result
	for _, size := range sizes {
		for _, distance := range distances {
			r, err := compare(size, distance, rounds)
			if err != nil {
				return fmt.Errorf("%d domains, distance %d: %w", size, distance, err)
			}
			results = append(results, r)
		}
	}
	printTable(os.Stdout, rounds, results)
	return nil
}
