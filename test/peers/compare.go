package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// server is one under comparison.
type server struct{ *resolvers.Server }

// byZone are the products that are given the lookalikes, rather than the domains.
var byZone = []resolvers.Product{resolvers.BIND, resolvers.Unbound, resolvers.PowerDNS, resolvers.Knot}

// noUpstream is a port where nobody listens.
const noUpstream = "1"

// result is what came out for one server.
type result struct {
	resolvers.Product
	given       string // what it was given
	version     string
	loadTime    time.Duration
	memory      float64   // bytes
	qps, perCPU []float64 // one for each round
}

// compare starts all servers, one after the other, and then loads them in turns.
func compare(ctx context.Context, dir, binary string, cpus cpus, s settings, j job) ([]result, error) {
	mine := resolvers.Typoguard
	mine.Program = binary
	var servers []server
	defer func() {
		for _, running := range servers {
			running.Stop()
		}
	}()
	var results []result
	for i, p := range append([]resolvers.Product{mine}, byZone...) {
		started, err := p.Start(ctx, dir, cpus.server, j.variables(), j.isHidden())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		servers = append(servers, server{started})
		r, err := servers[i].examine(j)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		if r.given = fmt.Sprintf("%d domains", s.domains); i > 0 {
			r.given = fmt.Sprintf("%d RPZ rows", j.zone.Rows)
		}
		results = append(results, r)
		fmt.Fprintf(os.Stderr, "%s: loaded in %.2f s, %.0f MB\n", p.Name, r.loadTime.Seconds(), r.memory/1e6)
	}
	return results, loadAll(ctx, servers, results, cpus.load, s, j)
}

// examine returns what can be said of a server when it has loaded.
func (s server) examine(j job) (result, error) {
	r := result{Product: s.Product, loadTime: s.LoadTime}
	var err error
	if r.memory, err = s.memory(); err != nil {
		return result{}, err
	}
	if r.version, err = s.Version(); err != nil {
		return result{}, err
	}
	// A server that hides everything would pass all other checks.
	return r, s.checkPassed(j.protected[:min(5, len(j.protected))])
}

// checkPassed returns an error if the server hides a name. As there is no upstream, the answer should be SERVFAIL, and
// some servers take long to give up.
func (s server) checkPassed(names []string) error {
	for _, name := range names {
		if hidden, err := hides(s.Port, name); err == nil && hidden {
			return fmt.Errorf("%s is hidden; expected not, since it is protected", name)
		}
	}
	return nil
}

// loadAll adds to the results what dnsperf finds. Each round begins with another server. A first one warms up, and is
// not counted.
func loadAll(ctx context.Context, servers []server, results []result, cpu string, s settings, j job) error {
	for round := range s.rounds + 1 {
		for turn := range servers {
			i := (turn + round) % len(servers)
			l, err := servers[i].put(ctx, cpu, j.queries, s.seconds)
			if err != nil {
				return fmt.Errorf("%s: %w", servers[i].Name, err)
			}
			if round > 0 {
				results[i].qps = append(results[i].qps, l.qps)
				results[i].perCPU = append(results[i].perCPU, l.perCPU)
			}
		}
		if round > 0 {
			fmt.Fprintf(os.Stderr, "round %d of %d\n", round, s.rounds)
		}
	}
	return nil
}
