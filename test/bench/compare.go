package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
)

// saturated is the share of its CPU below which a server was not the bottleneck: other programs were, or dnsperf.
const saturated = 0.9

// comparison is two servers that answer the same queries.
type comparison struct {
	name         string
	queries      string // the file they are in
	rcode        string // of all answers; if several, in the order of the alphabet with spaces between
	ours, theirs *server
	required     float64 // ratio of our answers per second to theirs
	clients      int     // the ports that queries come from; 0 is one
}

// result is a comparison with what came out of it.
type result struct {
	comparison
	pairs []pair
}

// pair is two samples, one soon after the other.
type pair struct{ ours, theirs sample }

// ratio returns how many answers we give in the time of one of theirs.
func (p pair) ratio() float64 { return p.ours.qps() / p.theirs.qps() }

// cpuRatio returns the same by the CPU time that the servers used. It differs from ratio where other programs took time
// from a server's CPU, and then is the better one.
func (p pair) cpuRatio() float64 { return p.theirs.perAnswer() / p.ours.perAnswer() }

// busy returns the share of the time in which the servers had their CPU.
func (p pair) busy() float64 {
	return (p.ours.cpu + p.theirs.cpu).Seconds() / (p.ours.seconds + p.theirs.seconds)
}

// compareAll makes all comparisons.
func compareAll(ctx context.Context, cpu string, s settings, comparisons []comparison) ([]result, error) {
	var results []result
	for _, c := range comparisons {
		pairs, err := c.compare(ctx, cpu, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, result{c, pairs})
	}
	return results, nil
}

// compare loads both servers in turns: ours, theirs; theirs, ours; and so on, so that a machine that becomes slower or
// faster favours neither. A first pair warms up, and is not counted.
func (c comparison) compare(ctx context.Context, cpu string, s settings) ([]pair, error) {
	var pairs []pair
	for i := range s.pairs + 1 {
		p, err := c.measure(ctx, cpu, s.seconds, i%2 == 1)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			pairs = append(pairs, p)
			fmt.Fprintf(os.Stderr, "%s: pair %d of %d: ratio %.3f, by CPU time %.3f\n", c.name, i, s.pairs, p.ratio(), p.cpuRatio())
		}
	}
	return pairs, nil
}

// measure loads one server after the other.
func (c comparison) measure(ctx context.Context, cpu string, seconds int, theirsFirst bool) (pair, error) {
	var p pair
	turns := []struct {
		server *server
		sample *sample
	}{{c.ours, &p.ours}, {c.theirs, &p.theirs}}
	if theirsFirst {
		slices.Reverse(turns)
	}
	for _, turn := range turns {
		var err error
		if *turn.sample, err = turn.server.load(ctx, cpu, c.queries, c.rcode, seconds, max(c.clients, 1)); err != nil {
			return pair{}, err
		}
	}
	return p, nil
}

// values returns one value of every pair, in ascending order.
func (r *result) values(of func(pair) float64) []float64 {
	values := make([]float64, len(r.pairs))
	for i, p := range r.pairs {
		values[i] = of(p)
	}
	slices.Sort(values)
	return values
}

// median returns the median of one value of every pair.
func (r *result) median(of func(pair) float64) float64 {
	values := r.values(of)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// verdict says whether the ratio is what is required, if anything is.
func (r *result) verdict() string {
	switch {
	case r.required == 0:
		return ""
	case r.median(pair.busy) < saturated:
		return "inconclusive: CPU not saturated"
	case r.median(pair.cpuRatio) < r.required:
		return "below target"
	}
	return "PASS"
}

// printTable prints the results in Markdown.
func printTable(w io.Writer, s settings, results []result) {
	on := "one CPU"
	if s.sockets {
		on = "all CPUs, which dnsperf shares"
	}
	fmt.Fprintf(w, "Answers per second on %s: medians of %d pairs of runs of %d s. Protected domains: %d, distance %d.\n",
		on, s.pairs, s.seconds, s.domains, s.distance)
	fmt.Fprint(w, "Queries for MX, A and AAAA over UDP, with EDNS. Ranges are of ratios by CPU time.\n\n")
	fmt.Fprintln(w, "| queries for | typoguard | other | ratio by CPU time | range | by wall clock | CPU in use | required | |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|---|")
	for _, r := range results {
		ratios := r.values(pair.cpuRatio)
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.3f | %.3f–%.3f | %.3f | %.0f %% | %.2f | %s |\n", r.name,
			r.median(func(p pair) float64 { return p.ours.qps() }), r.median(func(p pair) float64 { return p.theirs.qps() }),
			r.median(pair.cpuRatio), ratios[0], ratios[len(ratios)-1], r.median(pair.ratio), 100*r.median(pair.busy), r.required, r.verdict())
	}
	fmt.Fprintf(w, "\n%s\n", s.command())
}
