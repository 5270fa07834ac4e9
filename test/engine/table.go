package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"slices"
)

// median returns the middle value, or of an even number of values the higher of the two.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// printTable prints the results in Markdown.
func printTable(w io.Writer, rounds int, results []result) {
	fmt.Fprintf(w, "Time to find that a name is like no protected domain, and its ratio to ours; medians of %d rounds.\n\n", rounds)
	fmt.Fprint(w, "| domains | distance |")
	for i, m := range methods {
		fmt.Fprintf(w, " %s |", m.name)
		if i > 0 {
			fmt.Fprint(w, " ratio |")
		}
	}
	fmt.Fprintln(w, "\n|--:|--:|--:|--:|--:|--:|--:|")
	for _, r := range results {
		fmt.Fprintf(w, "| %d | %d |", r.size, r.distance)
		for i := range methods {
			fmt.Fprintf(w, " %s |", microseconds(median(r.times[i])))
			if i > 0 {
				fmt.Fprintf(w, " %.0f |", median(r.ratios[i]))
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, m := range methods[1:] {
		fmt.Fprintf(w, "%s: %s %s\n", m.name, m.module, version(m.module))
	}
}

// version returns the version of a module that is built in.
func version(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "of unknown version"
}

// microseconds writes a time with three significant digits at least.
func microseconds(nanoseconds float64) string {
	us := nanoseconds / 1000
	if us < 10 {
		return fmt.Sprintf("%.3f µs", us)
	}
	return fmt.Sprintf("%.0f µs", us)
}
