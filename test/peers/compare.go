package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// result is what came out for one server.
type result struct {
	product
	version     string
	loadTime    time.Duration
	memory      float64   // bytes
	qps, perCPU []float64 // one for each round
}

// compare starts all servers, one after the other, and then loads them in turns.
func compare(ctx context.Context, dir string, cpus cpus, s settings, j job) ([]result, error) {
	mine := ours
	mine.program = filepath.Join(dir, ours.program)
	if err := build(ctx, mine.program); err != nil {
		return nil, err
	}
	var servers []*server
	defer func() {
		for _, running := range servers {
			running.stop()
		}
	}()
	var results []result
	for _, p := range append([]product{mine}, peers...) {
		started, err := p.start(ctx, dir, cpus.server, j)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		servers = append(servers, started)
		r, err := started.examine(j)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		results = append(results, r)
		fmt.Fprintf(os.Stderr, "%s: loaded in %.2f s, %.0f MB\n", p.name, r.loadTime.Seconds(), r.memory/1e6)
	}
	return results, loadAll(ctx, servers, results, cpus.load, s, j)
}

// examine returns what can be said of a server when it has loaded.
func (s *server) examine(j job) (result, error) {
	r := result{product: s.product, loadTime: s.loadTime}
	var err error
	if r.memory, err = s.memory(); err != nil {
		return result{}, err
	}
	if r.version, err = s.installed(); err != nil {
		return result{}, err
	}
	// A server that hides everything would pass all other checks.
	return r, s.checkPassed(j.protected[:min(5, len(j.protected))])
}

// loadAll adds to the results what dnsperf finds. Each round begins with another server. A first one warms up, and is
// not counted.
func loadAll(ctx context.Context, servers []*server, results []result, cpu string, s settings, j job) error {
	for round := range s.rounds + 1 {
		for turn := range servers {
			i := (turn + round) % len(servers)
			l, err := servers[i].put(ctx, cpu, j.queries, s.seconds)
			if err != nil {
				return fmt.Errorf("%s: %w", servers[i].name, err)
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
