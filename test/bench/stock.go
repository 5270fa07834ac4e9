package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// coreDNS is the module from which the stock server is built.
const coreDNS = "github.com/coredns/coredns"

// measureStock compares a policy with what its user would run otherwise: CoreDNS as its project releases it, without a policy, for
// ordinary names; for lookalikes with CoreDNS's template plugin, and with the least that module dns can do.
func measureStock(ctx context.Context, dir, binary string, cpus cpus, files files, s settings) ([]result, error) {
	stock, err := s.stockBinary(ctx, dir)
	if err != nil {
		return nil, err
	}
	guarded := policy(files.protected, s.distance, "") + resolver
	ours, stop, err := startAll(ctx, binary, cpus.servers, guarded, usual+guarded, logged+guarded)
	if err != nil {
		return nil, err
	}
	defer stop()
	theirs, stop, err := startAll(ctx, stock, cpus.servers, resolver, usual+resolver, logged+resolver, usual+blocker)
	if err != nil {
		return nil, err
	}
	defer stop()
	bare, stop, err := startBare(ctx, dir, cpus.servers, "dns")
	if err != nil {
		return nil, err
	}
	defer stop()
	return compareAll(ctx, cpus.load, s, []comparison{
		{name: "ordinary names, with *cache* alone", queries: files.ordinary, rcode: "NOERROR", ours: ours[0], theirs: theirs[0], required: 1.2},
		{name: "ordinary names, with *errors* and *prometheus*", queries: files.ordinary, rcode: "NOERROR", ours: ours[1], theirs: theirs[1], required: 1.2},
		{name: "ordinary names, with *log* to a file, too", queries: files.ordinary, rcode: "NOERROR", ours: ours[2], theirs: theirs[2], required: 1.1},
		{name: "lookalikes, against *template*", queries: files.lookalikes, rcode: "NXDOMAIN", ours: ours[1], theirs: theirs[3], required: 1.4},
		{name: "lookalikes, with *cache* alone, against a bare server", queries: files.lookalikes, rcode: "NXDOMAIN", ours: ours[0], theirs: bare[0], required: 0.7},
	})
}

// stockBinary returns the path of a stock CoreDNS of the version in go.mod. To build one takes minutes, the first time.
func (s settings) stockBinary(ctx context.Context, dir string) (string, error) {
	if s.stock != "" {
		return s.stock, nil
	}
	version, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", coreDNS).Output()
	if err != nil {
		return "", fmt.Errorf("asking for the version of %s: %w", coreDNS, err)
	}
	install := exec.CommandContext(ctx, "go", "install", "-tags=grpcnotrace", "-ldflags=-s -w", coreDNS+"@"+strings.TrimSpace(string(version)))
	install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+dir)
	if output, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", coreDNS, err, output)
	}
	return filepath.Join(dir, "coredns"), nil
}
