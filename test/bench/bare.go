package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// measureLimit compares a policy with what the module dns, and what the system itself, can do about lookalikes at most.
func measureLimit(ctx context.Context, dir, binary string, cpus cpus, files files, s settings) ([]result, error) {
	ours, stop, err := startAll(ctx, binary, cpus.servers, policy(files.protected, s.distance, "")+resolver)
	if err != nil {
		return nil, err
	}
	defer stop()
	bare, stop, err := startBare(ctx, dir, cpus.servers, "dns", "loop", "batches")
	if err != nil {
		return nil, err
	}
	defer stop()
	var comparisons []comparison
	for i, name := range []string{
		"lookalikes, against the module dns", "lookalikes, against prepared octets", "lookalikes, against prepared octets in batches",
	} {
		comparisons = append(comparisons, comparison{name: name, queries: files.lookalikes, rcode: "NXDOMAIN", ours: ours[0], theirs: bare[i]})
	}
	return compareAll(ctx, cpus.load, s, comparisons)
}

// startBare builds the bare server, starts it once for each way to read and write, and returns them with a function that stops them all.
func startBare(ctx context.Context, dir, cpu string, ways ...string) (servers []*server, stop func(), err error) {
	binary := filepath.Join(dir, "bare")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./test/bench/bare")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("building the bare server: %w: %s", err, output)
	}
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	for _, how := range ways {
		s, err := startBareOne(ctx, binary, cpu, how)
		if err != nil {
			stop()
			return nil, nil, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}

// startBareOne starts the bare server, and returns when it answers.
func startBareOne(ctx context.Context, binary, cpu, how string) (*server, error) {
	port, err := kit.FreePort()
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	address := net.JoinHostPort("127.0.0.1", port)
	p, err := kit.Launch(context.WithoutCancel(ctx), nil, "taskset", "-c", cpu, binary, "-address", address, "-how", how)
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, port: port}
	err = p.Until(ctx, func() error {
		_, err := dns.ExchangeContext(ctx, new(dns.Msg).SetQuestion("ready.invalid.", dns.TypeA), address)
		return err
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}
