package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
)

// comparison is two servers that answer the same queries.
type comparison struct {
	name         string
	queries      string // the file they are in
	rcode        string // of all answers
	ours, theirs *server
	required     float64 // ratio of our answers per second to theirs
}

// result is what came out of a comparison, an element for each pair of runs.
type result struct {
	comparison
	ours, theirs, ratios []float64
	busy                 []float64 // two for each pair
}

// compareAll makes all comparisons.
func compareAll(ctx context.Context, cpu string, s settings, comparisons []comparison) ([]result, error) {
	var results []result
	for _, c := range comparisons {
		r, err := c.compare(ctx, cpu, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// compare loads both servers in turns: ours, theirs; theirs, ours; and so on, so that a machine that becomes slower or
// faster favours neither. A first pair warms up, and is not counted.
func (c comparison) compare(ctx context.Context, cpu string, s settings) (result, error) {
	r := result{comparison: c}
	for pair := range s.pairs + 1 {
		var loads [2]load
		order := [2]int{pair % 2, 1 - pair%2}
		for _, i := range order {
			var err error
			if loads[i], err = [...]*server{c.ours, c.theirs}[i].put(ctx, cpu, c.queries, c.rcode, s.seconds); err != nil {
				return result{}, err
			}
		}
		if pair > 0 {
			r.add(loads[0], loads[1])
			fmt.Fprintf(os.Stderr, "%s: pair %d of %d: ratio %.3f\n", c.name, pair, s.pairs, r.ratios[pair-1])
		}
	}
	return r, nil
}

// add adds a pair of runs.
func (r *result) add(ours, theirs load) {
	r.ours = append(r.ours, ours.qps)
	r.theirs = append(r.theirs, theirs.qps)
	r.ratios = append(r.ratios, ours.qps/theirs.qps)
	r.busy = append(r.busy, ours.busy, theirs.busy)
}

// verdict says whether the ratio is what is required.
func (r *result) verdict() string {
	if median(r.ratios) < r.required {
		return "below target"
	}
	return "PASS"
}

// median returns the middle value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// printTable prints the results in Markdown.
func printTable(w io.Writer, s settings, results []result) {
	fmt.Fprintf(w, "Answers per second on one CPU; the median of %d pairs of runs of %d s, and the range of their ratios.\n", s.pairs, s.seconds)
	fmt.Fprintf(w, "Protected domains: %d, distance %d. Queries: MX, A and AAAA over UDP, with EDNS.\n\n", s.domains, s.distance)
	fmt.Fprintln(w, "| queries for | with typoguard | without | CPU in use | ratio | range | required | |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|---|")
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.0f %% | %.3f | %.3f–%.3f | %.2f | %s |\n", r.name, median(r.ours), median(r.theirs),
			100*median(r.busy), median(r.ratios), slices.Min(r.ratios), slices.Max(r.ratios), r.required, r.verdict())
	}
	fmt.Fprintf(w, "\n%s\n", s.command())
}
