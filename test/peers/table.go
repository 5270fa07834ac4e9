package main

import (
	"fmt"
	"io"
	"slices"
)

// printTable prints the results in Markdown.
func printTable(w io.Writer, s settings, results []result) {
	fmt.Fprintf(w, "Hiding all names within one edit of %d domains, on one CPU. Answers are NXDOMAIN; medians of %d runs of %d s.\n\n",
		s.domains, s.rounds, s.seconds)
	fmt.Fprintln(w, "| server | version | is given | loads in | memory | answers per second | and per CPU second |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|")
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %s | %s | %.2f s | %.0f MB | %.0f | %.0f |\n",
			r.Name, r.version, r.given, r.loadTime.Seconds(), r.memory/1e6, median(r.qps), median(r.perCPU))
	}
	fmt.Fprintln(w, "\nPer second of CPU time that the server used, the figures bear with a machine that has other work, and with a server\n"+
		"that is faster than dnsperf, which has one CPU too.")
	fmt.Fprintf(w, "\n%s\n", s.command())
}

// median returns the middle value, or of an even number of values the higher of the two.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
